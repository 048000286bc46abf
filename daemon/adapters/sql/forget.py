"""Forgetting what ended long ago, a slice a transaction, so that no other writer waits for long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Column, ColumnElement, bindparam, delete, exists, select, tuple_

from daemon.adapters.sql import schema
from daemon.adapters.sql.conditions import any_of, one_of
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import micros, text_list
from daemon.products.records import FORGETTABLE, IN_PLACE

_i, _r = schema.incidents.c, schema.remedies.c

#: Records forgotten in one transaction.
SLICE: Final = 500

_GONE: Final = Statement(
    select(_i.id)
    .where(
        one_of(_i.state, FORGETTABLE),
        _i.ended_at < bindparam("before"),
        ~exists().where(_r.incident_id == _i.id, one_of(_r.state, IN_PLACE)),
    )
    .limit(SLICE)
)
_DROP_REMEDIES: Final = Statement(delete(schema.remedies).where(any_of(_r.incident_id, "ids")))
_DROP_INCIDENTS: Final = Statement(delete(schema.incidents).where(any_of(_i.id, "ids")))


def dropping(column: Column[int], *conditions: ColumnElement[bool]) -> Statement:
    """Return the statement that deletes a slice of the rows of a table whose time in a column is before `before`."""
    table = column.table
    keys = list(table.primary_key)
    key = keys[0] if len(keys) == 1 else tuple_(*keys)
    chosen = select(*keys).where(column < bindparam("before"), *conditions).limit(SLICE)
    return Statement(delete(table).where(key.in_(chosen)))


_DROP_PASSES: Final = dropping(schema.passes.c.ended_at)
_DROP_ENDED: Final = (
    dropping(schema.entries.c.ended_at),
    dropping(schema.overrides.c.until),
    dropping(schema.silences.c.until),
)


async def forget_rows(database: Database, statements: Sequence[Statement], before: datetime) -> int:
    """Delete all that statements of `dropping` find, slice by slice; return how many rows that were."""
    limit, count = micros(before), 0
    for statement in statements:
        count += await _in_slices(database, partial(_drop, statement, limit))
    return count


async def forget_ended(database: Database, before: datetime, passes_before: datetime) -> int:
    """Delete incidents with their remedies, and all else that ended before a time; return how many records."""
    limit = micros(before)

    def incidents(session: Session) -> int:
        gone = [incident_id for (incident_id,) in session.all(_GONE, before=limit)]
        ids = text_list(gone)
        return session.run(_DROP_REMEDIES, ids=ids) + session.run(_DROP_INCIDENTS, ids=ids) if gone else 0

    count = await forget_rows(database, (_DROP_PASSES,), passes_before)
    return count + await forget_rows(database, _DROP_ENDED, before) + await _in_slices(database, incidents)


def _drop(statement: Statement, before: int, session: Session) -> int:
    return session.run(statement, before=before)


async def _in_slices(database: Database, unit: Callable[[Session], int]) -> int:
    count = 0
    while done := await database.write(unit, durable=False):
        count += done
    return count
