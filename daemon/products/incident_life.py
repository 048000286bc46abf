"""Incident life cycle. Everything that can change an incident's state is in this file; nothing here does I/O.

`observe` turns one verdict into events of the machine in `incidents.TRANSITIONS`, the functions named after verbs turn
what a person or the clock did into events; each returns the incident after the change and the news that people should
hear.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from daemon.errors import Conflict
from daemon.products.incidents import (
    ALIVE,
    CURRENT,
    TRANSITIONS,
    Change,
    Decision,
    Event,
    Incident,
    Kind,
    LifePolicy,
    News,
    State,
    Subject,
)
from daemon.products.verdicts import Outcome, Verdict

#: What is no longer true of an incident that goes on after a person had ended it.
_NOT_CLOSED: Final[dict[str, Any]] = {"closed_by": "", "reason": "", "decision": None}


def next_state(state: State, event: Event) -> State:
    """Return the state after an event. Raises Conflict when the event cannot happen in this state."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(f"an incident that is {state} cannot take '{event}'") from None


def observe(
    current: Incident | None, verdict: Verdict, subject: Subject, policy: LifePolicy, now: datetime, new_id: str
) -> tuple[Change, ...]:
    """Turn one verdict into the changes that it makes.

    current: the latest incident of this product and rule, ended ones included, or None.
    new_id: id for an incident that has to be made. An unknown verdict changes nothing.
    """
    if verdict.outcome is Outcome.UNKNOWN:
        return ()
    if verdict.outcome is not Outcome.BAD:
        return _good(current, policy, now)
    if current is None or not _continues(current, verdict, policy, now):
        return (_begin(verdict, subject, policy, now, new_id),)
    if current.state is State.RECOVERED:
        return (_relapse(current, verdict, policy, now),)
    if current.fingerprint != verdict.fingerprint:
        return _supersede(current, verdict, subject, policy, now, new_id)
    return (_bad_again(current, verdict, policy, now),)


def acknowledge(incident: Incident, by: str, now: datetime) -> Change:
    """A person takes an incident on: it no longer escalates, nor reminds."""
    after = _step(incident, Event.ACKNOWLEDGE, acknowledged_at=now, acknowledged_by=by)
    return Change(
        msgspec.structs.replace(after, escalate_at=None, remind_at=None, silenced_until=None), Event.ACKNOWLEDGE
    )


def silence(incident: Incident, by: str, until: datetime, now: datetime) -> Change:
    """A person wants to hear nothing of an incident until a time. Raises Conflict when the time has passed."""
    if until <= now:
        raise Conflict(f"the end of the silence, {until.isoformat()}, has passed")
    after = _step(incident, Event.SILENCE, silenced_until=until, silenced_by=by, escalate_at=None, remind_at=None)
    return Change(after, Event.SILENCE)


def end_silence(incident: Incident, policy: LifePolicy, now: datetime) -> Change:
    """The silence is over and the fault is still there: people hear of it again."""
    after = _step(incident, Event.END_SILENCE, silenced_until=None, told=True)
    return Change(_clocked(after, policy, now), Event.END_SILENCE, News.REMINDER)


def escalate(incident: Incident, policy: LifePolicy, now: datetime) -> Change:
    """Nobody acknowledged in time."""
    remind_at = now + timedelta(seconds=policy.repeat_s) if policy.repeat_s else None
    after = _step(incident, Event.ESCALATE, escalated_at=now, escalate_at=None, remind_at=remind_at)
    return Change(after, Event.ESCALATE, News.ESCALATED)


def remind(incident: Incident, policy: LifePolicy, now: datetime) -> Change:
    """The repeat interval has passed on an incident that is still there; its state stays."""
    remind_at = now + timedelta(seconds=policy.repeat_s) if policy.repeat_s else None
    return Change(msgspec.structs.replace(incident, remind_at=remind_at), Event.REFRESH, News.REMINDER)


def close(incident: Incident, by: str, reason: str, now: datetime) -> Change:
    """A person ends an incident; while the very same fault goes on, no new one is opened."""
    after = _step(
        incident,
        Event.CLOSE,
        closed_by=by,
        reason=reason,
        ended_at=now,
        escalate_at=None,
        remind_at=None,
        silenced_until=None,
    )
    return Change(after, Event.CLOSE, News.CLOSED)


def decide(incident: Incident, by: str, decision: Decision, now: datetime) -> Change:
    """A person answers a mass incident, which ends it. Raises Conflict when it asks nothing, or nothing any more."""
    if incident.kind is not Kind.MASS or incident.state not in ALIVE:
        raise Conflict(
            f"incident {incident.id} asks for no decision: it is a {incident.state} {incident.kind} incident"
        )
    closed = close(incident, by, decision.value, now)
    return Change(msgspec.structs.replace(closed.incident, decision=decision), closed.event, closed.news)


def reopen(incident: Incident, policy: LifePolicy, now: datetime) -> Change:
    """A person takes the end of an incident back."""
    after = _step(incident, Event.REOPEN, ended_at=None, good_count=0, told=True, **_NOT_CLOSED)
    return Change(_clocked(after, policy, now), Event.REOPEN, News.REOPENED)


def inhibit(incident: Incident, cause_id: str) -> Change:
    """Another incident is the cause of this one: no notice and no remedy of its own from now on."""
    return Change(
        msgspec.structs.replace(incident, inhibited_by=cause_id, escalate_at=None, remind_at=None), Event.REFRESH
    )


def release(incident: Incident, policy: LifePolicy, now: datetime) -> Change:
    """The cause is gone, this incident stands by itself: people hear of it if they have not yet."""
    freed = msgspec.structs.replace(incident, inhibited_by="")
    if incident.state is not State.OPEN:
        return Change(freed, Event.REFRESH)
    news = None if incident.told else News.OPENED
    return Change(_clocked(msgspec.structs.replace(freed, told=True), policy, now), Event.REFRESH, news)


def _good(current: Incident | None, policy: LifePolicy, now: datetime) -> tuple[Change, ...]:
    if current is None or current.state not in CURRENT:
        return ()
    good_count = current.good_count + 1
    if good_count < policy.close_after or _held_by_flapping(current, policy, now):
        return (Change(_step(current, Event.IMPROVE, good_count=good_count), Event.IMPROVE),)
    was_told = current.told and current.state in ALIVE and not current.flapping
    flaps = (*_recent(current.flaps, policy, now), now) if current.state in ALIVE else current.flaps
    after = _step(
        current, Event.RECOVER, good_count=good_count, bad_count=0, ended_at=now, flaps=flaps, escalate_at=None,
        remind_at=None, silenced_until=None, inhibited_by="", flapping=False,
    )  # fmt: skip
    return (Change(after, Event.RECOVER, News.RECOVERED if was_told or current.flapping else None),)


def _held_by_flapping(current: Incident, policy: LifePolicy, now: datetime) -> bool:
    return current.flapping and (now - current.last_bad_at).total_seconds() < policy.flap_hold_s


def _recent(flaps: tuple[datetime, ...], policy: LifePolicy, now: datetime) -> tuple[datetime, ...]:
    return tuple(t for t in flaps if (now - t).total_seconds() < policy.flap_window_s)


def _continues(current: Incident, verdict: Verdict, policy: LifePolicy, now: datetime) -> bool:
    """Whether a bad verdict belongs to this incident's story rather than to a new one."""
    if current.state in CURRENT:
        return True
    if current.state is not State.RECOVERED or current.fingerprint != verdict.fingerprint:
        return False
    ended = current.ended_at or current.last_bad_at
    return bool(current.opened_at) and (now - ended).total_seconds() < policy.reopen_within_s


def _begin(verdict: Verdict, subject: Subject, policy: LifePolicy, now: datetime, new_id: str) -> Change:
    incident = Incident(
        id=new_id, kind=subject.kind, product_id=subject.product_id, rule=subject.rule,
        fingerprint=verdict.fingerprint, state=State.SUSPECTED, severity=verdict.severity or subject.severity,
        first_bad_at=now, last_bad_at=now, title=subject.title, category=subject.category, owner=subject.owner,
        field=verdict.field, value=verdict.value, message=verdict.message, remedy=verdict.remedy,
    )  # fmt: skip
    if not _enough(incident, policy, now):
        return Change(incident, None)
    return _open(incident, None, policy, now, News.OPENED)


def _enough(incident: Incident, policy: LifePolicy, now: datetime) -> bool:
    lasted_s = (now - incident.first_bad_at).total_seconds()
    return incident.bad_count >= policy.open_after and lasted_s >= policy.open_min_s


def _open(incident: Incident, event: Event | None, policy: LifePolicy, now: datetime, news: News) -> Change:
    state = next_state(incident.state, event or Event.CONFIRM)
    heard = not incident.inhibited_by and not incident.flapping
    after = msgspec.structs.replace(
        incident,
        state=state,
        opened_at=incident.opened_at or now,
        ended_at=None,
        good_count=0,
        told=incident.told or heard,
    )
    return Change(_clocked(after, policy, now), event, news if heard else None)


def _clocked(incident: Incident, policy: LifePolicy, now: datetime) -> Incident:
    """Set when an open incident escalates and when it reminds."""
    escalates = policy.escalate_after_s > 0 and incident.severity.rank >= policy.escalate_from.rank
    quiet = bool(incident.inhibited_by)
    return msgspec.structs.replace(
        incident,
        escalate_at=now + timedelta(seconds=policy.escalate_after_s) if escalates and not quiet else None,
        remind_at=now + timedelta(seconds=policy.repeat_s) if policy.repeat_s and not quiet else None,
    )


def _bad_again(current: Incident, verdict: Verdict, policy: LifePolicy, now: datetime) -> Change:
    fresh = _refreshed(current, verdict, now, current.bad_count + 1)
    if current.state is State.SUSPECTED and _enough(fresh, policy, now):
        return _open(fresh, Event.CONFIRM, policy, now, News.OPENED)
    return Change(_step(fresh, Event.REFRESH), Event.REFRESH)


def _refreshed(current: Incident, verdict: Verdict, now: datetime, bad_count: int) -> Incident:
    return msgspec.structs.replace(
        current, last_bad_at=now, bad_count=bad_count, good_count=0, value=verdict.value, message=verdict.message,
        severity=verdict.severity or current.severity, remedy=verdict.remedy,
    )  # fmt: skip


def _relapse(current: Incident, verdict: Verdict, policy: LifePolicy, now: datetime) -> Change:
    flaps = (*_recent(current.flaps, policy, now), now)
    starts_flapping = len(flaps) >= policy.flap_count
    fresh = msgspec.structs.replace(_refreshed(current, verdict, now, 1), flaps=flaps, first_bad_at=now, **_NOT_CLOSED)
    opened = _open(fresh, Event.RELAPSE, policy, now, News.REOPENED)
    if not starts_flapping:
        return opened
    return Change(msgspec.structs.replace(opened.incident, flapping=True), Event.RELAPSE, News.FLAPPING)


def _supersede(
    current: Incident, verdict: Verdict, subject: Subject, policy: LifePolicy, now: datetime, new_id: str
) -> tuple[Change, ...]:
    old = _step(
        current, Event.CHANGE, superseded_by=new_id, ended_at=now, escalate_at=None, remind_at=None, silenced_until=None
    )
    begun = _begin(verdict, subject, policy, now, new_id).incident
    # What was suspected or open stays so: a fault that keeps changing must not start its count over each time.
    heir = msgspec.structs.replace(
        begun, state=State.SUSPECTED, opened_at=None, told=False, escalate_at=None, remind_at=None,
        bad_count=current.bad_count + 1, first_bad_at=current.first_bad_at, inhibited_by=current.inhibited_by,
        flaps=current.flaps, flapping=current.flapping,
    )  # fmt: skip
    if current.state is State.SUSPECTED and not _enough(heir, policy, now):
        return (Change(old, Event.CHANGE), Change(heir, None))
    news = News.CHANGED if current.told else News.OPENED
    return (Change(old, Event.CHANGE), _open(heir, None, policy, now, news))


def _step(incident: Incident, event: Event, **fields: object) -> Incident:
    return msgspec.structs.replace(incident, state=next_state(incident.state, event), **fields)
