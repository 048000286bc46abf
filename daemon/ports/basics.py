"""Pages, time and threads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

T = TypeVar("T")


class Page(msgspec.Struct, frozen=True):
    """One page of a list. cursor is None on the last page."""

    items: tuple[Any, ...]
    cursor: str | None = None


class Clock(Protocol):
    """Time, so that tests can move it."""

    def now(self) -> datetime:
        """Return the wall clock as an aware UTC datetime."""

    def monotonic(self) -> float:
        """Return seconds of a clock that never jumps."""

    async def sleep(self, seconds: float) -> None:
        """Wait; intervals run on the monotonic clock."""


class Offload(Protocol):
    """The one way into threads: for work that would hold the loop, bounded beforehand by the caller."""

    async def run(self, work: Callable[[], T], *, what: str) -> T:
        """Run `work` in the pool. Giving up the wait does not free the slot before the thread is done.

        what: name for logs and metrics. Raises Unavailable when the queue is full.
        """
