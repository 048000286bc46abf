"""What the fetcher brings from hosts that behave, and from those that do not."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from daemon.errors import Unavailable
from daemon.products.evidence import Reach
from tests.unit.adapters.serving import HurriedClock, fetching, picture, serving

_HTML = "<title>Board</title><p>Walnut serving board</p>"


def _page(text: str = _HTML, **given: Any) -> web.Response:
    return web.Response(text=text, content_type="text/html", **given)


async def test_image_is_read_as_far_as_its_facts_need() -> None:
    small, large = picture(), picture(2000, 1000, "BMP")

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=small if "small" in request.path else large)

    async with serving(handler) as base, fetching() as fetcher:
        found = await fetcher.image(f"{base}/small.png")
        part = await fetcher.image(f"{base}/large.bmp")
    assert found.reach is Reach.FETCHED
    assert found.status == 200
    assert found.length == len(small)
    assert found.image is not None
    assert (found.image.format, found.image.width, found.image.height) == ("png", 300, 200)
    assert found.image.sha256 is not None
    assert part.image is not None
    assert (part.image.format, part.image.width, part.image.sha256) == ("bmp", 2000, None)
    assert part.length is not None
    assert part.length < len(large) / 10


async def test_host_that_answers_head_with_405_is_asked_by_get() -> None:
    methods = []

    async def handler(request: web.Request) -> web.Response:
        methods.append(request.method)
        return web.Response(body=picture()) if request.method == "GET" else web.Response(status=405)

    async with serving(handler) as base, fetching() as fetcher:
        found = await fetcher.image(f"{base}/a.png")
    assert found.status == 200
    assert methods == ["GET"]


@pytest.mark.parametrize(
    ("body", "length"), [(b"", 0), (b"<html>sorry</html>", 18), (b"\x89PNG\r\n\x1a", 7)], ids=["empty", "html", "cut"]
)
async def test_what_is_no_image_has_no_format(body: bytes, length: int) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="image/jpeg")

    async with serving(handler) as base, fetching() as fetcher:
        found = await fetcher.image(f"{base}/a.jpg")
    assert (found.status, found.length) == (200, length)
    assert found.image is not None
    assert found.image.format is None


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 500, 503])
async def test_error_statuses_are_evidence_without_facts(status: int) -> None:
    async def handler(_: web.Request) -> web.Response:
        return _page("out of stock", status=status)

    async with serving(handler) as base, fetching() as fetcher:
        found = await fetcher.page(f"{base}/p")
    assert (found.reach, found.status, found.page) == (Reach.FETCHED, status, None)


async def test_page_brings_its_text() -> None:
    async def handler(_: web.Request) -> web.Response:
        return _page()

    async with serving(handler) as base, fetching() as fetcher:
        found = await fetcher.page(f" {base}/p#top ")
    assert found.page is not None
    assert found.page.text == "Board Walnut serving board"


async def test_file_is_no_web_page() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=b"%PDF", content_type="application/pdf")

    async with serving(handler) as base, fetching() as fetcher:
        found = await fetcher.page(f"{base}/p")
    assert found.page is None
    assert "application/pdf" in found.problem


@pytest.mark.parametrize(
    "url", ["", "N/A", "/a.jpg", "//cdn.example/a.jpg", "ftp://x/a", "http://", "http://[::1", "javascript:x"]
)
async def test_text_that_is_no_web_address_is_said_to_be_none(url: str) -> None:
    async with fetching() as fetcher:
        assert (await fetcher.image(url)).reach is Reach.INVALID_URL


async def test_relative_redirects_are_followed_and_noted() -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/a/old":
            raise web.HTTPFound("../b/new?x=1#part")
        if request.path == "/b/new":
            return web.Response(status=308, headers={"Location": "/end"})
        return _page()

    async with serving(handler) as base, fetching() as fetcher:
        found = await fetcher.page(f"{base}/a/old")
    assert found.hops == (f"{base}/b/new?x=1", f"{base}/end")
    assert not found.loop
    assert found.page is not None


async def test_circle_is_a_loop_and_ends() -> None:
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        raise web.HTTPFound("/b" if request.path == "/a" else "/a")

    async with serving(handler) as base, fetching() as fetcher:
        found = await fetcher.page(f"{base}/a")
    assert found.loop
    assert found.status == 302
    assert asked == ["/a", "/b"]


async def test_too_many_redirects_are_a_loop() -> None:
    async def handler(request: web.Request) -> web.Response:
        raise web.HTTPFound(f"/{int(request.path[1:]) + 1}")

    async with serving(handler) as base, fetching(redirects=3) as fetcher:
        found = await fetcher.page(f"{base}/0")
    assert found.loop
    assert len(found.hops) == 4


async def test_redirect_to_itself_with_a_cookie_is_none() -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.cookies.get("seen") == "1":
            return _page()
        answer = web.Response(status=302, headers={"Location": str(request.path)})
        answer.set_cookie("seen", "1")
        return answer

    async with serving(handler) as base, fetching() as fetcher:
        found = await fetcher.page(f"{base}/p")
    assert not found.loop
    assert found.page is not None


async def test_redirect_to_no_web_address_is_where_it_ends() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "app://open"})

    async with serving(handler) as base, fetching() as fetcher:
        found = await fetcher.page(f"{base}/p")
    assert (found.status, found.loop, found.page) == (302, False, None)
    assert "no web address" in found.problem


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest/", "http://[::ffff:10.0.0.1]/", "http://10.0.0.1/", "http://127.0.0.2:9/"],
)
async def test_redirect_to_a_private_address_is_refused(target: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": target})

    async with serving(handler) as base, fetching() as fetcher:
        found = await fetcher.page(f"{base}/p")
    assert found.reach is Reach.REFUSED
    assert len(found.hops) == 1
    assert "not a public address" in found.problem


class Rebinding(AbstractResolver):
    """A name server that says something else each time."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        self.asked.append(host)
        address = self.addresses.pop(0)
        return [ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        pass


async def test_name_that_resolves_to_a_private_address_the_second_time_is_refused() -> None:
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        raise web.HTTPFound(f"http://other.example:{request.url.port}/second")

    resolver = Rebinding("127.0.0.1", "127.0.0.2")
    async with serving(handler) as base, fetching(resolver=resolver) as fetcher:
        found = await fetcher.page(base.replace("127.0.0.1", "shop.example") + "/first")
    assert found.reach is Reach.REFUSED
    assert resolver.asked == ["shop.example", "other.example"]
    assert asked == ["/first"]


async def test_name_that_the_operator_named_with_its_port_may_be_private() -> None:
    async def handler(_: web.Request) -> web.Response:
        return _page()

    async with serving(handler) as base:
        port = base.rpartition(":")[2]
        given: dict[str, Any] = {"allow": (f"shop.lan:{port}",), "resolver": Rebinding("127.0.0.1")}
        async with fetching(**given) as fetcher:
            assert (await fetcher.page(f"http://shop.lan:{port}/")).page is not None


async def test_bomb_is_given_up_at_the_cap() -> None:
    bomb = gzip.compress(gzip.compress(bytes(1 << 24)) * 40 + bytes(1 << 26))

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"}, content_type="text/html")

    async with serving(handler) as base, fetching(max_page_bytes=100_000) as fetcher:
        found = await fetcher.page(f"{base}/p")
    assert found.reach is Reach.TOO_LARGE
    assert "100000" in found.problem


@pytest.mark.parametrize("coding", ["gzip", "deflate", "bare", "members", "x-gzip"])
async def test_packed_pages_are_unpacked(coding: str) -> None:
    text = (_HTML + "é" * 70_000).encode()
    bare = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(text),
        "x-gzip": gzip.compress(text) + b"\0\0",
        "deflate": zlib.compress(text),
        "bare": bare.compress(text) + bare.flush(),
        "members": gzip.compress(text[:50]) + gzip.compress(text[50:]),
    }[coding]

    async def handler(_: web.Request) -> web.Response:
        name = "deflate" if coding == "bare" else "gzip" if coding == "members" else coding
        return web.Response(body=packed, headers={"Content-Encoding": name}, content_type="text/html", charset="utf-8")

    async with serving(handler) as base, fetching() as fetcher:
        found = await fetcher.page(f"{base}/p")
    assert found.length == len(text)
    assert found.page is not None
    assert "Walnut" in found.page.text


@pytest.mark.parametrize("coding", ["br", "gzip"])
async def test_body_that_cannot_be_unpacked_is_no_answer(coding: str) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=b"\x1f\x8bnot packed", headers={"Content-Encoding": coding}, content_type="text/html")

    async with serving(handler) as base, fetching() as fetcher:
        assert (await fetcher.page(f"{base}/p")).reach is Reach.UNREACHABLE


async def test_slow_body_ends_at_the_deadline_for_the_whole() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/html"})
        await answer.prepare(request)
        while True:  # a byte now and then, for ever
            await answer.write(b"x")
            await asyncio.sleep(0.005)

    async with serving(handler) as base, fetching(total_timeout="50ms") as fetcher:
        found = await fetcher.page(f"{base}/p")
    assert found.reach is Reach.UNREACHABLE
    assert "no whole answer within 0.05 s" in found.problem


async def test_time_out_that_our_own_lag_caused_is_our_overload() -> None:
    async def handler(_: web.Request) -> web.Response:
        asyncio.get_running_loop().call_soon(time.sleep, 0.06)
        await asyncio.sleep(0.03)
        return _page()

    async with serving(handler) as base, fetching(total_timeout="20ms", lag_limit_s=0.01) as fetcher:
        found = await fetcher.page(f"{base}/p")
    assert found.reach is Reach.OVERLOADED


async def test_waiting_too_long_for_a_turn_is_our_overload() -> None:
    release = asyncio.Event()

    async def handler(_: web.Request) -> web.Response:
        await release.wait()
        return _page()

    async with serving(handler) as base, fetching(per_host=1, queue_limit_s=0.01) as fetcher:
        first = asyncio.create_task(fetcher.page(f"{base}/1"))
        await asyncio.sleep(0)
        second = await fetcher.page(f"{base}/2")
        release.set()
        assert second.reach is Reach.OVERLOADED
        assert (await first).page is not None


async def test_waiting_for_a_turn_does_not_use_up_the_time_of_the_host() -> None:
    async def handler(_: web.Request) -> web.Response:
        await asyncio.sleep(0.02)
        return _page()

    async with serving(handler) as base, fetching(per_host=1, total_timeout="60ms") as fetcher:
        found = await asyncio.gather(*(fetcher.page(f"{base}/{n}") for n in range(6)))
    assert {evidence.reach for evidence in found} == {Reach.FETCHED}


async def test_full_pool_is_our_overload() -> None:
    class Full:
        async def run(self, work: Any, *, what: str) -> Any:
            raise Unavailable("the pool is full")

    async def handler(_: web.Request) -> web.Response:
        return _page()

    async with serving(handler) as base, fetching(offload=Full()) as fetcher:
        found = await fetcher.page(f"{base}/p")
    assert (found.reach, found.problem) == (Reach.OVERLOADED, "the pool is full")


async def test_trouble_is_asked_again_after_what_the_host_asks_for() -> None:
    answers = [web.Response(status=503, headers={"Retry-After": "7"}), _page()]

    async def handler(_: web.Request) -> web.Response:
        return answers.pop(0)

    clock = HurriedClock()
    async with serving(handler) as base, fetching(clock, retries=2) as fetcher:
        found = await fetcher.page(f"{base}/p")
    assert found.page is not None
    assert 7 <= clock.slept[0] < 8
    assert not answers


async def test_long_wait_is_left_to_the_next_time_and_kept_for_the_whole_host() -> None:
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=429, headers={"Retry-After": "3600"})

    async with serving(handler) as base, fetching(retries=5) as fetcher:
        found = await fetcher.page(f"{base}/1")
        other = await fetcher.page(f"{base}/2")
    assert (found.status, found.retry_after_s) == (429, 3600)
    assert other.reach is Reach.OVERLOADED
    assert asked == ["/1"]


async def test_retries_of_a_host_run_out() -> None:
    asked = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=500)

    async with serving(handler) as base, fetching(retries=3) as fetcher:
        for _ in range(10):
            await fetcher.page(f"{base}/p")
    assert len(asked) == 10 + 10


async def test_starts_at_one_host_are_apart() -> None:
    async def handler(_: web.Request) -> web.Response:
        return _page()

    clock = HurriedClock()
    async with serving(handler) as base, fetching(clock, host_interval="500ms") as fetcher:
        await fetcher.page(f"{base}/1")
        await fetcher.page(f"{base}/2")
    assert len(clock.slept) == 1
    assert 0 < clock.slept[0] <= 0.5


async def test_no_more_at_once_than_configured() -> None:
    here = most = 0

    async def handler(_: web.Request) -> web.Response:
        nonlocal here, most
        here += 1
        most = max(most, here)
        await asyncio.sleep(0.002)
        here -= 1
        return _page()

    async with serving(handler) as base, fetching(per_host=3) as fetcher:
        await asyncio.gather(*(fetcher.page(f"{base}/{n}") for n in range(12)))
    assert most == 3


async def test_names_are_looked_up_while_every_thread_is_busy() -> None:
    async def handler(_: web.Request) -> web.Response:
        return _page()

    loop, done = asyncio.get_running_loop(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        loop.set_default_executor(pool)
        busy = loop.run_in_executor(None, done.wait, 10)
        try:
            async with serving(handler) as base, fetching(allow=[base.removeprefix("http://")]) as fetcher:
                found = await fetcher.page(base.replace("127.0.0.1", "localhost"))
            assert not busy.done()
        finally:
            done.set()
    assert found.status == 200


async def test_host_that_refuses_connections_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with fetching() as fetcher:
            found = await fetcher.page(f"http://127.0.0.1:{unused.getsockname()[1]}/")
    assert found.reach is Reach.UNREACHABLE
    assert found.problem


async def test_cut_body_is_no_answer() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/html", "Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"x")
        assert request.transport is not None
        request.transport.close()
        return answer

    async with serving(handler) as base, fetching() as fetcher:
        assert (await fetcher.page(f"{base}/p")).reach is Reach.UNREACHABLE


async def test_image_that_says_to_be_too_large_is_not_read() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=bytes(5000))

    async with serving(handler) as base, fetching(max_image_bytes=2000) as fetcher:
        assert (await fetcher.image(f"{base}/p")).reach is Reach.TOO_LARGE
