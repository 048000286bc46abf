"""What goes out to people, and the ways that it goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from daemon.ports.basics import Page
from daemon.products.notices import Entry, EntryState, Message


class Outbox(Protocol):
    """What goes out to people. Entries come in through IncidentStore.commit or `add`."""

    async def add(self, entries: Sequence[Entry]) -> None:
        """Queue entries, durably."""

    async def queued(self, channel: str, now: datetime, limit: int) -> Sequence[Entry]:
        """Return queued entries of a channel whose not_before has come or is None, oldest first."""

    async def begin(self, entry_ids: Sequence[str], message_id: str, now: datetime) -> None:
        """Mark queued entries as being sent, attempts + 1. Raises Conflict if one is not queued."""

    async def finish(
        self,
        entry_ids: Sequence[str],
        state: EntryState,
        now: datetime,
        *,
        error: str = "",
        not_before: datetime | None = None,
    ) -> None:
        """Mark entries as sent, failed, unknown, collapsed or expired; or queued again, not before a time."""

    async def recover(self) -> Sequence[Entry]:
        """Mark everything that was being sent when the daemon died as unknown; return it."""

    async def find(self, states: Sequence[EntryState], limit: int, cursor: str | None = None) -> Page:
        """Return a page of entries, newest first; no states means any."""

    async def depth(self) -> dict[tuple[str, EntryState], int]:
        """Return how many entries each channel has in each state."""

    async def sent_since(self, channel: str, since: datetime) -> int:
        """Return how many distinct messages of a channel were sent since a time."""


@runtime_checkable
class Resumable(Protocol):
    """A notifier that knows, after a death in the middle of a message, whom it had certainly not reached."""

    async def unsent(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the entries that somebody has certainly not had; sending them again reaches nobody twice."""


class Notifier(Protocol):
    """One channel that messages go out by."""

    name: str
    #: Repeating a message with the same id cannot reach people twice.
    idempotent: bool

    async def send(self, message: Message) -> None:
        """Send. Raises DeliveryFailed when it was clearly not taken, DeliveryUnknown when that cannot be told."""
