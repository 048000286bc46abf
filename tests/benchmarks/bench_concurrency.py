"""The same checks by coroutines, threads and processes: what docs/concurrency.md tells of.

I/O-bound: pages that take 50 ms each. CPU-bound: the offline rules. Each model runs in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

from tests.benchmarks.__main__ import versions
from tests.benchmarks.corpus import SEED

AREA: Final = "concurrency"
FETCHES: Final = 2_000
PRODUCTS: Final = 30_000
MODELS: Final = ("by_coroutines", "by_threads", "by_processes")
#: What is measured of each model, and in which unit.
FIGURES: Final = (
    ("wall_s", "s (wall)"),
    ("cpu_s", "s of CPU"),
    ("memory_mb", "MB at most, children included"),
    ("late_p99_ms", "ms a 5 ms heartbeat is late, 99th percentile"),
    ("late_max_ms", "ms a 5 ms heartbeat is late, maximum"),
)


def rows() -> Iterator[dict[str, Any]]:
    """Measure all models with both kinds of work; coroutines stand against each of the others."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.peers.slow_shop"], stdout=subprocess.PIPE, text=True
    ) as shop:
        assert shop.stdout is not None
        url = shop.stdout.readline().strip()
        fetched = {model: _run(model, "fetch", url, FETCHES) for model in MODELS}
        shop.kill()
    checked = {model: _run(model, "check", "", PRODUCTS) for model in MODELS}
    yield from _compared(f"{FETCHES:,} pages of 50 ms", fetched)
    yield from _compared(f"offline rules over {PRODUCTS:,} products", checked)


def _run(model: str, work: str, url: str, count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.peers.concurrent_work", model, work, url, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise OSError(f"{model} {work}: {done.stderr.strip().splitlines()[-1:]}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _compared(work: str, figures: dict[str, dict[str, float]]) -> Iterator[dict[str, Any]]:
    ours = figures["by_coroutines"]
    for model in MODELS[1:]:
        for name, unit in FIGURES:
            peer = figures[model][name]
            yield {
                "name": f"{work}: coroutines against {model.removeprefix('by_')}",
                "ours": ours[name], "peer": peer, "ratio": ours[name] / peer if peer else None, "unit": unit,
                "goal": "reported", "met": None, "seed": SEED, "versions": versions("aiohttp", "uvloop"),
            }  # fmt: skip
