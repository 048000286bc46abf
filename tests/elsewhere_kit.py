"""A catalogue that lies elsewhere, whose standing tests set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from daemon.ports import Upstream
from daemon.products.imports import Reject
from tests.house import House


class Elsewhere:
    """A Followed that nobody changes but the test."""

    def __init__(self, home: House) -> None:
        self.clock = home.clock
        self.upstream = Upstream(
            kind="mongodb", name="shop", connected=False, since=self.clock.now(), problem="not asked yet"
        )
        self.rejects: Sequence[Reject] = ()
        home.duty.ports = replace(home.duty.ports, followed=self)

    async def follow(self, told: Callable[[], None]) -> None:
        told()

    async def unsettled(self) -> int:
        return 1

    def stands(self, **fields: Any) -> None:
        """Say how it stands from now on."""
        self.upstream = msgspec.structs.replace(self.upstream, **fields)

    def is_away(self, problem: str = "MongoDB: nobody is there") -> None:
        now = self.clock.now()
        began = self.upstream.troubled_since or now
        self.stands(connected=False, live=False, since=now, problem=problem, trouble=problem, troubled_since=began)

    def is_back(self) -> None:
        self.stands(connected=True, since=self.clock.now(), problem="")

    def is_read(self, documents: int, rejected: int = 0) -> datetime:
        self.stands(
            documents=documents, rejected=rejected, read_at=self.clock.now(), read_s=0.5, troubled_since=None,
            trouble="",
        )  # fmt: skip
        return self.clock.now()


def minutes(count: float) -> float:
    """Return seconds."""
    return timedelta(minutes=count).total_seconds()
