"""What people and the clock do to incidents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from daemon.errors import Conflict, InvalidInput
from daemon.ports import Actor, AuditEntry, Batch, IncidentFilter
from daemon.products import incident_life as life
from daemon.products.ids import new_id
from daemon.products.incidents import ALIVE, Change, Event, Incident, LifePolicy, Silence, State
from daemon.products.remedies import Override
from daemon.services.checkers import TRIES
from daemon.services.duty import Duty
from daemon.services.judging import policy_of
from daemon.services.notices import entries_for
from daemon.services.telling import tell

_CLOCK_PAGE = 500


async def acknowledge(duty: Duty, actor: Actor, incident_id: str) -> Incident:
    """Take an incident on. Raises NotFound, or Conflict when it is over or somebody has it already."""
    return await change(
        duty, actor, incident_id, "acknowledged", lambda incident, now: life.acknowledge(incident, actor.name, now)
    )


async def silence(duty: Duty, actor: Actor, incident_id: str, until: datetime) -> Incident:
    """Hear nothing of an incident until an aware time. Raises NotFound, or Conflict when it is over."""
    return await change(
        duty,
        actor,
        incident_id,
        "silenced",
        lambda incident, now: life.silence(incident, actor.name, until, now),
        {"until": until.isoformat()},
    )


async def close(duty: Duty, actor: Actor, incident_id: str, reason: str) -> Incident:
    """End an incident with a reason; it stays closed while the very same fault goes on."""
    if not reason.strip():
        raise InvalidInput("an incident is closed with a reason", (("reason", "expected a text that is not blank"),))
    return await change(
        duty,
        actor,
        incident_id,
        "closed",
        lambda incident, now: life.close(incident, actor.name, reason.strip()[:500], now),
        {"reason": reason.strip()[:500]},
    )


async def reopen(duty: Duty, actor: Actor, incident_id: str) -> Incident:
    """Take the end of an incident back. Raises Conflict when it is not over, or a newer one has taken its place."""
    incident = await duty.ports.incidents.incident(incident_id)
    if incident.product_id:
        latest = await duty.ports.incidents.latest([incident.product_id])
        newest = next((i for i in latest.get(incident.product_id, ()) if i.rule == incident.rule), incident)
    else:
        newest = await duty.ports.incidents.latest_of_rule(incident.rule) or incident
    if newest.id != incident.id:
        raise Conflict(f"incident {incident_id} is history: {newest.id} is the current one of its rule and product")
    policy = _policy(duty, incident.rule)
    return await change(duty, actor, incident_id, "reopened", lambda current, now: life.reopen(current, policy, now))


async def add_silence(
    duty: Duty, actor: Actor, *, rule: str = "", product_id: str = "", category: str = "", owner: str = "",
    until: datetime, reason: str = "",
) -> Silence:  # fmt: skip
    """Silence all that match until a time, what is open already included."""
    now = duty.ports.clock.now()
    if not (rule or product_id or category or owner):
        raise InvalidInput("a silence that matches everything is refused", (("", "name at least one thing to match"),))
    if until <= now:
        raise InvalidInput("the end of the silence has passed", (("until", "expected a time in the future"),))
    made = Silence(
        id=new_id(), rule=rule, product_id=product_id, category=category, owner=owner, until=until, created_at=now,
        created_by=actor.name, reason=reason,
    )  # fmt: skip
    await duty.ports.incidents.save_silence(made)
    await _audit(duty, actor, "silence.added", f"silence:{made.id}", {"until": until.isoformat(), "rule": rule}, now)
    await _silence_matching(duty, made, now)
    return made


async def _silence_matching(duty: Duty, made: Silence, now: datetime) -> None:
    where = IncidentFilter(
        states=(State.OPEN, State.ESCALATED), rule=made.rule or None, product_id=made.product_id or None,
        owner=made.owner or None,
    )  # fmt: skip
    cursor: str | None = None
    matching: list[Incident] = []
    while True:
        page = await duty.ports.incidents.find(where, _CLOCK_PAGE, cursor)
        matching += [incident for incident in page.items if made.matches(incident, now)]
        cursor = page.cursor
        if cursor is None:
            break
    for incident in matching:
        await _follow(duty, incident, lambda i, t: life.silence(i, f"silence:{made.id}", made.until, t))


async def end_silence(duty: Duty, actor: Actor, silence_id: str) -> Silence:
    """End a silence early; what it silenced is heard of again. Raises NotFound."""
    now = duty.ports.clock.now()
    found = await duty.ports.incidents.silence(silence_id)
    ended = msgspec.structs.replace(found, ended_at=now)
    await duty.ports.incidents.save_silence(ended)
    await _audit(duty, actor, "silence.ended", f"silence:{silence_id}", {}, now)
    cursor: str | None = None
    silenced: list[Incident] = []
    while True:
        page = await duty.ports.incidents.find(IncidentFilter(states=(State.SILENCED,)), _CLOCK_PAGE, cursor)
        silenced += [incident for incident in page.items if incident.silenced_by == f"silence:{silence_id}"]
        cursor = page.cursor
        if cursor is None:
            break
    for incident in silenced:
        policy = _policy(duty, incident.rule)
        await _follow(duty, incident, lambda i, t, p=policy: life.end_silence(i, p, t))  # type: ignore[misc]
    return ended


async def tick_clocks(duty: Duty) -> int:
    """Escalate, remind, and end silences where the time has come; return how many incidents moved."""
    moved = 0
    while due := await duty.ports.incidents.clocks_due(duty.ports.clock.now(), _CLOCK_PAGE):
        progressed = 0
        for incident in due:
            progressed += await _follow(duty, incident, lambda i, t: _clock_change(duty, i, t))
        moved += progressed
        if not progressed:
            break
    return moved


def _clock_change(duty: Duty, incident: Incident, now: datetime) -> Change:
    policy = _policy(duty, incident.rule)
    if incident.state is State.SILENCED and incident.silenced_until and incident.silenced_until <= now:
        return life.end_silence(incident, policy, now)
    if incident.state is State.OPEN and incident.escalate_at and incident.escalate_at <= now:
        return life.escalate(incident, policy, now)
    if incident.state in ALIVE and incident.remind_at and incident.remind_at <= now:
        return life.remind(incident, policy, now)
    # A clock left behind by a state that it no longer fits would ring for ever.
    still = msgspec.structs.replace(incident, escalate_at=None, remind_at=None, silenced_until=None)
    return Change(still, Event.REFRESH)


def _policy(duty: Duty, rule_id: str) -> LifePolicy:
    rule = next((rule for rule in duty.rulebook.rules if rule.spec.id == rule_id), None)
    return policy_of(rule, duty.config.incidents)


async def _follow(duty: Duty, incident: Incident, step: Callable[[Incident, datetime], Change]) -> bool:
    """Take one step that the daemon takes by itself; leave it for the next round when somebody was faster."""
    now = duty.ports.clock.now()
    try:
        change = step(incident, now)
        await duty.ports.incidents.commit(
            Batch(incidents=(change.incident,), entries=entries_for(duty, (change,), now))
        )
    except Conflict:
        return False
    tell((change,))
    return True


async def change(
    duty: Duty,
    actor: Actor,
    incident_id: str,
    action: str,
    step: Callable[[Incident, datetime], Change],
    detail: Mapping[str, str] | None = None,
    overrides: tuple[Override, ...] = (),
) -> Incident:
    """Take one step that a person asked for, again when the daemon changed the incident meanwhile."""
    for attempt in range(TRIES):
        incident = await duty.ports.incidents.incident(incident_id)
        now = duty.ports.clock.now()
        change = step(incident, now)
        audit = AuditEntry(
            id=new_id(), at=now, actor=actor.id, action=f"incident.{action}", target=f"incident:{incident_id}",
            detail=detail or {},
        )  # fmt: skip
        entries = entries_for(duty, (change,), now)
        batch = Batch(incidents=(change.incident,), overrides=overrides, entries=entries, audits=(audit,))
        try:
            await duty.ports.incidents.commit(batch)
        except Conflict:
            if attempt == TRIES - 1:
                raise
            continue
        tell((change,))
        break
    return await duty.ports.incidents.incident(incident_id)


async def _audit(duty: Duty, actor: Actor, action: str, target: str, detail: Mapping[str, str], now: datetime) -> None:
    await duty.ports.audit.append(
        AuditEntry(id=new_id(), at=now, actor=actor.id, action=action, target=target, detail=detail)
    )
