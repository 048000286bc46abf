"""Commands about incidents: look, take on, silence, close, take a remedy back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from daemon.forum.commands import trimmed
from daemon.forum.principals import Scope
from daemon.forum.spoken_times import parse_end
from daemon.handlers.bot.commands.changing import ONE_BY_ONE, each, handle, meant, no_longer_held
from daemon.handlers.bot.commands.command import Call, Told, command
from daemon.handlers.bot.commands.finding import answered_notice, handles, incident_named, noticed
from daemon.handlers.bot.commands.incident_words import where_of
from daemon.handlers.bot.commands.lists import SHOWN, listed
from daemon.handlers.bot.commands.wording import about, incident_line, incident_lines, status_name
from daemon.ports import IncidentFilter
from daemon.products.handles import is_handle
from daemon.products.incidents import Incident
from daemon.products.plain_text import plain
from daemon.products.remedies import RemedyState
from daemon.services import incidents as changes
from daemon.services import settling

#: How far the rest of a list is counted.
_COUNTED: Final = 500


@command("incidents", "issues", zh=("异常", "异常列表"), needs=Scope.READ)
async def incidents(call: Call) -> str:
    """List incidents, by severity, state or rule.

    查看异常，可按级别、状态、规则筛选。

    incidents [SEVERITY] [STATE | all] [RULE]
    异常 [级别] [状态 | 全部] [规则]
    """
    return await _page(call, where=where_of(call, call.words))


async def _page(call: Call, *, where: IncidentFilter, cursor: str | None = None) -> str:
    store = call.duty.ports.incidents
    found = await store.find(where, SHOWN, cursor)
    if not found.items:
        return call.say("incidents.none")
    rest = await store.find(where, _COUNTED, found.cursor) if found.cursor else None
    left = len(rest.items) if rest else 0
    plus = "+" if rest and rest.cursor else ""
    lines = [] if cursor else [call.say("incidents", count=f"{len(found.items) + left}{plus}")]
    named = zip(found.items, await handles(call, found.items), strict=True)
    lines += [incident_line(call, incident, handle) for incident, handle in named]
    return listed(call, lines, f"{left}{plus}", partial(_page, where=where, cursor=found.cursor) if left else None)


@command("incident", "issue", zh=("异常详情", "详情"), needs=Scope.READ)
async def incident(call: Call) -> str:
    """Show one incident.

    查看一个异常。

    incident [HANDLE]
    异常详情 [编号]
    """
    store = call.duty.ports.incidents
    told = []
    for incident_id in (await meant(call))[:ONE_BY_ONE]:
        one = await store.incident(incident_id)
        remedies = (await store.remedies_of([one.id])).get(one.id, ())
        in_force = [remedy for remedy in remedies if remedy.state is RemedyState.APPLIED]
        told += incident_lines(call, one, (await handles(call, [one]))[0], in_force)
    return "\n".join(told)


@command("ack", "acknowledge", zh=("接手", "认领", "确认", "收到"), needs=Scope.INCIDENTS_WRITE)
async def ack(call: Call) -> str:
    """Take incidents on.

    接手异常。

    ack [HANDLE ...], or answer a notice with: ack
    接手 [编号 ...]，或回复通知：接手
    """

    async def step(one: Incident) -> str:
        changed = await changes.acknowledge(call.duty, call.actor, one.id)
        return call.say("acked", handle=await handle(call, one), subject=about(changed, call.language))

    return await each(call, await meant(call), step, call.say("acked.count", count="{}"))


@command("silence", zh=("静默",), needs=Scope.INCIDENTS_WRITE)
async def silence(call: Call) -> str:
    """Hear nothing of an incident for a time.

    一段时间内不再提醒一个异常。

    silence [HANDLE] TIME, such as: silence HANDLE 2h
    静默 [编号] 时间，例如：静默 编号 2小时
    """
    targets, until = await _silenced(call)
    shown = call.time(until)

    async def step(one: Incident) -> str:
        changed = await changes.silence(call.duty, call.actor, one.id, until)
        return call.say("silenced", handle=await handle(call, one), until=shown, subject=about(changed, call.language))

    return await each(call, targets, step, call.say("silenced.count", count="{}", until=shown))


async def _silenced(call: Call) -> tuple[Sequence[str], datetime]:
    if not call.words:
        raise call.misused()
    if until := _end(call, 0):
        return await noticed(call), until
    if len(call.words) == 1 and (call.asked.quote is not None or call.words[0][0].isdigit()):
        raise call.misused("bad_time", text=call.typed(call.line.rest(0)))
    one = await incident_named(call, call.words[0])
    if len(call.words) == 1:
        raise call.misused()
    if until := _end(call, 1):
        return [one.id], until
    raise call.misused("bad_time", text=call.typed(call.line.rest(1)))


def _end(call: Call, index: int) -> datetime | None:
    text = " ".join(call.words[index:])
    return parse_end(text, call.now, call.duty.config.notices.timezone)


@command("close", zh=("关闭",), needs=Scope.INCIDENTS_WRITE)
async def close(call: Call) -> str:
    """End an incident with a reason.

    写明原因，关闭一个异常。

    close HANDLE REASON, or answer a notice with: close REASON
    关闭 编号 原因，或回复通知：关闭 原因
    """
    if not call.words:
        raise call.misused()
    answers = await _answered_without_handle(call)
    reason = plain(call.line.rest(0 if answers else 1), 500)
    targets = answers or [(await incident_named(call, call.words[0])).id]
    if not reason:
        raise call.misused("need_reason")

    async def step(one: Incident) -> str:
        changed = await changes.close(call.duty, call.actor, one.id, reason)
        return call.say("closed", handle=await handle(call, one), subject=about(changed, call.language))

    return await each(call, targets, step, call.say("closed.count", count="{}"))


async def _answered_without_handle(call: Call) -> Sequence[str]:
    """Return the incidents of the notice that is answered; none when the first word names one that is alive.

    What answers no notice needs the handle: the beginning of a reason must never be taken for the wrong incident.
    """
    if call.asked.quote is None:
        return ()
    index = await call.memory.handles.index(call.duty)
    word = trimmed(call.words[0])
    if is_handle(word) and len(index.named(word)) == 1:
        return ()
    notice = await answered_notice(call)
    return notice.incident_ids if notice else ()


@command("undo", zh=("撤销", "撤回"), needs=Scope.INCIDENTS_WRITE)
async def undo(call: Call) -> str:
    """Take back what was done to a product by itself.

    撤销对商品的自动处理。

    undo [HANDLE], or answer a notice with: undo
    撤销 [编号]，或回复通知：撤销
    """
    return await each(
        call, await meant(call), partial(_undo, call), call.say("undone.count", count="{}"), no_longer_held
    )


async def _undo(call: Call, one: Incident) -> str:
    store, own = call.duty.ports.incidents, await handle(call, one)
    held = (await store.held([one.product_id])).get(one.product_id) if one.product_id else None
    if held is None:
        raise Told(call.say("no_remedy", handle=own))
    if held.incident_id != one.id:
        other = await handle(call, await store.incident(held.incident_id))
        raise Told(call.say("held_by_other", handle=own, other=other))
    undone = await settling.undo(call.duty, call.actor, held.id)
    until = call.now + timedelta(seconds=call.duty.config.remedies.override)
    after = status_name(call, undone.before)
    return call.say("undone", handle=own, subject=about(one, call.language), after=after, until=call.time(until))
