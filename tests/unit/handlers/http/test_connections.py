"""Connections that are slow, too many, or speak something else than HTTP."""

from __future__ import annotations

import asyncio
import time

import pytest
from aiohttp import web

from daemon.config import HttpSection
from tests.unit.handlers.http.api import api

GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
        b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /healthz HTTP/1.1\nHost: x\n\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
        GET + b"X: a\0b\r\n\r\n",
        GET + b"X: a\rb\r\n\r\n",
        GET + b"X: " + b"a" * 20_000 + b"\r\n\r\n",
        GET + b"".join(b"X-%d: a\r\n" % n for n in range(500)) + b"\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/3.9\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        GET + b"Authorization: Bearer zhb_hidden\0\r\n\r\n",
    ],
    ids=["cl+te", "two cl", "signed cl", "bad chunk", "bare lf", "bare lf in header", "nul", "bare cr", "long header",
         "many headers", "no host", "raw byte", "version", "tls", "token in a broken header"],
)  # fmt: skip
async def test_what_is_no_http_is_answered_400_as_a_problem_and_closed(sent: bytes) -> None:
    async with api() as service:
        answer = await service.raw(sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b" ", 2)[1] == b"400"
    assert b"application/problem+json" in head
    assert b"nosniff" in head
    assert b"zhb_" not in body


async def test_two_hundred_connections_that_drip_their_headers_are_closed() -> None:
    # Every one sends something all the time, so that no idle timeout would ever end it.
    http = HttpSection(header_timeout="300ms", connections_per_address=500)
    async with api(http) as service:

        async def drip() -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", service.serving.port)
            writer.write(b"GET /healthz HTTP/1.1\r\nX: ")
            closed = asyncio.ensure_future(reader.read())
            while not closed.done():
                writer.write(b"a")
                await asyncio.wait([closed], timeout=0.05)
            writer.close()
            return await closed

        async with asyncio.timeout(20):
            answers = await asyncio.gather(*(drip() for _ in range(200)), return_exceptions=True)
        # One that wrote into the closing connection may lose the answer to a reset, but none is left open.
        assert sum(isinstance(a, bytes) and a.startswith(b"HTTP/1.1 408") for a in answers) > 100
        assert all(isinstance(a, bytes | ConnectionError) for a in answers)
        assert (await service.get("/me")).status == 200


async def test_a_connection_that_says_nothing_is_closed_without_a_word() -> None:
    async with api(HttpSection(header_timeout="50ms")) as service:
        assert await service.raw(b"") == b""


async def test_headers_of_a_later_request_have_their_deadline_too() -> None:
    async with api(HttpSection(header_timeout="100ms")) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.serving.port)
        writer.write(GET + b"\r\n")
        assert (await reader.readuntil(b'{"status":"ok"}')).startswith(b"HTTP/1.1 200")
        writer.write(b"GET /healthz HT")
        async with asyncio.timeout(1.5):
            assert (await reader.read()).startswith(b"HTTP/1.1 408")
        writer.close()


async def test_an_address_holds_no_more_connections_than_it_may() -> None:
    async with api(HttpSection(connections_per_address=2)) as service:
        held = [await asyncio.open_connection("127.0.0.1", service.serving.port) for _ in range(2)]
        await asyncio.sleep(0.01)
        assert (await service.raw(b"")).startswith(b"HTTP/1.1 503")
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        await asyncio.sleep(0.02)
        assert (await service.raw(GET + b"Connection: close\r\n\r\n")).startswith(b"HTTP/1.1 200")


async def test_a_trusted_proxy_may_hold_as_many_as_it_needs() -> None:
    http = HttpSection(connections_per_address=1, trusted_proxies=("127.0.0.0/8",))
    async with api(http) as service:
        held = [await asyncio.open_connection("127.0.0.1", service.serving.port) for _ in range(3)]
        assert (await service.raw(GET + b"Connection: close\r\n\r\n")).startswith(b"HTTP/1.1 200")
        for _, writer in held:
            writer.close()


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    async with api() as service:
        sent = GET + b"X-Request-ID: one\r\n\r\n" + GET + b"X-Request-ID: two\r\nConnection: close\r\n\r\n"
        answer = await service.raw(sent)
    assert answer.index(b"X-Request-ID: one") < answer.index(b"X-Request-ID: two")


async def test_an_unwanted_body_that_does_not_come_does_not_hold_the_connection() -> None:
    async with api(HttpSection(body_timeout="100ms")) as service:
        begun = time.monotonic()
        answer = await service.raw(b"POST /api/v1/none HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404")
    assert time.monotonic() - begun < 1.5


async def test_an_answer_that_nobody_reads_is_given_up() -> None:
    async def large(_: web.Request) -> web.Response:
        return web.Response(body=bytes(40_000_000))

    http = HttpSection(request_timeout="100ms", connections_per_address=1)
    async with api(http, extra_routes=[web.get("/large", large)]) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.serving.port, limit=1024)
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(3):
            sent = GET + b"Connection: close\r\n\r\n"
            while (await service.raw(sent)).startswith(b"HTTP/1.1 503"):  # noqa: ASYNC110 - only the socket can tell
                await asyncio.sleep(0.02)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(40_000_000)
        writer.close()
