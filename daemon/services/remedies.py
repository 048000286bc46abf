"""Remedies: planned, applied by compare-and-set after judging once more, handed from one incident to another.

Every step is kept before the next one is taken, so that a daemon killed anywhere finds out on its next start what
had happened: the product's last edit names the remedy that made it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from daemon.errors import Conflict, InvalidInput, NotFound, Unavailable
from daemon.ports import Batch, IncidentFilter
from daemon.products.incidents import ALIVE, CURRENT, Decision, Incident, Kind, News
from daemon.products.product import Product, Status
from daemon.products.remedies import STRENGTH, Budget, Remedy, RemedyState, as_judged, remedy_for
from daemon.products.verdicts import Outcome, Severity
from daemon.services.checkers import TRIES, report
from daemon.services.duty import Duty, lies_in_shop
from daemon.services.pass_context import ContextMaker
from daemon.services.remedy_records import APPLIED_BY, PAGE, all_in, end, keep, last_actor, override_of
from daemon.services.telling import tell_remedy

_log = structlog.get_logger()

#: Prefix of the rule name of incidents that ask a person about too many products at once.
MASS = "mass:"
#: Remedies that whoever decided waits for; the next round of checks applies the others. So few are applied within a
#: fraction of a second, and the answer goes out before the notices about them take up the pace of the room.
AT_ONCE = 100


async def apply_pending(duty: Duty) -> int:
    """Apply the remedies that incidents wait for, rule by rule within the budget; return how many were applied.

    A rule over its budget is frozen: one mass incident asks a person, and nothing is touched until they decide; what
    they decided is carried out here when it was cut off, or is too much for one answer. The budget's share is of the
    products that there are now: an import may have brought them while the pass was running.
    """
    budget = Budget(duty.config.remedies.budget_count, duty.config.remedies.budget_percent)
    applied = 0
    pending = await _pending(duty)
    asked = await _asked(duty)
    rules = sorted({incident.rule for incident in pending} | asked.keys())
    catalogue_size = await duty.ports.catalogue.count() if rules else 0
    for rule in rules:
        waiting = [incident for incident in pending if incident.rule == rule]
        if rule in duty.deciding:
            continue  # whoever decided just now applies them
        if rule in asked and asked[rule].decision:
            applied += await carry_out(duty, asked[rule], waiting)
            continue
        over = budget.exceeded(len(waiting), catalogue_size)
        await _ask(duty, rule, len(waiting) if over else 0, catalogue_size)
        if not over:
            applied += await apply_all(duty, waiting)
    return applied


async def _asked(duty: Duty) -> dict[str, Incident]:
    """Return the questions that are not settled yet, by the rule that they are about."""
    where = IncidentFilter(states=tuple(CURRENT), kind=Kind.MASS.value)
    page = await duty.ports.incidents.find(where, PAGE)
    return {incident.rule.removeprefix(MASS): incident for incident in page.items}


async def carry_out(duty: Duty, question: Incident, waiting: Sequence[Incident], most: int | None = None) -> int:
    """Do what a person decided about a rule over its budget; return how many remedies were applied.

    waiting: the incidents of the rule that wait. most: of them now; the next round goes on with the others. What has
    gone bad since the decision is not covered by it.
    """
    covered = [one for one in waiting if question.ended_at is None or one.first_bad_at <= question.ended_at]
    applied = 0
    if question.decision is Decision.APPLY:
        applied = await apply_all(duty, covered[:most])
    else:
        await _let_be(duty, covered)
    if question.decision is Decision.APPLY and len(covered) > len(covered[:most]):
        duty.wake_checks.set()
    else:
        await _ask(duty, question.rule.removeprefix(MASS), 0, 0)
    return applied


async def _let_be(duty: Duty, incidents: Sequence[Incident]) -> None:
    """Let incidents wait no longer. One that changed meanwhile may: overrides keep its rule away."""
    for start in range(0, len(incidents), PAGE):
        page = incidents[start : start + PAGE]
        try:
            await duty.ports.incidents.commit(
                Batch(incidents=tuple(msgspec.structs.replace(one, remedy_pending=False) for one in page))
            )
        except Conflict:
            _log.info("remedy.postponed", rule=page[0].rule, products=len(page))


async def apply_all(duty: Duty, incidents: Sequence[Incident]) -> int:
    """Apply the remedies of incidents, the strongest of each product first; return how many were applied."""
    applied = 0
    for incident in sorted(incidents, key=_strength):
        try:
            applied += await _apply(duty, incident)
        except Conflict:
            _log.info("remedy.postponed", incident=incident.id, product=incident.product_id)
        except Unavailable as exc:
            _log.warning("remedy.postponed", incident=incident.id, product=incident.product_id, reason=str(exc))
            break  # the others would fare no better; a later pass finds out what became of this one
    return applied


def _strength(incident: Incident) -> int:
    return STRENGTH.index(incident.remedy) if incident.remedy else len(STRENGTH)


async def pending_of_rule(duty: Duty, rule: str) -> list[Incident]:
    """Return the incidents of a rule that wait for their remedy."""
    return [incident for incident in await _pending(duty) if incident.rule == rule]


async def _pending(duty: Duty) -> list[Incident]:
    where = IncidentFilter(states=tuple(ALIVE), remedy_pending=True, inhibited=False)
    found: list[Incident] = []
    cursor: str | None = None
    while True:
        page = await duty.ports.incidents.find(where, PAGE, cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
    products = sorted({incident.product_id for incident in found})
    held = await duty.ports.incidents.held(products)
    let_be = await duty.ports.incidents.overrides(products, duty.ports.clock.now())
    return [
        incident
        for incident in found
        if (incident.product_id, incident.rule) not in let_be and _may_take(incident, held.get(incident.product_id))
    ]


def _may_take(incident: Incident, held: Remedy | None) -> bool:
    """Whether an incident's remedy may be applied now: nothing holds the product, or something weaker does."""
    return held is None or _strength(incident) < STRENGTH.index(held.kind)


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
    held = (await ports.incidents.held([product.id])).get(product.id)
    if not _may_take(incident, held) or (held and product.status != held.after):
        return False  # it waits until the other remedy lets go, or is settled
    judged = as_judged(product, held)
    now = ports.clock.now()
    overrides = await ports.incidents.overrides([product.id], now)
    if judged.status is not Status.LISTED or (product.id, incident.rule) in overrides:
        await _give_up(duty, incident)
        return False
    if product.missing_since is not None or not await _still_bad(duty, judged, incident, now):
        return False
    return await take(duty, product, incident, held)


async def _give_up(duty: Duty, incident: Incident) -> None:
    await duty.ports.incidents.commit(Batch(incidents=(msgspec.structs.replace(incident, remedy_pending=False),)))


async def _still_bad(duty: Duty, judged: Product, incident: Incident, now: datetime) -> bool:
    context = await ContextMaker(duty.rulebook).make([judged], duty.ports.catalogue, duty.ports.evidence, now)
    return any(
        rule.spec.id == incident.rule and verdict.outcome is Outcome.BAD and verdict.fingerprint == incident.fingerprint
        for rule, verdict in duty.rulebook.evaluate(judged, context)
    )


async def take(duty: Duty, product: Product, incident: Incident, held: Remedy | None) -> bool:
    """Hold a product for an incident, in place of the remedy that holds it until now; tell whether it came to that.

    Written down first; the old remedy stays in force until the product is ours.
    """
    now = duty.ports.clock.now()
    planned = remedy_for(incident, product, RemedyState.PLANNED, now)
    if held:
        planned = msgspec.structs.replace(planned, before=held.before)
    waiting = msgspec.structs.replace(incident, remedy_pending=False)
    await duty.ports.incidents.commit(Batch(incidents=(waiting,), remedies=(planned,)))
    tell_remedy(planned)
    planned = msgspec.structs.replace(planned, revision=planned.revision + 1)
    if product.status == planned.after:
        await _keep_applied(duty, product, planned, held)
        return True
    changed = msgspec.structs.replace(product, status=planned.after)
    try:
        await duty.ports.catalogue.replace(product, changed, actor=f"{APPLIED_BY}{planned.id}", now=now)
    except (Conflict, NotFound):
        await end(duty, planned, RemedyState.ABANDONED, "the product changed meanwhile")
        return False
    except InvalidInput as exc:
        await _end_impossible(duty, planned, str(exc))
        return False
    except Unavailable:
        duty.doubtful.add(planned.id)
        raise
    await _keep_applied(duty, product, planned, held)
    return True


async def _end_impossible(duty: Duty, planned: Remedy, reason: str) -> None:
    """The catalogue has no place for such a change: its rule, which would ask again, is kept away for a while."""
    now = duty.ports.clock.now()
    ended = msgspec.structs.replace(planned, state=RemedyState.ABANDONED, ended_at=now, note=reason)
    override = override_of(duty, planned, "daemon")
    await duty.ports.incidents.commit(Batch(remedies=(ended,), overrides=(override,)))
    _log.warning("remedy.impossible", remedy=planned.id, rule=planned.rule, product=planned.product_id, reason=reason)


async def _keep_applied(duty: Duty, product: Product, planned: Remedy, held: Remedy | None) -> None:
    """Write down that the product is ours. Somebody who moved it since has ended what held it, or this remedy."""
    for attempt in range(TRIES):
        try:
            await _commit_applied(duty, product, planned, held)
        except Conflict:
            if attempt == TRIES - 1:
                raise
            planned = await duty.ports.incidents.remedy(planned.id)
            held = (await duty.ports.incidents.held([product.id])).get(product.id)
            if planned.state is RemedyState.PLANNED:
                continue
        return


async def _commit_applied(duty: Duty, product: Product, planned: Remedy, held: Remedy | None) -> None:
    now = duty.ports.clock.now()
    confirmed_at = now if lies_in_shop(duty, product.source) else None
    applied = msgspec.structs.replace(
        planned, state=RemedyState.APPLIED, applied_at=now, shop_confirmed_at=confirmed_at
    )
    if held is None:
        await keep(duty, applied, News.REMEDY_APPLIED, product, (planned.before, planned.after))
        return
    handed = msgspec.structs.replace(held, state=RemedyState.HANDED_OVER, ended_at=now, ended_by=planned.id)
    await keep(duty, applied, News.REMEDY_APPLIED, product, (held.after, planned.after), ended=(handed,))


async def recover(duty: Duty, older_than_s: float = 0.0) -> int:
    """Finish what a death or an outage cut off: a planned remedy either did change its product or never will.

    older_than_s: what was planned since may be under way, unless it is known not to be. A catalogue that cannot
    tell yet is asked again by a later pass.
    """
    before = duty.ports.clock.now() - timedelta(seconds=older_than_s)
    planned = [
        remedy
        for remedy in await all_in(duty, RemedyState.PLANNED)
        if remedy.planned_at <= before or remedy.id in duty.doubtful
    ]
    for remedy in planned:
        try:
            await _finish(duty, remedy)
            duty.doubtful.discard(remedy.id)
        except (Unavailable, Conflict) as exc:
            duty.doubtful.add(remedy.id)
            _log.info("remedy.doubtful", remedy=remedy.id, product=remedy.product_id, reason=str(exc))
    return len(planned)


async def _finish(duty: Duty, remedy: Remedy) -> None:
    if await last_actor(duty, remedy.product_id) != f"{APPLIED_BY}{remedy.id}":
        await end(
            duty, remedy, RemedyState.ABANDONED, "the daemon ended or the catalogue went away before it was applied"
        )
        return
    product = await duty.ports.catalogue.get(remedy.product_id)
    held = await duty.ports.incidents.held([remedy.product_id])
    await _keep_applied(duty, product, remedy, held.get(remedy.product_id))
