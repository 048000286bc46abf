"""Idempotency-Key: a request that is sent again with the same key is answered again, and not done again.

Kept in memory and bounded: after a restart, or when a thousand newer ones have come, a key is forgotten.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from daemon.errors import Conflict
from daemon.handlers.http.problems import BadRequest
from daemon.ports import Actor, Clock

HEADER: Final = "Idempotency-Key"
PATTERN: Final = r"^[!-~]{1,255}$"
#: Seconds for which an answer is kept.
KEPT_S: Final = 86_400.0
_KEPT: Final = 1000


@dataclass(slots=True)
class _Answer:
    """What a key stands for; status 0 while it is being worked on.

    subject: what it is about, "" for nothing that is dropped. dropped: not to be kept once it is there.
    """

    digest: bytes
    until: float
    subject: str = ""
    dropped: bool = False
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Repeats:
    """The answers of one daemon by who asked, what, and key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: dict[tuple[str, str, str, str], _Answer] = {}

    async def once(
        self,
        request: web.Request,
        actor: Actor,
        raw: bytes,
        act: Callable[[], Awaitable[web.Response]],
        *,
        subject: str = "",
    ) -> web.Response:
        """Act, unless the same was asked before under the same key. What failed may be tried again.

        subject: by which `drop` knows the answer.
        Raises Conflict while the first is still being worked on, and when the key stood for something else.
        """
        key = _key(request)
        if key is None:
            return await act()
        self._forget()
        place = (actor.id, request.method, request.raw_path, key)
        digest = hashlib.sha256(raw).digest()
        if (known := self._answers.get(place)) is not None:
            return _again(known, digest)
        self._answers[place] = answer = _Answer(digest, self._clock.monotonic() + KEPT_S, subject)
        try:
            response = await act()
            answer.body = bytes(response.body) if isinstance(response.body, bytes | bytearray) else b""
            answer.headers = {name: response.headers[name] for name in ("Content-Type", "ETag", "Location")
                              if name in response.headers}  # fmt: skip
            answer.status = response.status
        finally:
            if not answer.status or answer.dropped:
                self._answers.pop(place, None)
        return response

    def drop(self, subject: str) -> None:
        """Keep no answer about a subject any longer, nor one that is being worked on."""
        for place, answer in list(self._answers.items()):
            if answer.subject == subject:
                answer.dropped = True
                if answer.status:
                    del self._answers[place]

    def _forget(self) -> None:
        now = self._clock.monotonic()
        done = [place for place, answer in self._answers.items() if answer.status]
        too_many = len(self._answers) - _KEPT + 1
        for index, place in enumerate(done):
            if index < too_many or self._answers[place].until <= now:
                del self._answers[place]


def _again(known: _Answer, digest: bytes) -> web.Response:
    if known.digest != digest:
        raise Conflict(f"{HEADER}: this key stands for another request; expected a new one")
    if not known.status:
        raise Conflict("the first request with this key is still being worked on")
    return web.Response(status=known.status, body=known.body, headers={**known.headers, "Idempotency-Replayed": "true"})


def _key(request: web.Request) -> str | None:
    given = request.headers.getall(HEADER, ())
    if not given:
        return None
    if len(given) > 1 or not re.fullmatch(PATTERN, given[0]):
        raise BadRequest(f"{HEADER}: expected 1 to 255 visible ASCII characters, once")
    return given[0]
