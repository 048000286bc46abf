"""Writing down where a remedy stands, together with all that people, machines and the audit log hear of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from daemon.ports import AuditEntry, Batch
from daemon.products.ids import new_id
from daemon.products.incidents import Incident, News
from daemon.products.product import Product, Status
from daemon.products.remedies import RECOVERY, Override, Remedy, RemedyState
from daemon.services.duty import Duty
from daemon.services.notices import remedy_entries, status_changed_entries
from daemon.services.telling import tell_remedy

PAGE: Final = 500
#: Prefixes of the actor of a product's edit, by which a daemon that died finds out what it had done.
APPLIED_BY: Final = "remedy:"
UNDONE_BY: Final = "undo:"


async def keep(
    duty: Duty,
    remedy: Remedy,
    news: News,
    product: Product,
    moved: tuple[Status, Status] | None,
    *,
    ended: tuple[Remedy, ...] = (),
    incidents: tuple[Incident, ...] = (),
    overrides: tuple[Override, ...] = (),
    actor: str = "daemon",
) -> None:
    """Commit a remedy in its new state.

    moved: the product's status before and after, None when the remedy's end did not move it. ended: remedies of the
    same product that end with this commit. Once nothing holds the product, it is judged anew: what went bad while this
    remedy was taken to be in force asked for none.
    """
    now = duty.ports.clock.now()
    incident = await duty.ports.incidents.incident(remedy.incident_id)
    told = remedy_entries(duty, incident, remedy, news, now, await _name_of(duty, remedy.ended_by))
    if moved and moved[0] != moved[1]:
        told += status_changed_entries(duty, product, moved[0].value, moved[1].value, remedy.rule, now)
    batch = Batch(
        incidents=incidents,
        remedies=(*ended, remedy),
        overrides=overrides,
        entries=told,
        audits=(_audit(remedy, moved, actor, now),),
        rechecks={} if remedy.state is RemedyState.APPLIED else {remedy.product_id: now},
    )
    await duty.ports.incidents.commit(batch)
    for one in batch.remedies:
        tell_remedy(one)


async def _name_of(duty: Duty, ended_by: str) -> str:
    """Return what a person is called, "" for what is no person: a recovery, a source."""
    if ended_by in {"", RECOVERY}:
        return ""
    return next((one.name for one in await duty.ports.principals.all() if one.id == ended_by), "")


def _audit(remedy: Remedy, moved: tuple[Status, Status] | None, actor: str, now: datetime) -> AuditEntry:
    detail = {"remedy": remedy.id, "rule": remedy.rule}
    if moved:
        detail |= {"before": moved[0].value, "after": moved[1].value}
    return AuditEntry(
        id=new_id(),
        at=now,
        actor=actor,
        action=f"remedy.{remedy.state.value}",
        target=f"product:{remedy.product_id}",
        detail=detail,
    )


async def end(duty: Duty, remedy: Remedy, state: RemedyState, note: str) -> None:
    """Commit the end of a remedy that did nothing, and have its product judged anew."""
    now = duty.ports.clock.now()
    ended = msgspec.structs.replace(remedy, state=state, ended_at=now, note=note)
    await duty.ports.incidents.commit(Batch(remedies=(ended,), rechecks={remedy.product_id: now}))
    tell_remedy(ended)


def override_of(duty: Duty, remedy: Remedy, by: str) -> Override:
    """Return the override that keeps the rule of a remedy away from its product for a while."""
    until = duty.ports.clock.now() + timedelta(seconds=duty.config.remedies.override)
    return Override(product_id=remedy.product_id, rule=remedy.rule, until=until, by=by)


async def last_actor(duty: Duty, product_id: str) -> str:
    """Return who last changed the status of a product, "" when nobody ever did."""
    cursor: str | None = None
    while True:
        page = await duty.ports.catalogue.edits(product_id, PAGE, cursor)
        for edit in page.items:
            if "status" in edit.changes:
                return str(edit.actor)
        cursor = page.cursor
        if cursor is None:
            return ""


async def all_in(duty: Duty, state: RemedyState) -> list[Remedy]:
    """Return the remedies in a state."""
    found: list[Remedy] = []
    cursor: str | None = None
    while True:
        page = await duty.ports.incidents.find_remedies((state,), PAGE, cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found
