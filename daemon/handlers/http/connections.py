"""Connections that cannot be held open for nothing.

aiohttp bounds neither how long request headers take nor how slowly an answer is read, nor how many connections one
address holds (both kinds of slow connection were still open after 25 s with 3.14.5). This protocol does, and what
is no HTTP at all is answered as a problem, without a word of what was sent.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, cast

import structlog
from aiohttp import web

from daemon.config import HttpSection
from daemon.handlers.http.callers import Proxies
from daemon.handlers.http.problems import MEDIA_TYPE, answer_of
from daemon.products.ids import new_id

_log = structlog.get_logger()

#: Seconds that a connection without a request stays open.
KEEP_ALIVE_S: Final = 60.0
#: Seconds for which the rest of a body that nobody wants is read, so that the answer gets through.
_LINGER_S: Final = 2.0
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "Server": "zhiban",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(slots=True)
class Connections:
    """The protocol factory of a listening socket; counts connections by address, those of our proxies apart."""

    server: web.Server
    section: HttpSection
    proxies: Proxies
    loop: asyncio.AbstractEventLoop
    held: Counter[str] = field(default_factory=Counter)

    def __call__(self) -> Connection:
        """Return the protocol of a new connection."""
        return Connection(self)

    def take(self, address: str) -> bool:
        """Count one more connection of an address, unless it holds as many as it may."""
        if self.held[address] >= self.section.connections_per_address and not self.proxies.trusts(address):
            return False
        self.held[address] += 1
        return True

    def give_back(self, address: str) -> None:
        """Count one less."""
        self.held[address] -= 1
        if not self.held[address]:
            del self.held[address]


class Connection(web.RequestHandler):
    """One connection with its deadlines.

    The clock runs from the first moment, and from the first byte of each later request, until the request's headers
    are complete and `headers_arrived` is called.
    """

    __slots__ = ("_address", "_all", "_busy", "_closing", "_deadline", "_heard", "_refused")

    def __init__(self, connections: Connections) -> None:
        body_timeout = connections.section.body_timeout
        super().__init__(
            connections.server,
            loop=connections.loop,
            keepalive_timeout=KEEP_ALIVE_S,
            lingering_time=min(_LINGER_S, body_timeout),
            access_log=None,  # type: ignore[arg-type]  # None is none, as everywhere in aiohttp
        )
        self._all = connections
        self._address = ""
        self._refused = False
        self._busy = False  # with a request whose headers are complete
        self._heard = False  # anything of the request whose headers are awaited
        self._closing = False  # once the request is answered
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or refuse it when its address holds too many."""
        peer = transport.get_extra_info("peername")
        self._address = str(peer[0]) if isinstance(peer, tuple) else ""
        if not self._all.take(self._address):
            self._refused = True
            # uvloop's transports are none of asyncio's by class, only by what they do.
            refused = cast("asyncio.Transport", transport)
            refused.write(_last_words(503, "too-many-connections", "this address holds too many connections"))
            refused.close()
            _log.info("connection.refused", address=self._address, held=self._all.held[self._address])
            return
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        if self._refused:
            return
        self._stop_clock()
        self._all.give_back(self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, with the clock running while headers are awaited."""
        if self._refused:
            return
        if not self._busy:
            self._heard = True
            if self._deadline is None:
                self._start_clock()
        super().data_received(data)

    def headers_arrived(self) -> None:
        """Stop the clock: a request is being answered, which has deadlines of its own."""
        self._busy = True
        self._stop_clock()

    def answered(self) -> None:
        """Await the next request."""
        self._busy = self._heard = False
        if self._closing:
            super().close()

    def close(self) -> None:
        """Close, or once the present request is answered: aiohttp would drop the rest of its body at once."""
        if self._busy:
            self._closing = True
        else:
            super().close()

    def pause_writing(self) -> None:
        """Wait for a slow reader no longer than for an answer."""
        super().pause_writing()
        self._stop_clock()
        self._deadline = self._all.loop.call_later(self._all.section.request_timeout, self._abort)

    def resume_writing(self) -> None:
        """Go on: the reader has caught up."""
        super().resume_writing()
        self._stop_clock()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it quotes what was sent, which may hold a token
    ) -> web.StreamResponse:
        """Answer what could not be parsed, or an error outside every handler, and close."""
        request_id = new_id()
        kind = type(exc).__name__ if exc is not None else "timeout"
        if status >= 500:
            _log.error("request.failed", request_id=request_id, exc_info=exc)
        else:
            _log.info("request.malformed", request_id=request_id, address=self._address, kind=kind)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has been begun already")
        code, detail = (
            ("internal", "this request failed; the log says why")
            if status >= 500
            else ("bad-request", f"the request cannot be read as HTTP/1.1: {kind}")
        )
        answer = answer_of(status, code, detail, request_id, headers={**HEADERS, "X-Request-ID": request_id})
        answer.force_close()
        return answer

    def _start_clock(self) -> None:
        self._deadline = self._all.loop.call_later(self._all.section.header_timeout, self._too_slow)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if self._heard and self.transport is not None:
            limit = self._all.section.header_timeout
            self.transport.write(_last_words(408, "request-timeout", f"headers did not arrive within {limit:g} s"))
        self.force_close()

    def _abort(self) -> None:
        self._deadline = None
        if self.transport is not None:
            self.transport.abort()


def _last_words(status: int, code: str, detail: str) -> bytes:
    """Return a whole HTTP answer after which the connection is closed."""
    answer = answer_of(status, code, detail, new_id())
    body = answer.body if isinstance(answer.body, bytes) else b""
    lines = [
        f"HTTP/1.1 {status} {answer.reason}",
        f"Content-Type: {MEDIA_TYPE}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in HEADERS.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + body
