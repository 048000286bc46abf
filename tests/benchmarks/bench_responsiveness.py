"""How long the event loop is held while a full pass over 100,000 products runs, and whether the API answers.

Every callback of the loop is measured in thread CPU time, on asyncio's own loop, whose callbacks can be wrapped
(uvloop's cannot; it runs the same code). The peer is the same pass judging each page in one go, without slices.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import structlog

from daemon.adapters.sql import open_stores
from daemon.config import Config
from daemon.main.assembly import DATABASE
from daemon.main.life import Surroundings, main
from daemon.products.imports import Parsed
from tests.benchmarks.__main__ import versions
from tests.benchmarks.corpus import NOW, SEED, SOURCE, products

AREA: Final = "products"
PRODUCTS: Final = 100_000
GOAL_MS: Final = 5.0
_PAGE: Final = 1_000


async def rows() -> AsyncIterator[dict[str, Any]]:
    """Measure one full pass with slices, and one without."""
    ours_ms, answers_ms = await _measured("2ms")
    peer_ms, _ = await _measured("10s")
    common = {"unit": "ms of thread CPU", "seed": SEED, "versions": versions("aiohttp", "aiosqlite")}
    ours, peer = _quantile(ours_ms, 0.99), _quantile(peer_ms, 0.99)
    yield {
        "name": f"loop callbacks during a full pass over {PRODUCTS:,} products: 99th percentile",
        "ours": ours, "peer": peer, "ratio": ours / peer, "goal": f"<= {GOAL_MS} ms", "met": ours <= GOAL_MS, **common,
    }  # fmt: skip
    yield {
        "name": "loop callbacks during the same pass: maximum",
        "ours": max(ours_ms), "peer": max(peer_ms), "ratio": max(ours_ms) / max(peer_ms), "goal": "reported",
        "met": None, **common,
    }  # fmt: skip
    yield {
        "name": f"GET /api/v1/incidents during the same pass: median of {len(answers_ms)} (wall)",
        "ours": statistics.median(answers_ms), "peer": None, "ratio": None, "goal": "answers", "met": bool(answers_ms),
        **common, "unit": "ms",
    }  # fmt: skip


async def _measured(slice_: str) -> tuple[list[float], list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        await _fill(state / DATABASE)
        return await _pass(state, slice_)


async def _fill(path: Path) -> None:
    whole = [Parsed(product=product) for product in products(PRODUCTS)]
    async with open_stores(path) as stores:
        for start in range(0, len(whole), _PAGE):
            await stores.catalogue.store_page(SOURCE, whole[start : start + _PAGE], "bench", NOW)


async def _pass(state: Path, slice_: str) -> tuple[list[float], list[float]]:
    """Start a daemon, whose first pass takes everything; return callbacks and answers of that time in ms."""
    config = Config.model_validate({"http": {"port": 0}, "checks": {"network": False, "slice": slice_}})
    stop, ended = asyncio.Event(), asyncio.Event()

    def watch(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if event["event"] == "pass.finished" and event["checked"] >= PRODUCTS // 2:
            ended.set()
        raise structlog.DropEvent

    structlog.configure(processors=[watch])
    gc.collect()
    gc.freeze()  # as daemon.main.process does
    with _callbacks() as callbacks_ms:
        duty = asyncio.create_task(main(config, stop=stop, around=Surroundings(state=state)))
        answers_ms = await _asked_until(ended, state, duty)
        measured = list(callbacks_ms)
    stop.set()
    await duty
    structlog.reset_defaults()
    return measured, answers_ms


async def _asked_until(ended: asyncio.Event, state: Path, duty: asyncio.Task[None]) -> list[float]:
    answers_ms: list[float] = []
    async with asyncio.timeout(600), aiohttp.ClientSession() as session:
        while not (state / "address").exists() and not duty.done():  # noqa: ASYNC110 another task writes it
            await asyncio.sleep(0.05)
        url, token = ((state / name).read_text(encoding="utf-8").strip() for name in ("address", "token"))
        while not ended.is_set() and not duty.done():
            began = time.perf_counter()
            async with session.get(f"{url}/api/v1/incidents", headers={"Authorization": f"Bearer {token}"}) as answer:
                await answer.read()
                if answer.status != 200:
                    raise OSError(f"the API answered {answer.status}")
            answers_ms.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.2)
    return answers_ms


@contextmanager
def _callbacks() -> Iterator[Sequence[float]]:
    """Measure every callback of asyncio's loops in ms of thread CPU."""
    seen: list[float] = []
    plain = asyncio.Handle._run  # the one place that every callback goes through

    def timed(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        plain(handle)
        seen.append((time.thread_time() - began) * 1000)

    asyncio.Handle._run = timed  # type: ignore[assignment,method-assign]
    try:
        yield seen
    finally:
        asyncio.Handle._run = plain  # type: ignore[method-assign]


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]
