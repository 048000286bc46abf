"""Forgetting what ended long ago."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, exists, select

from daemon.adapters.sql import schema
from daemon.adapters.sql.conditions import any_of, one_of
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import micros, text_list
from daemon.products.records import FORGETTABLE, IN_PLACE

_i, _r, _p, _e = schema.incidents.c, schema.remedies.c, schema.passes.c, schema.entries.c

#: Incidents forgotten in one go, which bounds what is held of them meanwhile.
_SLICE: Final = 1000

_GONE: Final = Statement(
    select(_i.id)
    .where(
        one_of(_i.state, FORGETTABLE),
        _i.ended_at < bindparam("before"),
        ~exists().where(_r.incident_id == _i.id, one_of(_r.state, IN_PLACE)),
    )
    .limit(_SLICE)
)
_DROP_REMEDIES: Final = Statement(delete(schema.remedies).where(any_of(_r.incident_id, "ids")))
_DROP_INCIDENTS: Final = Statement(delete(schema.incidents).where(any_of(_i.id, "ids")))
_DROP_PASSES: Final = Statement(delete(schema.passes).where(_p.ended_at < bindparam("before")))
_DROP_ENTRIES: Final = Statement(delete(schema.entries).where(_e.ended_at < bindparam("before")))


def forget(before: datetime, passes_before: datetime) -> Callable[[Session], int]:
    """Return the unit that deletes what ended before a time and returns how many records that were."""
    limit = micros(before)

    def unit(session: Session) -> int:
        count = session.run(_DROP_PASSES, before=micros(passes_before)) + session.run(_DROP_ENTRIES, before=limit)
        while gone := [incident_id for (incident_id,) in session.all(_GONE, before=limit)]:
            ids = text_list(gone)
            count += session.run(_DROP_REMEDIES, ids=ids) + session.run(_DROP_INCIDENTS, ids=ids)
        return count

    return unit
