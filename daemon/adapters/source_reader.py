"""Reading of [[sources]] that are URLs: conditional, to a file on disk, no larger than was said."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Final

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from daemon.adapters.address_policy import AddressPolicy
from daemon.adapters.bodies import ACCEPTED, BodyTooLarge, BodyUndecodable, decoded
from daemon.adapters.guarded_session import guarded_session, refusal
from daemon.adapters.trip import REDIRECTS, Trip
from daemon.config import NetworkSection
from daemon.errors import Unavailable
from daemon.ports import Download, Offload

#: Bytes that are gathered before they are written: each write is one errand to the pool.
_WRITE: Final = 1_048_576
#: Seconds without a byte after which a server is given up, and for the whole of a file.
_IDLE_S: Final = 60.0
_TOTAL_S: Final = 3_000.0


class HttpSourceReader:
    """A ports.SourceReader. Each download has a session of its own: sources are few and far between.

    The host and port that the operator wrote may be anywhere; where it redirects to is held to the address policy.
    directory: where files are put, the system's own place for temporary ones if None. allow: further exemptions.
    """

    def __init__(
        self,
        network: NetworkSection,
        offload: Offload,
        *,
        directory: Path | None = None,
        allow: Iterable[str] = (),
        resolver: AbstractResolver | None = None,
        total_s: float = _TOTAL_S,
        idle_s: float = _IDLE_S,
    ) -> None:
        self._network = network
        self._offload = offload
        self._directory = directory
        self._allow = (*network.allow, *allow)
        self._resolver = resolver
        self._total_s = total_s
        self._idle_s = idle_s

    async def download(self, url: str, etag: str | None, last_modified: str | None, max_bytes: int) -> Download:
        """Fetch with a conditional request. Raises Unavailable with the reason; no file is left behind then."""
        try:
            target = URL(url)
        except ValueError as error:
            raise Unavailable(f"{url!r} is no address: {error}") from error
        if target.scheme not in {"http", "https"} or not target.host:
            raise Unavailable(f"{url!r} is no http or https address")
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {"Accept-Encoding": ACCEPTED} | {name: value for name, value in conditions.items() if value}
        try:
            async with asyncio.timeout(self._total_s):
                return await self._download(target, headers, max_bytes)
        except TimeoutError as error:
            raise Unavailable(f"no answer in time: {error or f'{self._total_s:g} s'}") from error
        except BodyTooLarge as error:
            raise Unavailable(f"the file has {error}") from error
        except (aiohttp.ClientError, OSError, ValueError, BodyUndecodable) as error:
            raise Unavailable(str(refusal(error) or error or type(error).__name__)[:300]) from error

    async def _download(self, target: URL, headers: dict[str, str], max_bytes: int) -> Download:
        policy = AddressPolicy((*self._allow, f"{target.host}:{target.port}"))
        trip = Trip(target)
        async with guarded_session(
            policy,
            connect_timeout_s=self._network.connect_timeout,
            user_agent=self._network.user_agent,
            resolver=self._resolver,
        ) as session:
            while True:
                idle = aiohttp.ClientTimeout(
                    total=None, sock_connect=self._network.connect_timeout, sock_read=self._idle_s
                )
                async with session.get(
                    trip.url, headers=headers, cookies=trip.cookies, allow_redirects=False, timeout=idle
                ) as response:
                    location = response.headers.get("Location") if response.status in REDIRECTS else None
                    if location is None:
                        return await self._answer(response, max_bytes)
                    if found := trip.redirected(response, location, most=self._network.redirects):
                        raise Unavailable(str(found["problem"]))

    async def _answer(self, response: aiohttp.ClientResponse, max_bytes: int) -> Download:
        told = {"etag": response.headers.get("ETag"), "last_modified": response.headers.get("Last-Modified")}
        if response.status == 304:
            return Download(path=None, **told)
        if response.status != 200:
            raise Unavailable(f"the server answered with status {response.status}")
        path = await self._to_disk(response, max_bytes)
        return Download(path=path, content_type=response.headers.get("Content-Type"), **told)

    async def _to_disk(self, response: aiohttp.ClientResponse, max_bytes: int) -> str:
        number, path = tempfile.mkstemp(prefix="zhiban-source-", dir=self._directory)
        with os.fdopen(number, "wb", buffering=0) as file:
            try:
                await self._write_all(response, file, max_bytes)
            except BaseException:
                Path(path).unlink(missing_ok=True)  # noqa: ASYNC240 - one call of the system
                raise
        return path

    async def _write_all(self, response: aiohttp.ClientResponse, file: IO[bytes], max_bytes: int) -> None:
        gathered = bytearray()
        async for piece in decoded(response, max_bytes):
            gathered += piece
            if len(gathered) >= _WRITE:
                await self._write(file, bytes(gathered))
                gathered.clear()
        if gathered:
            await self._write(file, bytes(gathered))

    async def _write(self, file: IO[bytes], data: bytes) -> None:
        await self._offload.run(lambda: file.write(data), what="source.write")
