"""Keeping a batch: incidents, remedies, notices, audits and check times, all in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import delete
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.sql import schema
from daemon.adapters.sql.audit import AuditChain
from daemon.adapters.sql.conditions import any_of
from daemon.adapters.sql.lists import Listed
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import micros, micros_or_none, text_list
from daemon.errors import Conflict
from daemon.ports import Batch
from daemon.products.documents import to_json
from daemon.products.incidents import CURRENT, Incident, Kind
from daemon.products.notices import Entry
from daemon.products.records import UNSENT, next_clock
from daemon.products.remedies import Remedy, RemedyState

V = TypeVar("V", Incident, Remedy)

INCIDENTS: Final = Listed(schema.incidents, Incident, "incident")
REMEDIES: Final = Listed(schema.remedies, Remedy, "remedy")
ENTRIES: Final = Listed(schema.entries, Entry, "entry")

_override = insert(schema.overrides)
_PUT_OVERRIDE: Final = Statement(
    _override.on_conflict_do_update(
        index_elements=["product_id", "rule"],
        set_={"until": _override.excluded.until, "body": _override.excluded.body},
    )
)
_check = insert(schema.checks)
_PUT_CHECK: Final = Statement(
    _check.on_conflict_do_update(
        index_elements=["product_id"],
        set_={"recheck_at": _check.excluded.recheck_at},
        where=schema.checks.c.recheck_at != _check.excluded.recheck_at,
    )
)
_DROP_CHECKS: Final = Statement(delete(schema.checks).where(any_of(schema.checks.c.product_id, "ids")))
_progress = insert(schema.progress)
_PUT_PROGRESS: Final = Statement(
    _progress.on_conflict_do_update(index_elements=["name"], set_={"value": _progress.excluded.value})
)


def needs_disk(batch: Batch) -> bool:
    """Tell whether a batch holds what a power cut must not undo; check times and marks are worked out again."""
    return bool(batch.incidents or batch.remedies or batch.overrides or batch.entries or batch.audits)


def commit(batch: Batch, chain: AuditChain) -> Callable[[Session], None]:
    """Return the unit that keeps a batch, its audit entries in the chain."""

    def unit(session: Session) -> None:
        _keep(session, INCIDENTS, batch.incidents, incident_row, _is_current)
        _keep(session, REMEDIES, batch.remedies, remedy_row, _is_applied)
        session.run_many(_PUT_OVERRIDE, map(_override_row, batch.overrides))
        ENTRIES.add(session, map(entry_row, batch.entries))
        chain.add(session, batch.audits)
        _keep_checks(session, batch.rechecks)
        session.run_many(_PUT_PROGRESS, ({"name": n, "value": v} for n, v in batch.progress.items()))

    return unit


def incident_row(incident: Incident) -> dict[str, Any]:
    """Return the columns of an incident."""
    return {
        "id": incident.id,
        "kind": str(incident.kind),
        "product_id": incident.product_id,
        "rule": incident.rule,
        "state": str(incident.state),
        "severity": incident.severity.rank,
        "owner": incident.owner,
        "inhibited_by": incident.inhibited_by,
        "remedy_pending": incident.remedy_pending,
        "clock_at": micros_or_none(next_clock(incident)),
        "ended_at": micros_or_none(incident.ended_at),
        "revision": incident.revision,
        "body": to_json(incident),
    }


def remedy_row(remedy: Remedy) -> dict[str, Any]:
    """Return the columns of a remedy."""
    return {
        "id": remedy.id,
        "incident_id": remedy.incident_id,
        "product_id": remedy.product_id,
        "rule": remedy.rule,
        "state": str(remedy.state),
        "revision": remedy.revision,
        "body": to_json(remedy),
    }


def entry_row(entry: Entry, ended_at: datetime | None = None) -> dict[str, Any]:
    """Return the columns of an entry. ended_at: when it left the outbox, None while it is on its way."""
    return {
        "id": entry.id,
        "channel": entry.channel,
        "state": str(entry.state),
        "not_before": 0 if entry.not_before is None else micros(entry.not_before),
        "message_id": entry.message_id,
        "sent_at": micros_or_none(entry.sent_at),
        "ended_at": None if entry.state in UNSENT else micros_or_none(ended_at),
        "body": to_json(entry),
    }


def _keep(
    session: Session,
    table: Listed[V],
    records: Sequence[V],
    row_of: Callable[[V], dict[str, Any]],
    one_at_a_time: Callable[[V], bool],
) -> None:
    """Store records with their next revision: what gives a place up goes before what takes it."""
    if len({record.id for record in records}) != len(records):
        raise Conflict("one record twice in one batch")
    raised = [msgspec.structs.replace(record, revision=record.revision + 1) for record in records]
    known = [record for record in raised if record.revision > 1]
    table.change_if_unchanged(session, _rows(row_of, (r for r in known if not one_at_a_time(r))))
    table.change_if_unchanged(session, _rows(row_of, (r for r in known if one_at_a_time(r))))
    table.add(session, _rows(row_of, (r for r in raised if r.revision == 1)))


def _rows(row_of: Callable[[V], dict[str, Any]], records: Iterable[V]) -> list[dict[str, Any]]:
    return [row_of(record) for record in records]


def _is_current(incident: Incident) -> bool:
    return incident.kind is Kind.PRODUCT and incident.state in CURRENT


def _is_applied(remedy: Remedy) -> bool:
    return remedy.state is RemedyState.APPLIED


def _override_row(override: Any) -> dict[str, Any]:
    return {
        "product_id": override.product_id,
        "rule": override.rule,
        "until": micros(override.until),
        "body": to_json(override),
    }


def _keep_checks(session: Session, rechecks: Mapping[str, datetime | None]) -> None:
    timed = [{"product_id": i, "recheck_at": micros(at)} for i, at in rechecks.items() if at is not None]
    session.run_many(_PUT_CHECK, timed)
    untimed = [product_id for product_id, at in rechecks.items() if at is None]
    if untimed:
        session.run(_DROP_CHECKS, ids=text_list(untimed))
