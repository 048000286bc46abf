"""Commands about the checks: how the daemon stands, passes, rules, the digest."""

from __future__ import annotations

from functools import partial
from typing import Final

from daemon.forum.principals import Scope
from daemon.handlers.bot.commands.command import Call, command
from daemon.handlers.bot.commands.lists import SHOWN, listed
from daemon.handlers.bot.commands.wording import MESSAGE, NAME, muted, severity_name
from daemon.products.gathering import Bundle, Form
from daemon.products.incidents import ALIVE
from daemon.products.notices import EntryState
from daemon.products.passes import PassRecord
from daemon.products.plain_text import plain
from daemon.products.translations import translated
from daemon.products.wording import Wording
from daemon.services.digests import digest_now

_PASSES: Final = 5
_TOLD_OF: Final = (EntryState.QUEUED, EntryState.UNKNOWN, EntryState.FAILED)


@command("status", zh=("状态", "情况"), needs=Scope.READ)
async def status(call: Call) -> str:
    """Tell how everything stands.

    查看整体情况。

    status
    状态
    """
    ports = call.duty.ports
    counts = await ports.incidents.counts()
    lines = [call.say("status.incidents", **{state.value: counts[state] for state in ALIVE})]
    lines.append(call.say("status.products", count=await ports.catalogue.count()))
    lines.append(await _last_pass(call))
    lines += [*_catalogue(call), *await _sources(call)]
    lines += await _notices(call)
    room = await call.bot.room(call.asked.room_id) if call.asked.room_id else None
    if room and (until := muted(call, room)):
        lines.append(call.say("status.muted", until=call.time(until)))
    return "\n".join(lines)


async def _last_pass(call: Call) -> str:
    found = await call.duty.ports.incidents.passes(1)
    if not found.items:
        return call.say("status.no_pass")
    last: PassRecord = found.items[0]
    return call.say(
        "status.pass",
        since=call.since(last.started_at),
        state=call.say(f"pass.{last.state.value}"),
        checked=last.checked,
        abnormal=last.abnormal,
        duration=f"{last.duration_s:.1f}",
    )


def _catalogue(call: Call) -> list[str]:
    """Return how the daemon stands to a catalogue that lies elsewhere, if there is one."""
    if call.duty.ports.followed is None:
        return []
    upstream = call.duty.ports.followed.upstream
    about = {"name": plain(upstream.name, NAME), "since": call.time(upstream.since)}
    if upstream.connected:
        manner = call.say("status.catalogue_live" if upstream.live else "status.catalogue_polled")
        line = call.say("status.catalogue", **about, manner=manner)
    else:
        line = call.say("status.catalogue_away", **about, problem=_told(call, upstream.problem))
    if upstream.read_at is None:
        return [line, call.say("status.catalogue_unread")]
    read = call.since(upstream.read_at)
    figures = {"documents": upstream.documents, "rejected": upstream.rejected}
    return [line, call.say("status.catalogue_read", **figures, read=read)]


async def _sources(call: Call) -> list[str]:
    states = (await call.duty.ports.catalogue.sources()).values()
    elsewhere = call.duty.ports.followed.upstream.name if call.duty.ports.followed else None
    return [
        call.say("status.source_error", name=plain(state.name, NAME), error=_told(call, state.error))
        for state in states
        if state.error and state.name != elsewhere
    ]


def _told(call: Call, error: str) -> str:
    return plain(translated(error, call.language), MESSAGE)


async def _notices(call: Call) -> list[str]:
    depth = await call.duty.ports.outbox.depth()
    counts = {one: sum(count for (_, state), count in depth.items() if state is one) for one in _TOLD_OF}
    if not any(counts.values()):
        return []
    return [call.say("status.notices", **{state.value: count for state, count in counts.items()})]


@command("passes", zh=("巡检", "巡检记录"), needs=Scope.READ)
async def passes(call: Call) -> str:
    """List the last passes of the checks.

    查看最近几次巡检。

    passes
    巡检
    """
    found = await call.duty.ports.incidents.passes(_PASSES)
    if not found.items:
        return call.say("passes.none")
    return "\n".join([call.say("passes"), *(_pass_lines(call, record) for record in found.items)])


def _pass_lines(call: Call, record: PassRecord) -> str:
    line = call.say(
        "pass.line",
        kind=call.say(f"pass.{record.kind.value}"),
        since=call.since(record.started_at),
        state=call.say(f"pass.{record.state.value}"),
        checked=record.checked,
        abnormal=record.abnormal,
        opened=record.opened,
        recovered=record.recovered,
    )
    if not record.error:
        return line
    return "\n".join([line, call.say("pass.error", error=_told(call, record.error))])


@command("rules", zh=("规则",), needs=Scope.READ)
async def rules(call: Call) -> str:
    """List what is checked.

    查看检查规则。

    rules
    规则
    """
    return await _rules_from(call, start=0)


async def _rules_from(call: Call, *, start: int) -> str:
    # A reload may have shortened the rulebook since the list began.
    every = call.duty.rulebook.rules
    lines = [] if start else [call.say("rules", count=len(every))]
    for rule in every[start : start + SHOWN]:
        title = rule.spec.title_zh if call.language == "zh" else rule.spec.title
        remedy = call.say(f"rule.{rule.remedy_mode.value}") if rule.spec.remedy else ""
        severity = severity_name(call, rule.severity)
        lines.append(
            call.say("rule.line", id=rule.spec.id, title=plain(title, MESSAGE), severity=severity, remedy=remedy)
        )
    left = len(every) - start - SHOWN
    next_page = partial(_rules_from, start=start + SHOWN) if left > 0 else None
    return listed(call, lines or [call.say("nothing_more")], str(left), next_page)


@command("digest now", "digest", zh=("汇总", "立即汇总"), needs=Scope.READ)
async def digest(call: Call) -> str:
    """Tell the digest of this moment.

    立即查看汇总。

    digest now
    汇总
    """
    entry = await digest_now(call.duty, call.now)
    wording = Wording(language=call.language, zone=call.duty.config.notices.timezone, lines=SHOWN)
    subject, text = wording.render(Bundle(form=Form.DIGEST, entries=(entry,)), "")
    return f"{subject}\n{text}"
