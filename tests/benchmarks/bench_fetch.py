"""1,000 images from this machine at concurrency 100: the fetcher against a bare aiohttp loop that downloads them.

The server runs in a process of its own, so that the CPU time is the client's. Both sides read every byte and run
in turns in one process; the least of the rounds counts, for the other work of the machine only ever adds.
"""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any

import aiohttp
from aiohttp import web
from PIL import Image

from daemon.adapters.clock import SystemClock
from daemon.adapters.pages import HttpPageFetcher
from daemon.config import NetworkSection
from daemon.products.evidence import Reach
from tests.benchmarks.__main__ import versions
from tests.house import Inline

AREA = "products"
SEED = 20261125
IMAGES = 1_000
AT_ONCE = 100
ROUNDS = 5
GOAL = 2.0


def drawn(count: int = 20) -> list[tuple[str, bytes]]:
    """Draw noisy images of 5 to 60 kB, JPEG, PNG and WebP, as product images are."""
    chance = random.Random(SEED)
    images = []
    for number in range(count):
        side = chance.randrange(120, 400)
        noise = Image.frombytes("RGB", (side // 4, side // 4), chance.randbytes(3 * (side // 4) ** 2))
        kind = ("jpeg", "png", "webp")[number % 3]
        out = io.BytesIO()
        noise.resize((side, side), Image.Resampling.BICUBIC).quantize(64).convert("RGB").save(out, kind)
        images.append((f"image/{kind}", out.getvalue()[:60_000]))
    return images


def _serve(parent: Connection) -> None:
    images = drawn()

    async def handler(request: web.Request) -> web.Response:
        content_type, body = images[int(request.match_info["number"]) % len(images)]
        return web.Response(body=body, content_type=content_type)

    async def main() -> None:
        app = web.Application()
        app.router.add_get("/{number}", handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        parent.send(runner.addresses[0][1])
        await asyncio.get_running_loop().run_in_executor(None, parent.recv)
        await runner.cleanup()

    asyncio.run(main())


@asynccontextmanager
async def server() -> AsyncIterator[str]:
    """Serve the images in another process; yields the base URL."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        port = await asyncio.get_running_loop().run_in_executor(None, ours.recv)
        yield f"http://127.0.0.1:{port}"
    finally:
        ours.send(None)
        process.join(5)


async def _all(urls: list[str], fetch: Callable[[str], Awaitable[int]]) -> int:
    queue = iter(urls)

    async def work() -> int:
        return sum([await fetch(url) for url in queue])

    return sum(await asyncio.gather(*(work() for _ in range(AT_ONCE))))


async def _by_us(urls: list[str]) -> int:
    section = NetworkSection(
        allow=("127.0.0.1",), concurrency=AT_ONCE, per_host=AT_ONCE, host_interval="0"
    )  # fmt: skip
    async with HttpPageFetcher(section, SystemClock(), Inline()) as fetcher:

        async def fetch(url: str) -> int:
            found = await fetcher.image(url)
            if found.reach is not Reach.FETCHED or found.image is None or not found.image.width:
                raise OSError(f"the fetcher did not read an image: {found}")
            return found.length or 0

        return await _all(urls, fetch)


async def _by_the_bare_loop(urls: list[str]) -> int:
    connector = aiohttp.TCPConnector(limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def fetch(url: str) -> int:
            async with session.get(url) as response:
                return len(await response.read())

        return await _all(urls, fetch)


async def _measured(side: Callable[[list[str]], Awaitable[int]], urls: list[str]) -> tuple[float, int]:
    started = time.process_time()
    length = await side(urls)
    return time.process_time() - started, length


async def rows() -> list[dict[str, Any]]:
    """Measure both sides."""
    ours, peers = [], []
    async with server() as base:
        urls = [f"{base}/{number}" for number in range(IMAGES)]
        for _ in range(ROUNDS):
            seconds, read = await _measured(_by_us, urls)
            ours.append(seconds)
            seconds, downloaded = await _measured(_by_the_bare_loop, urls)
            peers.append(seconds)
            if read != downloaded:
                raise OSError(f"{read} bytes read, {downloaded} downloaded")
    mine, theirs = min(ours), min(peers)
    return [
        {
            "name": f"fetch: {IMAGES:,} local images, {AT_ONCE} at once, against a bare aiohttp loop",
            "ours": mine,
            "peer": theirs,
            "ratio": mine / theirs,
            "goal": f"at most {GOAL:g} x the CPU time",
            "met": mine / theirs <= GOAL,
            "unit": "CPU s",
            "seed": SEED,
            "versions": versions("aiohttp", "pillow"),
        }
    ]
