"""Incidents, remedies, overrides and check times in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from heapq import nsmallest
from typing import Any, TypeVar

import msgspec

from daemon.adapters.memory.claims import Claim, Claims
from daemon.adapters.memory.ledger import Ledger
from daemon.adapters.memory.state import MemoryState
from daemon.errors import Conflict
from daemon.ports import Batch, IncidentFilter, Page
from daemon.products.incidents import CURRENT, Incident, Kind, Silence, State
from daemon.products.passes import PassRecord
from daemon.products.records import FORGETTABLE, IN_PLACE, UNSENT, next_clock
from daemon.products.remedies import Override, Remedy, RemedyState

V = TypeVar("V", Incident, Remedy)


class MemoryIncidentStore:
    """A ports.IncidentStore that is gone with the process. A commit is checked whole before any of it is kept."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state
        self._latest: dict[str, dict[str, str]] = {}
        self._current = Claims("a current incident of this rule")
        self._held = Claims("an applied remedy")

    async def commit(self, batch: Batch) -> None:
        """Keep a batch in one step. Raises Conflict when an incident or remedy was changed meanwhile."""
        state = self._state
        _check_revisions("incident", state.incidents, batch.incidents)
        _check_revisions("remedy", state.remedies, batch.remedies)
        _check_new("entry", state.entries, [e.id for e in batch.entries])
        state.check_new_audits(batch.audits)
        claims = {i.id: _current_of(i) for i in batch.incidents}
        holds = {r.id: _held_by(r) for r in batch.remedies}
        self._current.check(claims)
        self._held.check(holds)
        self._current.move(claims)
        self._held.move(holds)
        for incident in batch.incidents:
            if incident.id not in state.incidents:
                self._latest.setdefault(incident.product_id, {})[incident.rule] = incident.id
            state.incidents.put(incident.id, msgspec.structs.replace(incident, revision=incident.revision + 1))
        for remedy in batch.remedies:
            state.remedies.put(remedy.id, msgspec.structs.replace(remedy, revision=remedy.revision + 1))
        state.overrides.update({(o.product_id, o.rule): o for o in batch.overrides})
        for entry in batch.entries:
            state.entries.put(entry.id, entry)
        state.note(batch.audits)
        for product_id in batch.rechecks:
            state.rechecks.pop(product_id, None)
        state.rechecks.update({i: at for i, at in batch.rechecks.items() if at is not None})
        state.progress.update(batch.progress)

    async def incident(self, incident_id: str) -> Incident:
        """Return one incident. Raises NotFound."""
        return self._state.incidents.get(incident_id)

    async def latest(self, product_ids: Sequence[str]) -> dict[str, Sequence[Incident]]:
        """Return, for each product, the latest incident of each rule, ended ones included."""
        found = {i: list(self._latest.get(i, {}).values()) for i in product_ids}
        return {i: [self._state.incidents.get(n) for n in ids] for i, ids in found.items() if ids}

    async def latest_of_rule(self, rule: str) -> Incident | None:
        """Return the latest mass or checker incident of a rule."""
        rows = self._state.incidents.newest()
        return next((i for i in rows if i.rule == rule and i.kind is not Kind.PRODUCT), None)

    async def find(self, where: IncidentFilter, limit: int, cursor: str | None = None) -> Page:
        """Return a page of incidents, newest first."""
        return self._state.incidents.page(limit, cursor, lambda incident: _matches(incident, where))

    async def check(self) -> None:
        """Return: memory can always be used."""

    async def counts(self) -> dict[State, int]:
        """Return how many incidents are in each state, all states named."""
        counted = Counter(incident.state for incident in self._state.incidents)
        return {state: counted[state] for state in State}

    async def clocks_due(self, now: datetime, limit: int) -> Sequence[Incident]:
        """Return incidents whose escalate_at, remind_at or silenced_until has come, longest due first."""
        timed = ((next_clock(incident), incident) for incident in self._state.incidents)
        due = [(at, incident) for at, incident in timed if at is not None and at <= now]
        return [incident for _, incident in nsmallest(limit, due, key=lambda pair: pair[0])]

    async def inhibited_by(self, incident_id: str) -> Sequence[Incident]:
        """Return incidents that name this one as their cause, oldest first."""
        return [i for i in self._state.incidents if i.inhibited_by and i.inhibited_by == incident_id]

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of products whose recheck time has come, longest due first."""
        due = [(at, product_id) for product_id, at in self._state.rechecks.items() if at <= now]
        return [product_id for _, product_id in nsmallest(limit, due)]

    async def next_due(self) -> datetime | None:
        """Return the earliest recheck time."""
        return min(self._state.rechecks.values(), default=None)

    async def progress(self, name: str) -> str | None:
        """Return a small named value."""
        return self._state.progress.get(name)

    async def remedy(self, remedy_id: str) -> Remedy:
        """Return one remedy. Raises NotFound."""
        return self._state.remedies.get(remedy_id)

    async def held(self, product_ids: Sequence[str]) -> dict[str, Remedy]:
        """Return the applied remedy of each product that has one."""
        held = {i: self._held.holder((i,)) for i in product_ids}
        return {i: self._state.remedies.get(remedy_id) for i, remedy_id in held.items() if remedy_id is not None}

    async def remedies_of(self, incident_ids: Sequence[str]) -> dict[str, Sequence[Remedy]]:
        """Return the remedies of incidents, newest first, by incident id."""
        wanted, found = set(incident_ids), dict[str, list[Remedy]]()
        for remedy in self._state.remedies.newest():
            if remedy.incident_id in wanted:
                found.setdefault(remedy.incident_id, []).append(remedy)
        return dict(found)

    async def find_remedies(
        self, states: Sequence[RemedyState], limit: int, cursor: str | None = None, *, rule: str | None = None
    ) -> Page:
        """Return a page of remedies, newest first; no states means any."""
        return self._state.remedies.page(
            limit, cursor, lambda r: (not states or r.state in states) and rule in {None, r.rule}
        )

    async def overrides(self, product_ids: Sequence[str], now: datetime) -> dict[tuple[str, str], Override]:
        """Return overrides still in force, by product id and rule."""
        wanted = set(product_ids)
        return {k: o for k, o in self._state.overrides.items() if o.product_id in wanted and now < o.until}

    async def silences(self, now: datetime) -> Sequence[Silence]:
        """Return silences in force, newest first."""
        return [s for s in self._state.silences.newest() if now < s.until and s.ended_at is None]

    async def save_silence(self, silence: Silence) -> None:
        """Insert or replace a silence."""
        self._state.silences.put(silence.id, silence)

    async def silence(self, silence_id: str) -> Silence:
        """Return one silence. Raises NotFound."""
        return self._state.silences.get(silence_id)

    async def add_pass(self, record: PassRecord) -> None:
        """Insert or replace a row of the ledger of passes."""
        self._state.passes.put(record.id, record)

    async def passes(self, limit: int, cursor: str | None = None) -> Page:
        """Return a page of PassRecord, newest first."""
        return self._state.passes.page(limit, cursor)

    async def forget(self, before: datetime, passes_before: datetime | None = None) -> int:
        """Delete incidents, their remedies, passes, sent entries, overrides and silences that ended before a time.

        An incident that a closed-by-hand fault or a remedy still in place hangs on is kept.
        """
        state = self._state
        busy = {r.incident_id for r in state.remedies if r.state in IN_PLACE}
        ended = [
            i for i in state.incidents if i.state in FORGETTABLE and i.id not in busy and _before(i.ended_at, before)
        ]
        gone = {i.id for i in ended}
        for incident in ended:
            rules = self._latest[incident.product_id]
            if rules.get(incident.rule) == incident.id:
                del rules[incident.rule]
        lapsed = [key for key, override in state.overrides.items() if override.until < before]
        for key in lapsed:
            del state.overrides[key]
        return (
            len(lapsed)
            + state.silences.forget(lambda silence: silence.until < before)
            + state.incidents.forget(lambda i: i.id in gone)
            + state.remedies.forget(lambda r: r.incident_id in gone)
            + state.passes.forget(lambda p: _before(p.finished_at, passes_before or before))
            + state.entries.forget(lambda e: e.state not in UNSENT and _before(state.entries_ended.get(e.id), before))
        )


def _before(at: datetime | None, limit: datetime) -> bool:
    return at is not None and at < limit


def _current_of(incident: Incident) -> Claim:
    one_of_a_kind = incident.kind is Kind.PRODUCT and incident.state in CURRENT
    return (incident.product_id, incident.rule) if one_of_a_kind else None


def _held_by(remedy: Remedy) -> Claim:
    return (remedy.product_id,) if remedy.state is RemedyState.APPLIED else None


def _check_revisions(what: str, ledger: Ledger[V], changed: Sequence[V]) -> None:
    for record in changed:
        stored = ledger.get(record.id).revision if record.id in ledger else 0
        if stored != record.revision:
            raise Conflict(f"{what} {record.id} was changed meanwhile: revision {stored}, not {record.revision}")
    if len({record.id for record in changed}) != len(changed):
        raise Conflict(f"one {what} twice in one batch")


def _check_new(what: str, ledger: Ledger[Any], ids: Sequence[str]) -> None:
    for record_id in ids:
        if record_id in ledger or ids.count(record_id) > 1:
            raise Conflict(f"there is {what} {record_id!r} already")


def _matches(incident: Incident, where: IncidentFilter) -> bool:
    return (
        (not where.states or incident.state in where.states)
        and where.product_id in {None, incident.product_id}
        and where.rule in {None, incident.rule}
        and (where.min_severity is None or incident.severity.rank >= where.min_severity.rank)
        and where.kind in {None, incident.kind}
        and (where.owner is None or incident.owner == where.owner)
        and where.inhibited in {None, bool(incident.inhibited_by)}
        and where.remedy_pending in {None, incident.remedy_pending}
    )
