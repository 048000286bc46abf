"""The outbox in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import bindparam, distinct, func, select

from daemon.adapters.sql import schema
from daemon.adapters.sql.commit import ENTRIES, entry_row
from daemon.adapters.sql.conditions import any_of, constant
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import micros, text_list
from daemon.errors import Conflict
from daemon.ports import Page
from daemon.products.notices import Entry, EntryState

_e = schema.entries.c
_QUEUED: Final = Statement(
    select(_e.body)
    .where(
        _e.state == constant(str(EntryState.QUEUED)),
        _e.channel == bindparam("of_channel"),
        _e.not_before <= bindparam("now"),
    )
    .order_by(_e.seq)
    .limit(bindparam("at_most"))
)
_SENDING: Final = Statement(select(_e.body).where(_e.state == constant(str(EntryState.SENDING))).order_by(_e.seq))
_DEPTH: Final = Statement(select(_e.channel, _e.state, func.count()).group_by(_e.state, _e.channel))
_SENT: Final = Statement(
    select(func.count(distinct(_e.message_id))).where(
        _e.channel == bindparam("of_channel"),
        _e.sent_at >= bindparam("since"),
        _e.state == constant(str(EntryState.SENT)),
    )
)


class SqlOutbox:
    """A ports.Outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entries: Sequence[Entry]) -> None:
        """Queue entries, durably. Raises Conflict when there is one of that id already."""
        rows = [entry_row(entry) for entry in entries]
        await self._database.write(lambda session: ENTRIES.add(session, rows), durable=True)

    async def queued(self, channel: str, now: datetime, limit: int) -> Sequence[Entry]:
        """Return queued entries of a channel whose not_before has come or is None, oldest first."""
        at = micros(now)
        return await self._database.read(lambda s: ENTRIES.read(s, _QUEUED, of_channel=channel, now=at, at_most=limit))

    async def begin(self, entry_ids: Sequence[str], message_id: str, now: datetime) -> None:  # noqa: ARG002
        """Mark queued entries as being sent, attempts + 1. Raises Conflict if one is not queued."""

        def unit(session: Session) -> None:
            entries = ENTRIES.get_all(session, entry_ids)
            for entry in entries:
                if entry.state is not EntryState.QUEUED:
                    raise Conflict(f"entry {entry.id} is {entry.state}, not queued")
            changed = (
                msgspec.structs.replace(e, state=EntryState.SENDING, attempts=e.attempts + 1, message_id=message_id)
                for e in entries
            )
            ENTRIES.change(session, [entry_row(entry) for entry in changed])

        await self._database.write(unit, durable=True)

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

        def finished(entry: Entry) -> Entry:
            sent_at = now if state is EntryState.SENT else entry.sent_at
            return msgspec.structs.replace(entry, state=state, error=error, not_before=not_before, sent_at=sent_at)

        def unit(session: Session) -> None:
            entries = ENTRIES.get_all(session, entry_ids)
            ENTRIES.change(session, [entry_row(finished(entry), now) for entry in entries])

        await self._database.write(unit, durable=True)

    async def recover(self) -> Sequence[Entry]:
        """Mark everything that was being sent when the daemon died as unknown; return it, oldest first."""

        def unit(session: Session) -> list[Entry]:
            sending = ENTRIES.read(session, _SENDING)
            unknown = [msgspec.structs.replace(entry, state=EntryState.UNKNOWN) for entry in sending]
            ENTRIES.change(session, [entry_row(entry) for entry in unknown])
            return unknown

        return await self._database.write(unit, durable=True)

    async def find(self, states: Sequence[EntryState], limit: int, cursor: str | None = None) -> Page:
        """Return a page of entries, newest first; no states means any."""
        conditions = [("states", any_of(_e.state, "states"))] if states else []
        return await ENTRIES.page(self._database, limit, cursor, conditions, states=text_list(map(str, states)))

    async def depth(self) -> dict[tuple[str, EntryState], int]:
        """Return how many entries each channel has in each state."""
        rows = await self._database.read(lambda session: session.all(_DEPTH))
        return {(channel, EntryState(state)): count for channel, state, count in rows}

    async def sent_since(self, channel: str, since: datetime) -> int:
        """Return how many distinct messages of a channel were sent since a time."""
        row = await self._database.read(lambda s: s.one(_SENT, of_channel=channel, since=micros(since)))
        return int(row[0]) if row else 0
