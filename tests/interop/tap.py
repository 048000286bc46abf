"""A tap on the way to a service: what goes through is handed on as it is, and connections are counted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Tap:
    """A listener that hands on to a port of this machine. connections: how many were made so far."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server: asyncio.Server | None = None
        self.connections = 0

    @property
    def endpoint(self) -> str:
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()
        return f"{host}:{port}"

    async def open(self) -> None:
        """Listen at a free port."""
        self._server = await asyncio.start_server(self._through, "127.0.0.1", 0)

    def close(self) -> None:
        """Listen no more."""
        assert self._server is not None
        self._server.close()

    async def _through(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            far_in, far_out = await asyncio.open_connection("127.0.0.1", self._to)
            await asyncio.gather(_pour(near_in, far_out), _pour(far_in, near_out))
        except OSError:
            near_out.close()


async def _pour(source: asyncio.StreamReader, into: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            into.write(data)
            await into.drain()
    into.close()


@asynccontextmanager
async def tapping(port: int) -> AsyncIterator[Tap]:
    """Have a tap before a port."""
    tap = Tap(port)
    await tap.open()
    try:
        yield tap
    finally:
        tap.close()
