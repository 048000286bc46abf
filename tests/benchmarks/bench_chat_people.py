"""Fifty people who talk at once: how long each waits, through the service that the API and the bot ask.

With the model that comes with the daemon where there is one, else a small one with random weights. That no history is
mixed with another is asserted in tests/unit/services/test_chat_crowd.py.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from structlog.testing import capture_logs

from daemon.config import ChatSection, Config
from daemon.errors import Unavailable
from daemon.inference.chat.loading import PACKAGED
from daemon.inference.executor import ThreadOffload
from daemon.main.chat import opened_chat
from daemon.metrics import Metrics
from daemon.services.chat import ChatSystem
from tests.benchmarks.__main__ import versions
from tests.house import house

AREA: Final = "chat"
PEOPLE: Final = 50
TURNS: Final = ("hello, how was your day?", "我今天有点累", "what do you do when it rains?", "你喜欢猫还是狗？")


async def rows() -> AsyncIterator[dict[str, Any]]:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        path = PACKAGED if PACKAGED.exists() else None
        what = "the model that ships" if path else "a small random model"
        section = ChatSection.model_validate({"kind": "on", "model": str(path or _small(Path(folder)))})
        with capture_logs():
            waits, busy = await _crowd(section)
    deadline_s = section.deadline
    name = f"{PEOPLE} people at once, {len(TURNS)} turns each, {what}: "
    common = {"peer": None, "ratio": None, "unit": "s by the clock", "versions": versions("onnxruntime")}
    yield {
        "name": f"{name}longest wait for an answer or \"busy\" ({busy} of {len(waits)} busy)", "ours": max(waits),
        "goal": f"{deadline_s:g} s at most", "met": max(waits) <= deadline_s, **common,
    }  # fmt: skip
    yield {"name": f"{name}median wait", "ours": statistics.median(waits), "goal": "reported", "met": None, **common}


async def _crowd(section: ChatSection) -> tuple[list[float], int]:
    """Return each wait in seconds, and how many were told that it is busy."""
    home = house(config=Config(chat=section))
    offload = ThreadOffload(2, 64)
    home.duty.ports = replace(home.duty.ports, films=home.stores.films, offload=offload)
    system = opened_chat(home.duty, Metrics())
    assert system is not None
    try:
        await system.load()
        told = await asyncio.gather(*(_talk(system, number) for number in range(PEOPLE)))
    finally:
        await system.close()
        await offload.close(5.0)
    return [wait for waits, _ in told for wait in waits], sum(busy for _, busy in told)


async def _talk(system: ChatSystem, number: int) -> tuple[list[float], int]:
    waits, busy = [], 0
    for turn in TURNS:
        begun = time.perf_counter()
        try:
            answer = await system.answer(f"person {number}", f"person {number}", turn)
            assert answer.text
        except Unavailable:
            busy += 1
        waits.append(time.perf_counter() - begun)
    return waits, busy


def _small(folder: Path) -> Path:
    from daemon.inference.chat.serving.model_files import write_model
    from tests.unit.inference.chat.serving.models import files

    write_model(folder / "model.zip", *files())
    return folder / "model.zip"
