"""Checks by a pool of processes: as many interpreters as cores, and everything that goes in or out is pickled."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Final

from daemon.products.product import Product
from tests.benchmarks.peers.by_threads import beside, fetch
from tests.benchmarks.peers.concurrent_work import Heartbeat, check, chunks, memory_mb

#: Of fetches at a time: one a process; a hundred would take gigabytes.
FETCHERS: Final = 16


def fetch_all(urls: Sequence[str], heart: Heartbeat) -> int:
    """Fetch every URL; return how many answered."""
    return _all(FETCHERS, fetch, urls, heart)


def check_all(products: Sequence[Product], heart: Heartbeat) -> int:
    """Judge every product; return how many have a finding."""
    return _all(os.cpu_count() or 1, check, chunks(products), heart)


def _all(workers: int, work: Callable[[Any], int], given: Iterable[Any], heart: Heartbeat) -> int:
    # not fork: a process with threads must not be forked (python/cpython#100228)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = sum(beside(pool, work, given, heart))
        heart.children_mb = sum(dict(pool.map(_held, range(50 * workers))).values())
        return found


def _held(_: int) -> tuple[int, float]:
    time.sleep(0.002)  # so that every process gets asked
    return os.getpid(), memory_mb()
