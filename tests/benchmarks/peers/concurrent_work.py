"""The two kinds of checks that every model of concurrency is measured with, and the clocks around them.

`python -m tests.benchmarks.peers.concurrent_work MODEL WORK [URL COUNT]` runs one model with one kind of work in a
process of its own and prints a JSON object: seconds of wall and of CPU (children included), the most memory held (MB,
children included), and how late a heartbeat was that beat every 5 ms meanwhile (ms, 99th percentile and maximum).
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from daemon.products.context import MemoryContext
from daemon.products.product import Product
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.products.rules import SPECS
from daemon.products.verdicts import Needs
from tests.benchmarks import corpus

AT_ONCE: Final = 100  # fetches at a time
BEAT_S: Final = 0.005
CHUNK: Final = 250  # products handed over at a time


@cache
def rulebook() -> Rulebook:
    """Return the rules that need no network."""
    networked = {spec.id: {"enabled": False} for spec in SPECS if spec.needs is not Needs.NOTHING}
    return Rulebook.build(networked, RemedyMode.OFF)


def judged(products: Sequence[Product]) -> Iterator[bool]:
    """Judge some products one by one: whether each has a finding. CPU-bound, and holds the GIL."""
    rules, context = rulebook(), MemoryContext(now=corpus.NOW, products=products)
    return (bool(rules.evaluate(product, context)) for product in products)


def check(products: Sequence[Product]) -> int:
    """Judge some products in one go; return how many have a finding."""
    return sum(judged(products))


def chunks(products: Sequence[Product]) -> list[Sequence[Product]]:
    """Part products as a pass pages them."""
    return [products[start : start + CHUNK] for start in range(0, len(products), CHUNK)]


class Heartbeat:
    """How late something was that should have come every 5 ms."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []
        self.children_mb = 0.0  # held by processes of the model
        self._due = time.perf_counter() + BEAT_S

    def beat(self) -> None:
        """Note one beat."""
        now = time.perf_counter()
        self.late_ms.append(max(0.0, now - self._due) * 1000)
        self._due = now + BEAT_S


def main(model: str, work: str, url: str, count: int) -> dict[str, float]:
    """Run one model with one kind of work, without the cost of its start."""
    module = importlib.import_module(f"tests.benchmarks.peers.{model}")
    products = corpus.products(count if work == "check" else 0)
    urls = [f"{url}/{number}" for number in range(count if work == "fetch" else 0)]
    expected = sum(map(check, chunks(products))) + len(urls)
    heart, cpu, wall = Heartbeat(), _cpu(), time.perf_counter()
    found = module.fetch_all(urls, heart) if urls else module.check_all(products, heart)
    wall_s, cpu_s = time.perf_counter() - wall, _cpu() - cpu
    if found != expected:
        raise SystemExit(f"{model} found {found}, expected {expected}")
    late = sorted(heart.late_ms) or [0.0]
    return {
        "wall_s": wall_s, "cpu_s": cpu_s, "memory_mb": memory_mb() + heart.children_mb,
        "late_p99_ms": late[int(len(late) * 0.99)], "late_max_ms": late[-1],
    }  # fmt: skip


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def memory_mb() -> float:
    """Return the most that this process held so far. (getrusage would count what its parent held before exec.)"""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))) / 1024


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))))
