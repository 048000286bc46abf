"""Incidents, remedies, overrides, silences and passes in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, func, select

from daemon.adapters.sql import schema
from daemon.adapters.sql.commit import INCIDENTS, REMEDIES, commit, needs_disk
from daemon.adapters.sql.conditions import any_of, constant, one_of
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.forget import forget_ended
from daemon.adapters.sql.lists import Listed
from daemon.adapters.sql.statements import Statement
from daemon.adapters.sql.values import Records, instant, micros, micros_or_none, text_list
from daemon.errors import StoreFull
from daemon.ports import Batch, IncidentFilter, Page
from daemon.products.documents import to_json
from daemon.products.incidents import Incident, Kind, Silence, State
from daemon.products.passes import PassRecord
from daemon.products.remedies import Override, Remedy, RemedyState

_SILENCES: Final = Listed(schema.silences, Silence, "silence")
_PASSES: Final = Listed(schema.passes, PassRecord, "pass")
_OVERRIDES: Final[Records[Override]] = Records(Override)

_i, _r, _o, _s, _c = (
    schema.incidents.c,
    schema.remedies.c,
    schema.overrides.c,
    schema.silences.c,
    schema.checks.c,
)
_newest = select(func.max(_i.seq)).where(any_of(_i.product_id, "ids")).group_by(_i.product_id, _i.rule)
_LATEST: Final = Statement(select(_i.body).where(_i.seq.in_(_newest)).order_by(_i.seq))
_LATEST_OF_RULE: Final = Statement(
    select(_i.body)
    .where(_i.rule == bindparam("of_rule"), one_of(_i.kind, (kind for kind in Kind if kind is not Kind.PRODUCT)))
    .order_by(_i.seq.desc())
    .limit(1)
)
_COUNTS: Final = Statement(select(_i.state, func.count()).group_by(_i.state))
_CLOCKS: Final = Statement(
    select(_i.body).where(_i.clock_at <= bindparam("now")).order_by(_i.clock_at).limit(bindparam("at_most"))
)
_CAUSED: Final = Statement(
    select(_i.body).where(_i.inhibited_by == bindparam("cause"), _i.inhibited_by != constant("")).order_by(_i.seq)
)
_DUE: Final = Statement(
    select(_c.product_id)
    .where(_c.recheck_at <= bindparam("now"))
    .order_by(_c.recheck_at, _c.product_id)
    .limit(bindparam("at_most"))
)
_NEXT_DUE: Final = Statement(select(func.min(_c.recheck_at)))
_PROGRESS: Final = Statement(select(schema.progress.c.value).where(schema.progress.c.name == bindparam("of_name")))
_HELD: Final = Statement(
    select(_r.body).where(any_of(_r.product_id, "ids"), _r.state == constant(str(RemedyState.APPLIED)))
)
_REMEDIES_OF: Final = Statement(select(_r.body).where(any_of(_r.incident_id, "ids")).order_by(_r.seq.desc()))
_IN_FORCE: Final = Statement(select(_o.body).where(any_of(_o.product_id, "ids"), _o.until > bindparam("now")))
# Sorted afterwards: asked to sort, SQLite would rather walk all silences there ever were than the few in force.
_SILENT: Final = Statement(select(_s.seq, _s.body).where(_s.ended == constant(0), _s.until > bindparam("now")))

_CONDITIONS: Final[dict[str, ColumnElement[bool]]] = {
    "states": any_of(_i.state, "states"),
    "product_id": _i.product_id == bindparam("product_id"),
    "rule": _i.rule == bindparam("rule"),
    "min_severity": _i.severity >= bindparam("min_severity"),
    "kind": _i.kind == bindparam("kind"),
    "owner": _i.owner == bindparam("owner"),
    "inhibited": _i.inhibited_by != constant(""),
    "uninhibited": _i.inhibited_by == constant(""),
    "pending": _i.remedy_pending == constant(1),
    "not_pending": _i.remedy_pending == constant(0),
}


class SqlIncidentStore:
    """A ports.IncidentStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def commit(self, batch: Batch) -> None:
        """Keep a batch in one transaction. Raises Conflict when an incident or remedy was changed meanwhile."""
        await self._database.write(commit(batch, self._database.chain), durable=needs_disk(batch))

    async def incident(self, incident_id: str) -> Incident:
        """Return one incident. Raises NotFound."""
        return await self._database.read(lambda session: INCIDENTS.get(session, incident_id))

    async def latest(self, product_ids: Sequence[str]) -> dict[str, Sequence[Incident]]:
        """Return, for each product, the latest incident of each rule, ended ones included."""
        ids = text_list(product_ids)
        found: dict[str, list[Incident]] = {}
        for incident in await self._database.read(lambda session: INCIDENTS.read(session, _LATEST, ids=ids)):
            found.setdefault(incident.product_id, []).append(incident)
        return dict(found)

    async def latest_of_rule(self, rule: str) -> Incident | None:
        """Return the latest mass or checker incident of a rule."""
        found = await self._database.read(lambda session: INCIDENTS.read(session, _LATEST_OF_RULE, of_rule=rule))
        return found[0] if found else None

    async def find(self, where: IncidentFilter, limit: int, cursor: str | None = None) -> Page:
        """Return a page of incidents, newest first."""
        values = _asked(where)
        conditions = [(name, _CONDITIONS[name]) for name in sorted(values)]
        return await INCIDENTS.page(self._database, limit, cursor, conditions, **values)

    async def check(self) -> None:
        """Return when the store can be used. Raises Unavailable, and StoreFull while the last write found no room."""
        await self._database.read(lambda session: session.one(_NEXT_DUE))
        if self._database.full is not None:
            raise StoreFull(str(self._database.full))

    async def counts(self) -> dict[State, int]:
        """Return how many incidents are in each state, all states named."""
        counted: dict[str, int] = dict(await self._database.read(lambda session: session.all(_COUNTS)))
        return {state: counted.get(str(state), 0) for state in State}

    async def clocks_due(self, now: datetime, limit: int) -> Sequence[Incident]:
        """Return incidents whose escalate_at, remind_at or silenced_until has come, longest due first."""
        at = micros(now)
        return await self._database.read(lambda s: INCIDENTS.read(s, _CLOCKS, now=at, at_most=limit))

    async def inhibited_by(self, incident_id: str) -> Sequence[Incident]:
        """Return incidents that name this one as their cause, oldest first."""
        return await self._database.read(lambda session: INCIDENTS.read(session, _CAUSED, cause=incident_id))

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of products whose recheck time has come, longest due first."""
        rows = await self._database.read(lambda session: session.all(_DUE, now=micros(now), at_most=limit))
        return [product_id for (product_id,) in rows]

    async def next_due(self) -> datetime | None:
        """Return the earliest recheck time."""
        row = await self._database.read(lambda session: session.one(_NEXT_DUE))
        return None if row is None or row[0] is None else instant(row[0])

    async def progress(self, name: str) -> str | None:
        """Return a small named value."""
        row = await self._database.read(lambda session: session.one(_PROGRESS, of_name=name))
        return None if row is None else row[0]

    async def remedy(self, remedy_id: str) -> Remedy:
        """Return one remedy. Raises NotFound."""
        return await self._database.read(lambda session: REMEDIES.get(session, remedy_id))

    async def held(self, product_ids: Sequence[str]) -> dict[str, Remedy]:
        """Return the applied remedy of each product that has one."""
        ids = text_list(product_ids)
        found = await self._database.read(lambda session: REMEDIES.read(session, _HELD, ids=ids))
        return {remedy.product_id: remedy for remedy in found}

    async def remedies_of(self, incident_ids: Sequence[str]) -> dict[str, Sequence[Remedy]]:
        """Return the remedies of incidents, newest first, by incident id."""
        ids = text_list(incident_ids)
        found: dict[str, list[Remedy]] = {}
        for remedy in await self._database.read(lambda session: REMEDIES.read(session, _REMEDIES_OF, ids=ids)):
            found.setdefault(remedy.incident_id, []).append(remedy)
        return dict(found)

    async def find_remedies(
        self, states: Sequence[RemedyState], limit: int, cursor: str | None = None, *, rule: str | None = None
    ) -> Page:
        """Return a page of remedies, newest first; no states means any."""
        conditions: list[tuple[str, ColumnElement[bool]]] = []
        if states:
            conditions.append(("states", any_of(_r.state, "states")))
        if rule is not None:
            conditions.append(("rule", _r.rule == bindparam("rule")))
        return await REMEDIES.page(
            self._database, limit, cursor, conditions, states=text_list(map(str, states)), rule=rule
        )

    async def overrides(self, product_ids: Sequence[str], now: datetime) -> dict[tuple[str, str], Override]:
        """Return overrides still in force, by product id and rule."""
        ids, at = text_list(product_ids), micros(now)
        found = await self._database.read(
            lambda s: [_OVERRIDES.read(body) for (body,) in s.all(_IN_FORCE, ids=ids, now=at)]
        )
        return {(override.product_id, override.rule): override for override in found}

    async def silences(self, now: datetime) -> Sequence[Silence]:
        """Return silences in force, newest first."""
        rows = await self._database.read(lambda session: session.all(_SILENT, now=micros(now)))
        return [_SILENCES.records.read(body) for _, body in sorted(rows, reverse=True)]

    async def save_silence(self, silence: Silence) -> None:
        """Insert or replace a silence."""
        row = {
            "id": silence.id,
            "until": micros(silence.until),
            "ended": silence.ended_at is not None,
            "body": to_json(silence),
        }
        await self._database.write(lambda session: _SILENCES.put(session, row), durable=True)

    async def silence(self, silence_id: str) -> Silence:
        """Return one silence. Raises NotFound."""
        return await self._database.read(lambda session: _SILENCES.get(session, silence_id))

    async def add_pass(self, record: PassRecord) -> None:
        """Insert or replace a row of the ledger of passes."""
        row = {"id": record.id, "ended_at": micros_or_none(record.finished_at), "body": to_json(record)}
        await self._database.write(lambda session: _PASSES.put(session, row), durable=False)

    async def passes(self, limit: int, cursor: str | None = None) -> Page:
        """Return a page of PassRecord, newest first."""
        return await _PASSES.page(self._database, limit, cursor)

    async def forget(self, before: datetime, passes_before: datetime | None = None) -> int:
        """Delete incidents, their remedies, passes, sent entries, overrides and silences that ended before a time.

        An incident that a closed-by-hand fault or a remedy still in place hangs on is kept.
        """
        return await forget_ended(self._database, before, passes_before or before)


def _asked(where: IncidentFilter) -> dict[str, Any]:
    """Return what a filter binds, by the names of its conditions."""
    values: dict[str, Any] = {"states": text_list(map(str, where.states))} if where.states else {}
    for name in ("product_id", "rule", "kind", "owner"):
        if (value := getattr(where, name)) is not None:
            values[name] = str(value)
    if where.min_severity is not None:
        values["min_severity"] = where.min_severity.rank
    if where.inhibited is not None:
        values["inhibited" if where.inhibited else "uninhibited"] = None
    if where.remedy_pending is not None:
        values["pending" if where.remedy_pending else "not_pending"] = None
    return values
