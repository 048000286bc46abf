"""Incidents changed one after another, and what people are told of each: done, or who was faster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from daemon.errors import Conflict, NotFound, Unavailable
from daemon.forum.commands import trimmed
from daemon.handlers.bot.commands.command import Call, Misused, Told
from daemon.handlers.bot.commands.finding import handles, incident_named, noticed
from daemon.handlers.bot.commands.wording import MESSAGE, NAME, status_name
from daemon.products.incidents import Incident, State
from daemon.products.plain_text import plain
from daemon.products.translations import translated

#: Incidents of one answer that are told of one by one; of more, only how many.
ONE_BY_ONE: Final = 5
#: Handles that one command may name.
_MOST: Final = 20
_POLITE: Final = frozenset(
    {"it", "this", "them", "all", "thanks", "please", "ok", "谢谢", "全部", "一下", "了", "好的"}
)


async def faster(call: Call, one: Incident) -> str:
    """Tell why an incident can no longer be changed so: who was faster, or what became of it."""
    own = await handle(call, one)
    if one.state is State.ACKNOWLEDGED and one.acknowledged_by == call.actor.name:
        return call.say("faster.yours", handle=own)
    if one.state is State.ACKNOWLEDGED:
        return call.say("faster.acknowledged", handle=own, who=plain(one.acknowledged_by, NAME))
    if one.state is State.CLOSED:
        return call.say("faster.closed", handle=own, who=plain(one.closed_by, NAME))
    if one.state is State.RECOVERED:
        return call.say("faster.recovered", handle=own)
    if one.state is State.SUPERSEDED:
        index = await call.memory.handles.index(call.duty)
        return call.say("faster.superseded", handle=own, other=index.handle(one.superseded_by))
    if one.state in {State.OPEN, State.ESCALATED, State.SILENCED}:
        return call.say("faster.changing", handle=own)
    return call.say("faster.other", handle=own, state=call.say(f"state.{one.state.value}"))


async def each(
    call: Call,
    incident_ids: Sequence[str],
    step: Callable[[Incident], Awaitable[str]],
    count: str,
    why: Callable[[Call, Incident], Awaitable[str]] = faster,
) -> str:
    """Take one step with each incident, and tell what became of each, or of how many. count: with {} for how many."""
    done, refused = [], []
    for incident_id in incident_ids:
        try:
            one = await call.duty.ports.incidents.incident(incident_id)
            done.append(await step(one))
        except Conflict:
            refused.append(await why(call, await call.duty.ports.incidents.incident(incident_id)))
        except NotFound:
            refused.append(call.say("gone"))
        except Told as told:
            refused.append(str(told))
        except Unavailable as exc:
            if not done:
                raise
            refused.append(call.say("not_now", reason=plain(translated(str(exc), call.language), MESSAGE)))
    if not done and not refused:
        raise Misused(call.say("which_incident"))
    if len(done) + len(refused) <= ONE_BY_ONE:
        return "\n".join(done + refused)
    lines = [count.replace("{}", str(len(done)))] if done else []
    lines += [call.say("unchanged.count", count=len(refused)), *refused[:ONE_BY_ONE]] if refused else []
    return "\n".join(lines)


async def handle(call: Call, one: Incident) -> str:
    """Return the handle of an incident."""
    return (await handles(call, [one]))[0]


async def no_longer_held(call: Call, one: Incident) -> str:
    """Tell why there is no remedy to take back any more."""
    own = await handle(call, one)
    product = (await call.duty.ports.catalogue.get_many([one.product_id])).get(one.product_id)
    if product is None:
        return call.say("no_remedy", handle=own)
    return call.say("remedy_over", handle=own, status=status_name(call, product.status))


async def meant(call: Call) -> Sequence[str]:
    """Return the ids of the incidents that are named; those of a notice when none is."""
    words = call.words
    if call.asked.quote is not None:  # "ack it, thanks" names nothing but what it answers
        words = [word for word in words if trimmed(word) not in _POLITE]
    if not words:
        return await noticed(call)
    if len(words) > _MOST:
        raise call.misused("too_many", word=call.typed(words[_MOST]))
    return list(dict.fromkeys([(await incident_named(call, word)).id for word in words]))
