"""A person's end of the rooms inside a daemon: says things over HTTP and follows its server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

import aiohttp
import msgspec

from daemon.errors import Forbidden, InvalidInput, NotFound, Unauthorized, Unavailable, ZhibanError

#: Seconds for an answer; and without a sign of life from a stream, whose daemon gives one every fifteen.
_ANSWER_S: Final = 30.0
_SILENCE_S: Final = 45.0
#: Seconds before a lost stream is taken up again, at first and at most.
FIRST_WAIT_S: Final = 0.5
MOST_WAIT_S: Final = 5.0
#: An id before all others.
BEGINNING: Final = "00000000-0000-0000-0000-000000000000"
_LONGEST_EVENT: Final = 1_048_576
_ERRORS: Final[Mapping[int, type[ZhibanError]]] = {
    400: InvalidInput, 401: Unauthorized, 403: Forbidden, 404: NotFound, 422: InvalidInput, 503: Unavailable,
}  # fmt: skip


class Lost(msgspec.Struct, frozen=True):
    """The stream broke off, and is taken up again after so many seconds."""

    reason: str
    wait_s: float


class RoomClient:
    """One room as one person sees it. find: returns the daemon's URL and token, asked anew for every connection.

    Raises Unavailable where the daemon does not answer, and what its answers mean.
    """

    def __init__(self, session: aiohttp.ClientSession, find: Callable[[], tuple[str, str]], room: str = "") -> None:
        self._session, self._find, self._room = session, find, room

    async def get(self, path: str) -> Any:
        """Return the JSON at a path."""
        return await self._ask("GET", path)

    async def latest(self, count: int) -> Sequence[Mapping[str, Any]]:
        """Return the latest messages of the room, oldest first."""
        page = await self._ask("GET", "/api/v1/room/messages", params={"limit": str(count), **self._place()})
        return list(page["items"])

    async def say(self, text: str, quote: str | None = None) -> Mapping[str, Any]:
        """Say something, as an answer to the message of an id where one is given; return it as it stands there."""
        body = {"text": text, **self._place(), **({"quote": quote} if quote else {})}
        said: Mapping[str, Any] = await self._ask("POST", "/api/v1/room/messages", json=body)
        return said

    async def follow(self, after: str) -> AsyncIterator[Mapping[str, Any] | Lost]:
        """Iterate over messages after one, for ever; a stream that breaks off is told and taken up where it was."""
        wait_s = FIRST_WAIT_S
        while True:
            reason = "the daemon ended it"
            try:
                async for message in self._events(after):
                    after, wait_s = message["id"], FIRST_WAIT_S
                    yield message
            except Unavailable as exc:
                reason = str(exc)
            yield Lost(reason, wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, MOST_WAIT_S)

    def _place(self) -> dict[str, str]:
        return {"room": self._room} if self._room else {}

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        url, headers = self._address()
        timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
        try:
            async with self._session.request(method, url + path, headers=headers, timeout=timeout, **more) as response:
                await _check(response)
                return await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
            raise Unavailable(f"{url} does not answer: {exc or type(exc).__name__}") from exc

    async def _events(self, after: str) -> AsyncIterator[Mapping[str, Any]]:
        url, headers = self._address()
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_ANSWER_S, sock_read=_SILENCE_S)
        try:
            async with self._session.get(
                f"{url}/api/v1/room/stream", params={"after": after, **self._place()}, headers=headers, timeout=timeout,
                read_bufsize=_LONGEST_EVENT,
            ) as response:  # fmt: skip
                await _check(response)
                async for line in response.content:
                    if line.startswith(b"data: "):
                        yield json.loads(line.removeprefix(b"data: "))
        except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
            raise Unavailable(f"{url} does not answer: {exc or type(exc).__name__}") from exc

    def _address(self) -> tuple[str, dict[str, str]]:
        url, token = self._find()
        return url, {"Authorization": f"Bearer {token}"} if token else {}


async def _check(response: aiohttp.ClientResponse) -> None:
    if response.status < 400:
        return
    try:
        problem = await response.json(content_type=None)
        detail = str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"HTTP {response.status}"
    raise _ERRORS.get(response.status, ZhibanError)(detail)
