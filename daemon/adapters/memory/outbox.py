"""The outbox in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

import msgspec

from daemon.adapters.memory.state import MemoryState
from daemon.errors import Conflict
from daemon.ports import Page
from daemon.products.notices import Entry, EntryState
from daemon.products.records import UNSENT


class MemoryOutbox:
    """A ports.Outbox that is gone with the process."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def add(self, entries: Sequence[Entry]) -> None:
        """Queue entries. Raises Conflict when there is one of that id already."""
        ids = [entry.id for entry in entries]
        if len(set(ids)) != len(ids) or any(i in self._state.entries for i in ids):
            raise Conflict("an entry of that id is in the outbox already")
        for entry in entries:
            self._state.entries.put(entry.id, entry)

    async def queued(self, channel: str, now: datetime, limit: int) -> Sequence[Entry]:
        """Return queued entries of a channel whose not_before has come or is None, oldest first."""
        waiting = (e for e in self._state.entries if e.channel == channel and e.state is EntryState.QUEUED)
        return list(islice((e for e in waiting if e.not_before is None or e.not_before <= now), limit))

    async def begin(self, entry_ids: Sequence[str], message_id: str, now: datetime) -> None:  # noqa: ARG002
        """Mark queued entries as being sent, attempts + 1. Raises Conflict if one is not queued."""
        entries = [self._state.entries.get(i) for i in entry_ids]
        for entry in entries:
            if entry.state is not EntryState.QUEUED:
                raise Conflict(f"entry {entry.id} is {entry.state}, not queued")
        for entry in entries:
            self._change(entry, state=EntryState.SENDING, attempts=entry.attempts + 1, message_id=message_id)

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
        for entry in [self._state.entries.get(i) for i in entry_ids]:
            sent_at = now if state is EntryState.SENT else entry.sent_at
            self._change(entry, state=state, error=error, not_before=not_before, sent_at=sent_at)
            if state not in UNSENT:
                self._state.entries_ended[entry.id] = now

    async def recover(self) -> Sequence[Entry]:
        """Mark everything that was being sent when the daemon died as unknown; return it, oldest first."""
        sending = [entry for entry in self._state.entries if entry.state is EntryState.SENDING]
        return [self._change(entry, state=EntryState.UNKNOWN) for entry in sending]

    async def find(self, states: Sequence[EntryState], limit: int, cursor: str | None = None) -> Page:
        """Return a page of entries, newest first; no states means any."""
        return self._state.entries.page(limit, cursor, lambda e: not states or e.state in states)

    async def depth(self) -> dict[tuple[str, EntryState], int]:
        """Return how many entries each channel has in each state."""
        return dict(Counter((e.channel, e.state) for e in self._state.entries))

    async def sent_since(self, channel: str, since: datetime) -> int:
        """Return how many distinct messages of a channel were sent since a time."""
        sent = (e for e in self._state.entries if e.channel == channel and e.state is EntryState.SENT)
        return len({e.message_id for e in sent if e.sent_at is not None and e.sent_at >= since})

    def _change(self, entry: Entry, **fields: object) -> Entry:
        changed = msgspec.structs.replace(entry, **fields)
        self._state.entries.put(entry.id, changed)
        return changed
