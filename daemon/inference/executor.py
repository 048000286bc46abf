"""The thread pool for work that would hold the loop: models, password hashing, image decoding, rejects files.

A thread cannot be stopped. So a caller that gives up gets its answer at once, but its slot stays taken until the
thread is done: with a semaphore around the wait instead, a limit of one ran four threads at once.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import structlog

from daemon.errors import Unavailable

T = TypeVar("T")
log = structlog.get_logger()


class ThreadOffload:
    """Port Offload. threads: work at a time; queue: work that may wait for a thread."""

    def __init__(self, threads: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="offload")
        self._slots = threading.BoundedSemaphore(threads + queue)
        self._held: dict[Future[Any], str] = {}
        self._closing = False

    @property
    def held(self) -> int:
        """How many pieces of work run or wait."""
        return len(self._held)

    async def run(self, work: Callable[[], T], *, what: str) -> T:
        """Run `work` in the pool. Raises Unavailable when the queue is full or the daemon is stopping."""
        if self._closing:
            raise Unavailable(f"{what}: the daemon is stopping")
        if not self._slots.acquire(blocking=False):
            log.warning("offload.rejected", what=what, held=self.held)
            raise Unavailable(f"{what}: too much work is waiting for a thread; try again later")
        future = self._pool.submit(contextvars.copy_context().run, work)
        self._held[future] = what
        future.add_done_callback(self._release)
        # cancelling the wrapper cancels work that still waits, and lets running work go on
        return await asyncio.wrap_future(future)

    async def close(self, deadline_s: float) -> tuple[str, ...]:
        """Take no more work, drop what waits, wait for what runs; return the names of what still runs then."""
        self._closing = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        running = [asyncio.wrap_future(future) for future in self._held.copy()]
        if running:
            ended, _ = await asyncio.wait(running, timeout=deadline_s)
            for future in ended:
                _ = future.cancelled() or future.exception()  # looked at, so that the loop does not report it
        left = tuple(self._held.copy().values())
        if left:
            log.warning("offload.abandoned", what=left)
        return left

    def _release(self, future: Future[Any]) -> None:
        self._held.pop(future, None)
        self._slots.release()
