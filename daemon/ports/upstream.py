"""A catalogue that lies elsewhere, and has to be followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from daemon.products.imports import Reject


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """How the daemon stands to a catalogue that lies elsewhere. since: of this standing; times are aware UTC.

    problem: why it cannot be reached, "" while it can. read_at: when it was last read as a whole. live: whether
    changes are told as they happen, rather than found by looking. troubled_since: when what keeps it from being read
    began, which trouble tells of; it is over once all of it has been read again.
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
    read_s: float = 0.0  # seconds that the last whole reading took
    troubled_since: datetime | None = None
    trouble: str = ""
    changes: int = 0  # products that changed by what was read, since the daemon began
    conflicts: int = 0  # changes of ours that somebody else was faster than, since then


class Followed(Protocol):
    """A catalogue that changes without being asked."""

    @property
    def upstream(self) -> Upstream:
        """Return how it stands."""

    @property
    def rejects(self) -> Sequence[Reject]:
        """Return what of it could not be read when it was last looked at, and why; the latest at most."""

    async def unsettled(self) -> int:
        """Return of how many changes it is not known yet whether they were made. Raises Unavailable."""

    async def follow(self, told: Callable[[], None]) -> None:
        """Take over what changes there, until cancelled. told: called after each change that was taken over."""
