"""Checks by threads: a blocking connection each, and one GIL for all of them."""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from daemon.products.product import Product
from tests.benchmarks.peers.concurrent_work import AT_ONCE, BEAT_S, Heartbeat, check, chunks

_OWN = threading.local()


def fetch_all(urls: Sequence[str], heart: Heartbeat) -> int:
    """Fetch every URL; return how many answered."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(beside(pool, fetch, urls, heart))


def check_all(products: Sequence[Product], heart: Heartbeat) -> int:
    """Judge every product; return how many have a finding."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(beside(pool, check, chunks(products), heart))


def fetch(url: str) -> bool:
    """Fetch one URL over the connection that this thread keeps."""
    parts = urlsplit(url)
    if not hasattr(_OWN, "connection"):
        _OWN.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    _OWN.connection.request("GET", parts.path)
    answer = _OWN.connection.getresponse()
    return answer.status == 200 and bool(answer.read())


def beside(pool: Executor, work: Callable[[Any], int], given: Iterable[Any], heart: Heartbeat) -> list[int]:
    """Have a pool work, with the heart beating in this thread meanwhile."""
    futures: list[Future[int]] = [pool.submit(work, item) for item in given]
    while not all(future.done() for future in futures[-AT_ONCE:]):
        time.sleep(BEAT_S)
        heart.beat()
    return [future.result() for future in futures]
