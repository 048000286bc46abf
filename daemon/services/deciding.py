"""A person answers a mass incident: a rule has found so much at once that it has held its remedies back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from daemon.errors import Conflict
from daemon.ports import Actor
from daemon.products import incident_life as life
from daemon.products.incidents import Decision, Incident
from daemon.products.remedies import Override
from daemon.services import remedies
from daemon.services.duty import Duty
from daemon.services.incidents import change


class Decided(NamedTuple):
    """A mass incident that somebody answered, and how many products that came to."""

    incident: Incident
    waited: int
    applied: int
    left: int  # that the next round of checks goes on with


async def decide(duty: Duty, actor: Actor, incident_id: str, apply: bool, *, at_most: int | None = None) -> Decided:
    """Answer a mass incident: apply the frozen remedies, or let the rule leave the products alone for a while.

    The first remedies.AT_ONCE are applied before this returns, the others by the next round of checks, which also
    finishes what was cut off. at_most: products that the person knows of. Raises Conflict when the incident asks
    nothing, or more products wait than that.
    """
    mass = await duty.ports.incidents.incident(incident_id)
    decision = Decision.APPLY if apply else Decision.DROP
    life.decide(mass, actor.name, decision, duty.ports.clock.now())  # before anything is read for it
    rule = mass.rule.removeprefix(remedies.MASS)
    waiting = await remedies.pending_of_rule(duty, rule)
    if at_most is not None and len(waiting) > at_most:
        raise Conflict(f"incident {incident_id} is about {len(waiting)} products by now, not {at_most}")
    if rule in duty.deciding:
        raise Conflict(f"incident {incident_id} is being decided just now")
    duty.deciding.add(rule)
    try:
        decided = await _close_decided(duty, actor, incident_id, decision, waiting)
        applied = await remedies.carry_out(duty, decided, waiting, remedies.AT_ONCE)
    finally:
        duty.deciding.discard(rule)
    left = max(len(waiting) - remedies.AT_ONCE, 0) if apply else 0
    return Decided(decided, len(waiting), applied, left)


async def _close_decided(
    duty: Duty, actor: Actor, incident_id: str, decision: Decision, waiting: Sequence[Incident]
) -> Incident:
    return await change(
        duty,
        actor,
        incident_id,
        "closed",
        lambda incident, now: life.decide(incident, actor.name, decision, now),
        {"reason": decision.value, "products": str(len(waiting))},
        () if decision is Decision.APPLY else _overrides(duty, actor, waiting),
    )


def _overrides(duty: Duty, actor: Actor, waiting: Sequence[Incident]) -> tuple[Override, ...]:
    until = duty.ports.clock.now() + timedelta(seconds=duty.config.remedies.override)
    return tuple(Override(product_id=one.product_id, rule=one.rule, until=until, by=actor.id) for one in waiting)
