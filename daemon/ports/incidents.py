"""Where incidents and remedies are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from daemon.ports.basics import Page
from daemon.ports.people import AuditEntry
from daemon.products.incidents import Incident, Silence, State
from daemon.products.notices import Entry
from daemon.products.passes import PassRecord
from daemon.products.remedies import Override, Remedy, RemedyState
from daemon.products.verdicts import Severity


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that are kept together or not at all.

    incidents, remedies: as they shall be; an existing one must still have the stored `revision`, a new one
    (revision 0, unknown id) is inserted; each is stored with revision + 1. rechecks: product id to the time of its
    next check by time alone, None for none; every product that a pass judged is named here.
    """

    incidents: tuple[Incident, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    overrides: tuple[Override, ...] = ()
    entries: tuple[Entry, ...] = ()
    audits: tuple[AuditEntry, ...] = ()
    rechecks: Mapping[str, datetime | None] = msgspec.field(default_factory=dict)
    progress: Mapping[str, str] = msgspec.field(default_factory=dict)  # small named values, such as the change mark

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__struct_fields__)


class IncidentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which incidents a list shows; empty means any. newest first."""

    states: tuple[State, ...] = ()
    product_id: str | None = None
    rule: str | None = None
    min_severity: Severity | None = None
    kind: str | None = None
    owner: str | None = None
    inhibited: bool | None = None
    remedy_pending: bool | None = None


class IncidentStore(Protocol):
    """Incidents, remedies, overrides, check times and progress; commits are fully durable."""

    async def commit(self, batch: Batch) -> None:
        """Keep a batch in one transaction. Raises Conflict when an incident or remedy was changed meanwhile."""

    async def incident(self, incident_id: str) -> Incident:
        """Return one incident. Raises NotFound."""

    async def latest(self, product_ids: Sequence[str]) -> dict[str, Sequence[Incident]]:
        """Return, for each product, the latest incident of each rule, ended ones included."""

    async def latest_of_rule(self, rule: str) -> Incident | None:
        """Return the latest mass or checker incident of a rule."""

    async def find(self, where: IncidentFilter, limit: int, cursor: str | None = None) -> Page:
        """Return a page of incidents, newest first."""

    async def check(self) -> None:
        """Return when the store can be used. Raises Unavailable, and StoreFull while the last write found no room."""

    async def counts(self) -> dict[State, int]:
        """Return how many incidents are in each state, all states named."""

    async def clocks_due(self, now: datetime, limit: int) -> Sequence[Incident]:
        """Return incidents whose escalate_at, remind_at or silenced_until has come."""

    async def inhibited_by(self, incident_id: str) -> Sequence[Incident]:
        """Return incidents that name this one as their cause."""

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Return ids of products whose recheck time has come, longest due first."""

    async def next_due(self) -> datetime | None:
        """Return the earliest recheck time."""

    async def progress(self, name: str) -> str | None:
        """Return a small named value."""

    async def remedy(self, remedy_id: str) -> Remedy:
        """Return one remedy. Raises NotFound."""

    async def held(self, product_ids: Sequence[str]) -> dict[str, Remedy]:
        """Return the applied remedy of each product that has one; there is never more than one."""

    async def remedies_of(self, incident_ids: Sequence[str]) -> dict[str, Sequence[Remedy]]:
        """Return the remedies of incidents, newest first, by incident id."""

    async def find_remedies(
        self, states: Sequence[RemedyState], limit: int, cursor: str | None = None, *, rule: str | None = None
    ) -> Page:
        """Return a page of remedies, newest first; no states means any."""

    async def overrides(self, product_ids: Sequence[str], now: datetime) -> dict[tuple[str, str], Override]:
        """Return overrides still in force, by product id and rule."""

    async def silences(self, now: datetime) -> Sequence[Silence]:
        """Return silences in force, newest first."""

    async def save_silence(self, silence: Silence) -> None:
        """Insert or replace a silence."""

    async def silence(self, silence_id: str) -> Silence:
        """Return one silence. Raises NotFound."""

    async def add_pass(self, record: PassRecord) -> None:
        """Insert or replace a row of the ledger of passes."""

    async def passes(self, limit: int, cursor: str | None = None) -> Page:
        """Return a page of PassRecord, newest first."""

    async def forget(self, before: datetime, passes_before: datetime | None = None) -> int:
        """Delete what ended before a time; return how many records that were.

        That is ended incidents with their remedies, passes, sent entries, overrides and silences. An incident that a
        closed-by-hand fault or a remedy still in place hangs on is kept. passes_before: another time for the ledger of
        passes, which grows by one every interval.
        """
