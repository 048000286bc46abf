"""Remedies: written down, applied by compare-and-set, watched, undone.

Every step is kept before the next one is taken, so that a daemon killed anywhere finds out on its next start what
had happened: the product's last edit names the remedy that made it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from daemon.errors import Conflict, NotFound
from daemon.ports import Actor, AuditEntry, Batch, IncidentFilter
from daemon.products.ids import new_id
from daemon.products.incidents import ALIVE, CURRENT, Incident, Kind, News, State
from daemon.products.product import Product, Status
from daemon.products.remedies import STATUS_AFTER, STRENGTH, Budget, Override, Remedy, RemedyState, remedy_for
from daemon.products.verdicts import Outcome, Severity
from daemon.services.checkers import report
from daemon.services.duty import Duty
from daemon.services.notices import remedy_entries, status_changed_entries
from daemon.services.pass_context import ContextMaker
from daemon.services.telling import tell_remedy

_log = structlog.get_logger()

#: Prefix of the rule name of incidents that ask a person about too many products at once.
MASS = "mass:"
_PAGE = 500
#: A remedy stays while its incident is one of these.
_HOLDING = ALIVE | {State.CLOSED}


async def apply_pending(duty: Duty, catalogue_size: int) -> int:
    """Apply the remedies that incidents wait for, rule by rule within the budget; return how many were applied.

    A rule over its budget is frozen: one mass incident asks a person, and nothing is touched until they decide.
    """
    budget = Budget(duty.config.remedies.budget_count, duty.config.remedies.budget_percent)
    applied = 0
    pending = await _pending(duty)
    for rule in sorted({incident.rule for incident in pending} | await _asked_rules(duty)):
        waiting = [incident for incident in pending if incident.rule == rule]
        over = budget.exceeded(len(waiting), catalogue_size)
        await _ask(duty, rule, len(waiting) if over else 0, catalogue_size)
        if not over:
            applied += await apply_all(duty, waiting)
    return applied


async def _asked_rules(duty: Duty) -> set[str]:
    where = IncidentFilter(states=tuple(CURRENT), kind=Kind.MASS.value)
    page = await duty.ports.incidents.find(where, _PAGE)
    return {incident.rule.removeprefix(MASS) for incident in page.items}


async def apply_all(duty: Duty, incidents: Sequence[Incident]) -> int:
    """Apply the remedies of incidents, the strongest of each product first; return how many were applied."""
    strongest_first = sorted(incidents, key=lambda i: STRENGTH.index(i.remedy) if i.remedy else len(STRENGTH))
    applied = 0
    for incident in strongest_first:
        try:
            applied += await _apply(duty, incident)
        except Conflict:
            _log.info("remedy.postponed", incident=incident.id, product=incident.product_id)
    return applied


async def pending_of_rule(duty: Duty, rule: str) -> list[Incident]:
    """Return the incidents of a rule that wait for their remedy."""
    return [incident for incident in await _pending(duty) if incident.rule == rule]


async def answered(duty: Duty, rule: str) -> None:
    """A person decided about a rule over its budget: the question is settled, the next mass is a new one."""
    await _ask(duty, rule, 0, 0)


async def _pending(duty: Duty) -> list[Incident]:
    where = IncidentFilter(states=tuple(ALIVE), remedy_pending=True, inhibited=False)
    found: list[Incident] = []
    cursor: str | None = None
    while True:
        page = await duty.ports.incidents.find(where, _PAGE, cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
    held = await duty.ports.incidents.held(sorted({incident.product_id for incident in found}))
    return [incident for incident in found if incident.product_id not in held]


async def _ask(duty: Duty, rule: str, touched: int, catalogue_size: int) -> None:
    problem = (
        f"{rule} asks to change {touched} of {catalogue_size} products at once; "
        "nothing is changed until somebody decides"
        if touched
        else ""
    )
    await report(
        duty, MASS + rule, problem, severity=Severity.CRITICAL, kind=Kind.MASS, title=rule, fingerprint=MASS + rule
    )


async def _apply(duty: Duty, incident: Incident) -> bool:
    """Re-read the product, judge it again, and only then change its status. Returns whether it was changed."""
    ports = duty.ports
    try:
        product = await ports.catalogue.get(incident.product_id)
    except NotFound:
        await _give_up(duty, incident)
        return False
    now = ports.clock.now()
    if product.id in await ports.incidents.held([product.id]):
        return False  # it waits until the other remedy lets go
    if product.status is not Status.LISTED or (product.id, incident.rule) in await ports.incidents.overrides(
        [product.id], now
    ):
        await _give_up(duty, incident)
        return False
    if product.missing_since is not None or not await _still_bad(duty, product, incident, now):
        return False
    planned = remedy_for(incident, product, RemedyState.PLANNED, now)
    waiting = msgspec.structs.replace(incident, remedy_pending=False)
    await ports.incidents.commit(Batch(incidents=(waiting,), remedies=(planned,)))
    planned = msgspec.structs.replace(planned, revision=planned.revision + 1)
    return await _carry_out(duty, product, planned)


async def _give_up(duty: Duty, incident: Incident) -> None:
    await duty.ports.incidents.commit(Batch(incidents=(msgspec.structs.replace(incident, remedy_pending=False),)))


async def _still_bad(duty: Duty, product: Product, incident: Incident, now: datetime) -> bool:
    maker = ContextMaker(duty.rulebook)
    context = await maker.make([product], duty.ports.catalogue, duty.ports.evidence, now)
    return any(
        rule.spec.id == incident.rule and verdict.outcome is Outcome.BAD and verdict.fingerprint == incident.fingerprint
        for rule, verdict in duty.rulebook.evaluate(product, context)
    )


async def _carry_out(duty: Duty, product: Product, planned: Remedy) -> bool:
    try:
        changed = msgspec.structs.replace(product, status=planned.after)
        await duty.ports.catalogue.replace(product, changed, actor=f"remedy:{planned.id}", now=duty.ports.clock.now())
    except (Conflict, NotFound):
        await _abandon(duty, planned)
        return False
    await _keep_applied(duty, product, planned)
    return True


async def _keep_applied(duty: Duty, product: Product, planned: Remedy) -> None:
    now = duty.ports.clock.now()
    applied = msgspec.structs.replace(planned, state=RemedyState.APPLIED, applied_at=now)
    await _keep(duty, applied, News.REMEDY_APPLIED, product, planned.before, planned.after, now)


async def _keep(
    duty: Duty, remedy: Remedy, news: News, product: Product, before: Status, after: Status, now: datetime,
    *, overrides: tuple[Override, ...] = (), actor: str = "daemon",
) -> None:  # fmt: skip
    """Commit where a remedy now stands together with all that people and machines hear of it."""
    incident = await duty.ports.incidents.incident(remedy.incident_id)
    moved = (
        () if before == after else status_changed_entries(duty, product, before.value, after.value, remedy.rule, now)
    )
    audit = AuditEntry(
        id=new_id(), at=now, actor=actor, action=f"remedy.{remedy.state.value}", target=f"product:{remedy.product_id}",
        detail={"remedy": remedy.id, "rule": remedy.rule, "before": before.value, "after": after.value},
    )  # fmt: skip
    await duty.ports.incidents.commit(
        Batch(
            remedies=(remedy,),
            overrides=overrides,
            entries=(*remedy_entries(duty, incident, remedy, news, now), *moved),
            audits=(audit,),
        )
    )
    tell_remedy(remedy)
    duty.wake_notices.set()


async def _abandon(duty: Duty, planned: Remedy) -> None:
    """The product is no longer as it was judged: nothing was done, the next pass judges it anew."""
    now = duty.ports.clock.now()
    abandoned = msgspec.structs.replace(
        planned, state=RemedyState.ABANDONED, ended_at=now, note="the product changed meanwhile"
    )
    await duty.ports.incidents.commit(Batch(remedies=(abandoned,), rechecks={planned.product_id: now}))
    tell_remedy(abandoned)


async def recover(duty: Duty) -> int:
    """Finish what a dead daemon had begun: a planned remedy either did change its product or never will."""
    finished = 0
    async for planned in _each(duty, RemedyState.PLANNED):
        finished += 1
        if await _last_actor(duty, planned.product_id) == f"remedy:{planned.id}":
            product = await duty.ports.catalogue.get(planned.product_id)
            await _keep_applied(duty, product, planned)
        else:
            await _abandon(duty, planned)
    return finished


async def settle(duty: Duty) -> None:
    """Look at every applied remedy: undo what has recovered, respect what others decided, hand on what goes on."""
    cursor: str | None = None
    unsettled: list[Remedy] = []
    while True:
        page = await duty.ports.incidents.find_remedies((RemedyState.APPLIED,), _PAGE, cursor)
        unsettled += await _unsettled(duty, page.items)
        cursor = page.cursor
        if cursor is None:
            break
    for remedy in unsettled:
        try:
            await _settle(duty, remedy)
        except Conflict:
            _log.info("remedy.postponed", remedy=remedy.id, product=remedy.product_id)


async def _unsettled(duty: Duty, applied: Sequence[Remedy]) -> list[Remedy]:
    """Return the remedies that may have to move, found in two queries: most simply go on."""
    ids = [remedy.product_id for remedy in applied]
    products = await duty.ports.catalogue.get_many(ids)
    latest = await duty.ports.incidents.latest(ids)
    going_on = {
        incident.id
        for incidents in latest.values()
        for incident in incidents
        if incident.state in _HOLDING and incident.remedy is not None
    }
    return [
        remedy
        for remedy in applied
        if remedy.incident_id not in going_on
        or remedy.product_id not in products
        or products[remedy.product_id].status != remedy.after
    ]


async def settle_product(duty: Duty, product_id: str) -> None:
    """Look at the remedy that holds one product, if any."""
    held = await duty.ports.incidents.held([product_id])
    if product_id in held:
        await _settle(duty, held[product_id])


async def undo(duty: Duty, actor: Actor, remedy_id: str) -> Remedy:
    """A person takes a remedy back, and its rule leaves the product alone for a while.

    Raises NotFound, or Conflict when it is not in force or the product has another status by now.
    """
    remedy = await duty.ports.incidents.remedy(remedy_id)
    if remedy.state is not RemedyState.APPLIED:
        raise Conflict(f"remedy {remedy_id} is {remedy.state}, only an applied one can be undone")
    product = await duty.ports.catalogue.get(remedy.product_id)
    if product.status != remedy.after:
        await _settle(duty, remedy)
        raise Conflict(f"product {product.id} is {product.status}, no longer {remedy.after}: there is nothing to undo")
    now = duty.ports.clock.now()
    await _put_back(duty, product, remedy, by=actor.id, overrides=(_override(duty, remedy, actor.id, now),))
    return await duty.ports.incidents.remedy(remedy_id)


async def _settle(duty: Duty, remedy: Remedy) -> None:
    try:
        product = await duty.ports.catalogue.get(remedy.product_id)
    except NotFound:
        await _end(duty, remedy, RemedyState.ABANDONED, "the product is gone")
        return
    if product.status != remedy.after:
        await _moved_by_others(duty, product, remedy)
        return
    incident = await duty.ports.incidents.incident(remedy.incident_id)
    heir = await _heir(duty, incident)
    if heir is not None and heir.state in _HOLDING and heir.remedy is not None:
        if heir.id != incident.id:
            await duty.ports.incidents.commit(Batch(remedies=(msgspec.structs.replace(remedy, incident_id=heir.id),)))
        return
    await _let_go(duty, product, remedy)


async def _heir(duty: Duty, incident: Incident) -> Incident | None:
    """Follow a superseded incident to the one that goes on in its place."""
    while incident.state is State.SUPERSEDED:
        try:
            incident = await duty.ports.incidents.incident(incident.superseded_by)
        except NotFound:
            return None
    return incident


async def _moved_by_others(duty: Duty, product: Product, remedy: Remedy) -> None:
    """The product has another status than ours: our own undo before a crash, or somebody's decision."""
    now = duty.ports.clock.now()
    by = await _last_actor(duty, product.id)
    if by == f"undo:{remedy.id}":
        undone = msgspec.structs.replace(remedy, state=RemedyState.UNDONE, ended_at=now, ended_by="recovery")
        await _keep(duty, undone, News.REMEDY_UNDONE, product, remedy.after, remedy.before, now)
        return
    overridden = msgspec.structs.replace(remedy, state=RemedyState.OVERRIDDEN, ended_at=now, ended_by=by)
    override = _override(duty, remedy, by, now)
    await _keep(
        duty, overridden, News.REMEDY_OVERRIDDEN, product, remedy.after, remedy.after, now, overrides=(override,)
    )


def _override(duty: Duty, remedy: Remedy, by: str, now: datetime) -> Override:
    until = now + timedelta(seconds=duty.config.remedies.override)
    return Override(product_id=remedy.product_id, rule=remedy.rule, until=until, by=by)


async def _let_go(duty: Duty, product: Product, remedy: Remedy) -> None:
    """The reason is gone: hand the product to another incident that needs it held, else put the status back."""
    next_incident = await _next_holder(duty, remedy)
    if next_incident is None or next_incident.remedy is None:
        await _put_back(duty, product, remedy, by="recovery")
        return
    now = duty.ports.clock.now()
    heir = msgspec.structs.replace(remedy_for(next_incident, product, RemedyState.PLANNED, now), before=remedy.before)
    handed = msgspec.structs.replace(remedy, state=RemedyState.HANDED_OVER, ended_at=now, ended_by=heir.id)
    taken = msgspec.structs.replace(next_incident, remedy_pending=False)
    await duty.ports.incidents.commit(Batch(incidents=(taken,), remedies=(handed, heir)))
    tell_remedy(handed)
    heir = msgspec.structs.replace(heir, revision=heir.revision + 1)
    if STATUS_AFTER[next_incident.remedy] == remedy.after:
        await _keep_applied(duty, product, heir)
    else:
        await _carry_out(duty, product, heir)


async def _next_holder(duty: Duty, remedy: Remedy) -> Incident | None:
    where = IncidentFilter(states=tuple(ALIVE), product_id=remedy.product_id, remedy_pending=True, inhibited=False)
    page = await duty.ports.incidents.find(where, _PAGE)
    others = [i for i in page.items if i.id != remedy.incident_id and i.remedy is not None]
    return min(others, key=lambda i: STRENGTH.index(i.remedy), default=None) if others else None


async def _put_back(
    duty: Duty, product: Product, remedy: Remedy, *, by: str, overrides: tuple[Override, ...] = ()
) -> None:
    now = duty.ports.clock.now()
    restored = msgspec.structs.replace(product, status=remedy.before)
    await duty.ports.catalogue.replace(product, restored, actor=f"undo:{remedy.id}", now=now)
    undone = msgspec.structs.replace(remedy, state=RemedyState.UNDONE, ended_at=now, ended_by=by)
    actor = "daemon" if by == "recovery" else by
    await _keep(
        duty, undone, News.REMEDY_UNDONE, product, remedy.after, remedy.before, now, overrides=overrides, actor=actor
    )


async def _end(duty: Duty, remedy: Remedy, state: RemedyState, note: str) -> None:
    ended = msgspec.structs.replace(remedy, state=state, ended_at=duty.ports.clock.now(), note=note)
    await duty.ports.incidents.commit(Batch(remedies=(ended,)))
    tell_remedy(ended)


async def _last_actor(duty: Duty, product_id: str) -> str:
    """Return who last changed the status of a product, "" when nobody ever did."""
    page = await duty.ports.catalogue.edits(product_id, 50)
    return next((edit.actor for edit in page.items if "status" in edit.changes), "")


async def _each(duty: Duty, state: RemedyState) -> AsyncIterator[Remedy]:
    """Iterate over the remedies in a state as they were when asked for; what changes meanwhile is not seen twice."""
    found: list[Remedy] = []
    cursor: str | None = None
    while True:
        page = await duty.ports.incidents.find_remedies((state,), _PAGE, cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
    for remedy in found:
        yield remedy
