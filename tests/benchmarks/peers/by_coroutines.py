"""Checks by coroutines on one event loop: fetches overlap while they wait, and rules are evaluated in slices."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import aiohttp
import uvloop

from daemon.products.product import Product
from tests.benchmarks.peers.concurrent_work import AT_ONCE, BEAT_S, Heartbeat, chunks, judged

T = TypeVar("T")
SLICE_S: Final = 0.002


def fetch_all(urls: Sequence[str], heart: Heartbeat) -> int:
    """Fetch every URL; return how many answered."""
    return uvloop.run(_beside(_fetch_all(urls), heart))


def check_all(products: Sequence[Product], heart: Heartbeat) -> int:
    """Judge every product; return how many have a finding."""
    return uvloop.run(_beside(_check_all(products), heart))


async def _fetch_all(urls: Sequence[str]) -> int:
    gate = asyncio.Semaphore(AT_ONCE)

    async def fetch(url: str) -> bool:
        async with gate, session.get(url) as answer:
            return answer.status == 200 and bool(await answer.read())

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        return sum(await asyncio.gather(*map(fetch, urls)))


async def _check_all(products: Sequence[Product]) -> int:
    found, began = 0, time.perf_counter()
    for chunk in chunks(products):
        for abnormal in judged(chunk):
            found += abnormal
            if time.perf_counter() - began >= SLICE_S:
                await asyncio.sleep(0)
                began = time.perf_counter()
    return found


async def _beside(work: Coroutine[Any, Any, T], heart: Heartbeat) -> T:
    beating = asyncio.create_task(_beat(heart))
    try:
        return await work
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


async def _beat(heart: Heartbeat) -> None:
    while True:
        await asyncio.sleep(BEAT_S)
        heart.beat()
