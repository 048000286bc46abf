"""Commands that answer a mass incident: its rule has held its remedies back until somebody decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from daemon.errors import Conflict
from daemon.forum.principals import Scope
from daemon.handlers.bot.commands.changing import faster, handle, meant
from daemon.handlers.bot.commands.command import Call, Told, command
from daemon.handlers.bot.commands.confirming import ask, forget
from daemon.handlers.bot.commands.wording import NAME, rule_title, status_name
from daemon.products.incidents import ALIVE, Incident, Kind
from daemon.products.plain_text import plain
from daemon.products.product import Status
from daemon.products.remedies import STATUS_AFTER
from daemon.services import deciding, remedies


@command("apply", zh=("执行",), needs=Scope.INCIDENTS_WRITE)
async def apply(call: Call) -> str:
    """Do what a rule would do to too many products at once, after a yes.

    执行因涉及过多商品而冻结的自动处理，需要确认。

    apply [HANDLE], or answer the notice with: apply
    执行 [编号]，或回复通知：执行
    """
    forget(call)
    one = await _question(call)
    waiting = await _waiting(call, one)
    if not waiting:
        raise Told(call.say("decision.nobody_waits", handle=await handle(call, one)))
    do = partial(_apply, incident_id=one.id, since=one.first_bad_at, at_most=len(waiting))
    changed = "\n".join(_told(call, waiting))
    return ask(
        call, do, "confirm.apply", handle=await handle(call, one), rule=rule_title(call, one.rule), changes=changed
    )


@command("drop", zh=("放弃",), needs=Scope.INCIDENTS_WRITE)
async def drop(call: Call) -> str:
    """Leave the products alone to which a rule would do something.

    放弃因涉及过多商品而冻结的自动处理，商品保持原状。

    drop [HANDLE], or answer the notice with: drop
    放弃 [编号]，或回复通知：放弃
    """
    one = await _question(call)
    own, until = await handle(call, one), call.now + timedelta(seconds=call.duty.config.remedies.override)
    try:
        decided = await deciding.decide(call.duty, call.actor, one.id, apply=False)
    except Conflict:
        raise await _not_asked(call, one.id) from None
    rule = rule_title(call, one.rule)
    return call.say("decision.dropped", handle=own, rule=rule, count=decided.waited, until=call.time(until))


async def _question(call: Call) -> Incident:
    """Return the one mass incident that is meant and asks for a decision. Raises Told for anything else."""
    if len(call.words) > 1 and call.asked.quote is None:
        raise call.misused("too_many", word=call.typed(call.words[1]))
    found = [await call.duty.ports.incidents.incident(incident_id) for incident_id in await meant(call)]
    asking = [one for one in found if one.kind is Kind.MASS]
    if len(asking) > 1:
        raise Told(call.say("decision.which", handles=call.joined([await handle(call, one) for one in asking])))
    one = (asking or found)[0]
    if one.kind is not Kind.MASS or one.state not in ALIVE:
        raise await _not_asked(call, one.id)
    return one


async def _waiting(call: Call, one: Incident) -> list[Incident]:
    return await remedies.pending_of_rule(call.duty, one.rule.removeprefix(remedies.MASS))


def _told(call: Call, waiting: Iterable[Incident]) -> Iterable[str]:
    """Tell what would be done to how many products, a line for each kind of remedy."""
    before = status_name(call, Status.LISTED)
    for kind, count in Counter(one.remedy for one in waiting if one.remedy).most_common():
        yield call.say("decision.change", before=before, after=status_name(call, STATUS_AFTER[kind]), count=count)


async def _apply(call: Call, *, incident_id: str, since: datetime, at_most: int) -> str:
    """Apply what was asked about. Raises Told when somebody decided meanwhile, or more products wait than were named.

    since: when the incident began that was asked about: one that has come again is another question.
    """
    one = await call.duty.ports.incidents.incident(incident_id)
    own, rule = await handle(call, one), rule_title(call, one.rule)
    try:
        if one.first_bad_at != since:
            raise Told(call.say("confirm.changed", subject=own))
        decided = await deciding.decide(call.duty, call.actor, incident_id, apply=True, at_most=at_most)
    except Conflict:
        raise await _not_asked(call, incident_id) from None
    told = call.say("decision.applied", handle=own, rule=rule, applied=decided.applied, count=decided.waited)
    return told + (call.say("decision.left", left=decided.left) if decided.left else "")


async def _not_asked(call: Call, incident_id: str) -> Told:
    """Tell why an incident asks for no decision, or not for the one that was confirmed."""
    one = await call.duty.ports.incidents.incident(incident_id)
    own = await handle(call, one)
    if one.kind is not Kind.MASS:
        return Told(call.say("decision.none", handle=own))
    if one.decision is not None:
        who, decision = plain(one.closed_by, NAME), call.say(f"decision.{one.decision.value}")
        return Told(call.say("faster.decided", handle=own, who=who, decision=decision))
    if one.state in ALIVE:
        return Told(call.say("confirm.changed", subject=own))
    return Told(await faster(call, one))
