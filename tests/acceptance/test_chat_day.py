"""Acceptance 4 of the chat: a day of talk, with everything that a daemon talks with; memory flat, states expire."""

from __future__ import annotations

import asyncio
import gc
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="builds a model")

from daemon.adapters.sql import open_stores
from daemon.config import ChatSection, Config
from daemon.errors import Unavailable
from daemon.inference.executor import ThreadOffload
from daemon.main.chat import opened_chat
from daemon.metrics import Metrics
from daemon.services.chat import ChatSystem
from tests.acceptance import chat_models
from tests.house import House, house

DAY_S = 86_400.0
#: People who talk at the same time.
AT_ONCE = 8
#: Turns of one visit.
VISIT = 8
#: What they say; {n} makes each of them a text that was never said before.
SAID = (
    "hello there, number {n}", "the kettle {n} is broken", "what do you think of {n} umbrellas", "I had {n} teas",
    "你好，我是{n}号", "水壶{n}坏了", "今天我走了{n}步", "Recommend me a comedy, I have seen {n} already",
    "another one", "推荐一部{n}年代的电影", "换一部", "I've seen the second one", "something newer", "thanks",
    "what did person {n} tell you?", "你最近跟谁聊过", "😀" * 5, "", "{n} " * 500, "<b>{n}</b>",
    "I want to watch something", "yes please, a western", "who are you?", "再见", "forget me",
)  # fmt: skip


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def conversations(metrics: Metrics) -> int:
    """Return how many conversations are remembered."""
    (family,) = metrics.chat_sessions.collect()
    return int(family.samples[0].value)


@asynccontextmanager
async def talking(folder: Path, **section: object) -> AsyncIterator[tuple[House, ChatSystem, Metrics]]:
    model = chat_models.write(folder / "model.zip")
    chat = ChatSection.model_validate({"kind": "on", "model": str(model), "deadline": "60s", **section})
    home = house(config=Config(chat=chat))
    offload = ThreadOffload(2, 64)
    async with open_stores(folder / "store") as stores:
        home.duty.ports = replace(home.duty.ports, films=stores.films, offload=offload)
        metrics = Metrics()
        made = opened_chat(home.duty, metrics)
        assert made is not None
        await made.load()
        assert not made.standing.problems
        yield home, made, metrics
        await made.close()
        await offload.close(2.0)


async def day(folder: Path, *, turns: int, people: int, sessions: int) -> list[float]:
    """Have people come and go for a day; return how much memory there was at each eighth of it, in MiB."""
    by, sizes, held = Counter[str](), list[float](), list[int]()
    visits = turns // VISIT
    async with talking(folder, sessions=sessions, idle="30m") as (home, made, metrics):

        async def visit(number: int) -> None:
            who = f"room:{(number * 7919) % people}"
            draw = random.Random(number)
            for turn in range(VISIT):
                text = draw.choice(SAID).format(n=number * VISIT + turn)
                try:
                    answer = await made.answer(who, who, text)
                except Unavailable:
                    by["busy"] += 1
                    continue
                assert answer.text.strip()
                by[answer.source] += 1

        for first in range(0, visits, AT_ONCE):
            await asyncio.gather(*(visit(number) for number in range(first, min(first + AT_ONCE, visits))))
            home.clock.advance(DAY_S * AT_ONCE / visits)
            if first * 8 // visits != (first + AT_ONCE) * 8 // visits:
                gc.collect()
                sizes.append(resident_mb())
                held.append(conversations(metrics))
        assert by.total() == visits * VISIT
        assert {"films", "phrase"} <= set(by), by
        assert max(held) <= sessions
        assert max(sizes[4:]) < max(sizes[1:4]) * 1.02 + 4, sizes
        home.clock.advance(1_801.0)
        assert conversations(metrics) == 0
    return sizes


async def test_an_hour_of_talk_takes_no_more_memory_than_some(tmp_path: Path) -> None:
    await day(tmp_path, turns=1_024, people=30, sessions=20)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_day_of_talk_takes_no_more_memory_than_some(tmp_path: Path) -> None:
    await day(tmp_path, turns=20_000, people=500, sessions=200)
