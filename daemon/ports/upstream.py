"""A catalogue that lies elsewhere, and has to be followed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """How the daemon stands to a catalogue that lies elsewhere. since: of this standing; times are aware UTC.

    problem: why it cannot be reached, "" while it can. read_at: when it was last read as a whole. live: whether
    changes are told as they happen, rather than found by looking.
    """

    kind: str
    name: str  # the source of its products
    connected: bool
    since: datetime
    problem: str = ""
    live: bool = False
    read_at: datetime | None = None
    documents: int = 0  # of the last whole reading
    rejected: int = 0  # of these, not readable at all


class Followed(Protocol):
    """A catalogue that changes without being asked."""

    @property
    def upstream(self) -> Upstream:
        """Return how it stands."""

    async def follow(self, told: Callable[[], None]) -> None:
        """Take over what changes there, until cancelled. told: called after each change that was taken over."""
