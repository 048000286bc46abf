"""One connection to a puppet service, from its start to its end; used once, a new one is made for each attempt."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Final

from daemon.adapters.wechaty_shim import (
    EventType,
    GRPCError,
    ProtocolError,
    Status,
    StreamTerminatedError,
    open_puppet,
)
from daemon.errors import DeliveryFailed, DeliveryUnknown

_CONNECT_S: Final = 3.0
#: The puppet service itself gives its puppet 15 s to stop and to start.
_START_S: Final = 20.0
#: Missing answers to `ding` on the event stream, where there were such answers before.
_MISSED_DONGS: Final = 3
_NEVER: Final = frozenset({Status.INVALID_ARGUMENT, Status.NOT_FOUND, Status.PERMISSION_DENIED, Status.UNIMPLEMENTED})
_WHO_KNOWS: Final = frozenset({Status.UNKNOWN, Status.CANCELLED, Status.DEADLINE_EXCEEDED, Status.DATA_LOSS})
_TOO_OFTEN: Final = ("频繁", "too frequent", "too often", "rate limit")
_TOO_OFTEN_WAIT_S: Final = 60.0
_SHOWN: Final = 120  # characters of what a service says


class How(StrEnum):
    """How a line ended."""

    ENDED = "ended"  # the service closed the event stream in good order
    LOST = "lost"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"  # its token, that is


class LineEnded(Exception):
    """The line is of no use any more. Its text is for people, and holds neither token nor chat text."""

    def __init__(self, how: How, reason: str) -> None:
        super().__init__(reason)
        self.how = how


class Unanswered(Exception):
    """One call failed; the line may still be good."""


class Line:
    """Calls and events of a puppet service, with every error told as one of ours."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._puppet, self._channel = open_puppet(host, port, token)
        self._where = f"{host}:{port}"
        self._token = token
        self._dongs = self._dings = 0

    async def open(self) -> None:
        """Connect, and start the puppet afresh: whoever else listens on this token is cut off. Raises LineEnded."""
        try:
            async with asyncio.timeout(_CONNECT_S):
                await self._channel.__connect__()
        except (OSError, TimeoutError) as exc:  # TimeoutError is an OSError, named for the reader
            raise LineEnded(How.UNREACHABLE, f"{self._where}: {_told(exc)}") from exc
        with self._ending(", before it answered; it has to be a puppet service with TLS off"):
            async with asyncio.timeout(_START_S):
                await self._stop()
        with self._ending():
            async with asyncio.timeout(_START_S):
                await self._puppet.puppet_stub.start()

    async def events(self) -> AsyncGenerator[tuple[int, dict[str, Any]], None]:
        """Iterate over (event type, payload) until the line ends, which raises LineEnded."""
        with self._ending():
            async for event in self._puppet.puppet_stub.event():
                if event.type == EventType.EVENT_TYPE_DONG:
                    self._dongs, self._dings = self._dongs + 1, 0
                yield int(event.type), _decoded(event.payload)
        raise LineEnded(How.ENDED, "the event stream was closed by the puppet service")

    async def probe(self, within_s: float) -> None:
        """Ask for a sign of life: an answer in time, and on the event stream too where it came before."""
        with self._ending():
            try:
                async with asyncio.timeout(within_s):
                    await self._puppet.ding(data="")
            except GRPCError as exc:
                if exc.status in {Status.UNAUTHENTICATED, Status.UNAVAILABLE}:
                    raise
        self._dings += 1
        if self._dongs and self._dings > _MISSED_DONGS:
            raise LineEnded(How.LOST, "the event stream is silent")

    async def message(self, message_id: str, within_s: float) -> Any:
        """Return the payload of a message, its type numbered as in TypeScript. Raises Unanswered."""
        # The puppet's own message_payload fails on message types that it does not know.
        return await self._ask(self._puppet.puppet_stub.message_payload(id=message_id), within_s)

    async def contact(self, contact_id: str, within_s: float) -> Any:
        """Return the payload of a contact. Raises Unanswered."""
        return await self._ask(self._puppet.contact_payload(contact_id), within_s)

    async def member(self, room_id: str, contact_id: str, within_s: float) -> Any:
        """Return the payload of a member of a room. Raises Unanswered."""
        return await self._ask(self._puppet.room_member_payload(room_id, contact_id), within_s)

    async def send_text(self, conversation_id: str, text: str, mentions: list[str], within_s: float) -> str:
        """Send; return the message's id, "" where the service tells none. Nothing is asked after it was sent.

        Raises DeliveryFailed, or DeliveryUnknown when the text was handed over and the answer did not come.
        """
        handed_over = False
        try:
            async with asyncio.timeout(within_s):
                await self._channel.__connect__()
                handed_over = True
                return await self._puppet.message_send_text(conversation_id, text, mentions) or ""
        except GRPCError as exc:
            raise self._judged(exc) from exc
        except (OSError, StreamTerminatedError, ProtocolError, AssertionError) as exc:
            # AssertionError: the stub's way to say that the answer was empty.
            failure = DeliveryUnknown if handed_over else DeliveryFailed
            raise failure(f"{self._where}: {_told(exc)}") from exc

    def close(self) -> None:
        """Drop the connection; what waits for an answer fails."""
        self._channel.close()

    async def _stop(self) -> None:
        try:
            await self._puppet.puppet_stub.stop()
        except GRPCError as exc:
            if exc.status is Status.UNAUTHENTICATED:
                raise
            # A puppet that cannot stop, because it was never started, say, is started all the same.

    async def _ask(self, call: Any, within_s: float) -> Any:
        try:
            async with asyncio.timeout(within_s):
                return await call
        except (GRPCError, OSError, StreamTerminatedError, ProtocolError, AssertionError, ValueError) as exc:
            raise Unanswered(self._shown(exc)) from exc

    @contextmanager
    def _ending(self, if_cut: str = "") -> Iterator[None]:
        """Tell errors as the end of the line. if_cut: said behind the reason when the connection broke."""
        try:
            yield
        except GRPCError as exc:
            if exc.status is Status.UNAUTHENTICATED:
                raise LineEnded(How.REFUSED, f"{self._where}: the puppet service refuses the token") from exc
            raise LineEnded(How.LOST, f"{self._where}: {self._shown(exc)}") from exc
        except (OSError, StreamTerminatedError, ProtocolError, AssertionError, ValueError) as exc:
            more = "" if isinstance(exc, TimeoutError) else if_cut
            raise LineEnded(How.LOST, f"{self._where}: {_told(exc)}{more}") from exc

    def _judged(self, exc: Any) -> DeliveryFailed | DeliveryUnknown:
        said = self._shown(exc)
        lowered = (exc.message or "").lower()
        if exc.status in _WHO_KNOWS or "timeout" in lowered or "timed out" in lowered:
            return DeliveryUnknown(said)
        if any(word in lowered for word in _TOO_OFTEN):
            return DeliveryFailed(said, retry_after_s=_TOO_OFTEN_WAIT_S)
        return DeliveryFailed(said, permanent=exc.status in _NEVER)

    def _shown(self, exc: BaseException) -> str:
        if not isinstance(exc, GRPCError):
            return _told(exc)
        first = (exc.message or "").strip().split("\n", 1)[0].replace(self._token, "[token]")
        return f"{exc.status.name}, {first[:_SHOWN]}" if first else exc.status.name


async def first_ended(*work: Coroutine[Any, Any, None]) -> LineEnded:
    """Do several things with a line until one of them raises LineEnded, and return that. Other errors are raised."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task
    except LineEnded as ended:
        return ended
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return LineEnded(How.ENDED, "nothing more was to be done")


def _told(exc: BaseException) -> str:
    detail = getattr(exc, "strerror", None)
    if isinstance(exc, TimeoutError) and not detail:
        return "no answer in time"
    return f"{type(exc).__name__}, {detail}" if detail else type(exc).__name__


def _decoded(payload: str) -> dict[str, Any]:
    try:
        decoded = json.loads(payload)
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}
