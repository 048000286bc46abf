"""What becomes of applied remedies: undone when the reason is gone, ended when somebody else decided."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog

from daemon.errors import Conflict, NotFound, Unavailable
from daemon.ports import Actor, Batch, IncidentFilter
from daemon.products.incidents import ALIVE, Incident, News, State
from daemon.products.product import Product
from daemon.products.remedies import RECOVERY, STRENGTH, Remedy, RemedyState
from daemon.services.checkers import TRIES
from daemon.services.duty import Duty
from daemon.services.remedies import take
from daemon.services.remedy_records import APPLIED_BY, PAGE, UNDONE_BY, all_in, end, keep, last_actor, override_of

_log = structlog.get_logger()

#: A remedy stays while its incident is one of these.
_HOLDING = ALIVE | {State.CLOSED}


async def settle(duty: Duty) -> None:
    """Look at every applied remedy: undo what has recovered, respect what others decided, hand on what goes on."""
    applied = await all_in(duty, RemedyState.APPLIED)
    for start in range(0, len(applied), PAGE):
        for remedy in await _unsettled(duty, applied[start : start + PAGE]):
            try:
                await _settle(duty, remedy)
            except Conflict:
                _log.info("remedy.postponed", remedy=remedy.id, product=remedy.product_id)
            except Unavailable as exc:
                _log.warning("remedy.postponed", remedy=remedy.id, product=remedy.product_id, reason=str(exc))
                return  # the others would fare no better


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


async def adopt(duty: Duty, actor: Actor, product_id: str) -> bool:
    """A person sets the status that a remedy has set already: no recovery puts it back any more.

    Returns whether a remedy ended by that. Raises Conflict when the remedy keeps changing.
    """
    for attempt in range(TRIES):
        found = await _in_force(duty, product_id)
        if not found:
            return False
        try:
            await _end_for(duty, actor, found)
        except Conflict:
            if attempt == TRIES - 1:
                raise
            continue
        return True
    return False


async def _in_force(duty: Duty, product_id: str) -> list[Remedy]:
    """Return the remedy that set the status of a product, and the one that it is just about to take over from."""
    by = await last_actor(duty, product_id)
    if not by.startswith(APPLIED_BY):
        return []
    setter = await duty.ports.incidents.remedy(by.removeprefix(APPLIED_BY))
    if setter.state not in {RemedyState.PLANNED, RemedyState.APPLIED}:
        return []
    held = (await duty.ports.incidents.held([product_id])).get(product_id)
    return [setter, held] if held and held.id != setter.id else [setter]


async def _end_for(duty: Duty, actor: Actor, found: Sequence[Remedy]) -> None:
    now = duty.ports.clock.now()
    first, *others = (
        msgspec.structs.replace(remedy, state=RemedyState.OVERRIDDEN, ended_at=now, ended_by=actor.id)
        for remedy in found
    )
    product = await duty.ports.catalogue.get(first.product_id)
    overrides = tuple(override_of(duty, remedy, actor.id) for remedy in found)
    await keep(
        duty, first, News.REMEDY_OVERRIDDEN, product, None, ended=tuple(others), overrides=overrides, actor=actor.id
    )


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
    await _put_back(duty, product, remedy, person=actor.id)
    return await duty.ports.incidents.remedy(remedy_id)


async def _settle(duty: Duty, remedy: Remedy) -> None:
    try:
        product = await duty.ports.catalogue.get(remedy.product_id)
    except NotFound:
        await end(duty, remedy, RemedyState.ABANDONED, "the product is gone")
        return
    # Read after the product: whoever ends a remedy does so first and moves the product's revision then.
    remedy = await duty.ports.incidents.remedy(remedy.id)
    if remedy.state is not RemedyState.APPLIED:
        return
    if product.status != remedy.after or not await _is_ours(duty, product.id):
        await _moved_by_others(duty, product, remedy)
        return
    incident = await duty.ports.incidents.incident(remedy.incident_id)
    heir = await _heir(duty, incident)
    if heir is None or heir.state not in _HOLDING or heir.remedy is None:
        await _let_go(duty, product, remedy)
    elif heir.id != incident.id:
        await duty.ports.incidents.commit(Batch(remedies=(msgspec.structs.replace(remedy, incident_id=heir.id),)))


async def _is_ours(duty: Duty, product_id: str) -> bool:
    """Whether a remedy set the status: somebody may have changed it, and set the same again."""
    by = await last_actor(duty, product_id)
    return not by or by.startswith(APPLIED_BY)


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
    by = await last_actor(duty, product.id)
    if by.startswith(f"{UNDONE_BY}{remedy.id}"):
        await _keep_undone(duty, product, remedy, person=by.removeprefix(f"{UNDONE_BY}{remedy.id}").removeprefix(":"))
    elif not by.startswith(APPLIED_BY):  # that one is just about to take over
        overridden = msgspec.structs.replace(
            remedy, state=RemedyState.OVERRIDDEN, ended_at=duty.ports.clock.now(), ended_by=by
        )
        override = override_of(duty, remedy, by)
        await keep(duty, overridden, News.REMEDY_OVERRIDDEN, product, None, overrides=(override,), actor=by)


async def _let_go(duty: Duty, product: Product, remedy: Remedy) -> None:
    """The reason is gone: hand the product to another incident that needs it held, else put the status back."""
    waiting = await _next_holder(duty, remedy)
    if waiting is None:
        await _put_back(duty, product, remedy)
    else:
        await take(duty, product, waiting, remedy)


async def _next_holder(duty: Duty, remedy: Remedy) -> Incident | None:
    where = IncidentFilter(states=tuple(ALIVE), product_id=remedy.product_id, remedy_pending=True, inhibited=False)
    page = await duty.ports.incidents.find(where, PAGE)
    let_be = await duty.ports.incidents.overrides([remedy.product_id], duty.ports.clock.now())
    others = [
        (STRENGTH.index(i.remedy), i.id, i)
        for i in page.items
        if i.id != remedy.incident_id and i.remedy and (i.product_id, i.rule) not in let_be
    ]
    return min(others)[2] if others else None


async def _put_back(duty: Duty, product: Product, remedy: Remedy, *, person: str = "") -> None:
    """Restore the status. person: who asked for it, "" when the incident recovered."""
    restored = msgspec.structs.replace(product, status=remedy.before)
    actor = f"{UNDONE_BY}{remedy.id}" + (f":{person}" if person else "")
    await duty.ports.catalogue.replace(product, restored, actor=actor, now=duty.ports.clock.now())
    await _keep_undone(duty, product, remedy, person=person)


async def _keep_undone(duty: Duty, product: Product, remedy: Remedy, *, person: str) -> None:
    undone = msgspec.structs.replace(
        remedy, state=RemedyState.UNDONE, ended_at=duty.ports.clock.now(), ended_by=person or RECOVERY
    )
    await keep(
        duty,
        undone,
        News.REMEDY_UNDONE,
        product,
        (remedy.after, remedy.before),
        overrides=(override_of(duty, remedy, person),) if person else (),
        actor=person or "daemon",
    )
