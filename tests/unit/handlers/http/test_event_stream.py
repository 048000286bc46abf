"""Server-sent events whose source fails after the first of them went out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import aiohttp
import pytest
from aiohttp import web

from daemon.errors import Unavailable
from daemon.handlers.http.event_stream import stream_events
from tests.unit.handlers.http.api import api


async def failing() -> AsyncGenerator[bytes, None]:
    yield b"data: 1\n\n"
    raise Unavailable("the store is away")


async def test_a_reader_is_cut_off_at_once_and_not_left_waiting() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await stream_events(request, failing())

    async with api(extra_routes=[web.get("/stream", handler)]) as service:
        async with service.session.get(f"{service.serving.url}/stream") as answer:
            assert await answer.content.readline() == b"retry: 1000\n"
            with pytest.raises(aiohttp.ClientError):
                await asyncio.wait_for(answer.read(), 5)
        assert (await service.ask("GET", "/healthz")).status == 200
