"""From a message to the answer of the command that it is, if it is one.

A command begins the message: `ack k7x2`, `接手 k7x2`, `接手k7x2`, `/ack k7x2`. What is quoted is never read as one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

import structlog

from daemon.errors import Unauthorized, Unavailable, ZhibanError
from daemon.forum.commands import Line, nearest, parse, trimmed
from daemon.forum.principals import Scope
from daemon.handlers.bot.asking import Answer, Asked, Reply
from daemon.handlers.bot.commands.command import Call, Command, Misused, NotAllowed, Run, Told, role_for
from daemon.handlers.bot.commands.confirming import confirmed
from daemon.handlers.bot.commands.finding import quoted
from daemon.handlers.bot.commands.memory import Memory, Pending
from daemon.handlers.bot.commands.table import BY_NAME
from daemon.handlers.bot.phrases import say
from daemon.products.plain_text import plain
from daemon.products.translations import translated
from daemon.services.duty import Duty

_log = structlog.get_logger()

_YES: Final = frozenset({"yes", "y", "ok", "是", "是的", "确认", "确定", "好", "好的"})
_NO: Final = frozenset({"no", "n", "cancel", "否", "不", "不是", "取消"})
_NAMES: Final = sorted((name for name in BY_NAME if not name.isascii()), key=len, reverse=True)
#: What may follow a Chinese name without a space.
_GLUED: Final = re.compile(r"[0-9A-Za-z#,]")
#: How like a name a first word must be, and how many words there may be, to be taken for a slip instead of for talk.
_SLIP, _SLIP_WORDS = 0.8, 2
#: How many times as long as it may be answered a question is remembered, so that a late yes is told that it is late.
_REMEMBERED: Final = 10
_REASON: Final = 200


def commands(duty: Duty, table: Mapping[str, Command] = BY_NAME) -> Answer:  # noqa: ARG001 - one signature for makers
    """Return what answers commands, with a memory of its own for confirmations and lists that go on."""
    memory = Memory()

    async def answer(duty: Duty, asked: Asked) -> Reply | None:
        text = await _answer(memory, table, duty, asked)
        return None if text is None else Reply(text=text)

    return answer


async def _answer(memory: Memory, table: Mapping[str, Command], duty: Duty, asked: Asked) -> str | None:
    line = parse(asked.text)
    if not line.words:
        return None
    if (pending := _pending(memory, duty, asked, line)) and not await _answers_notice(duty, asked):
        return await _decided(memory, table, duty, asked, line, pending)
    found = found_in(line, table)
    if found is None:
        return _slip(duty, line, table)
    command, arguments = found
    return await _guarded(Call(duty, asked, command, arguments, memory, table), command.run)


def found_in(line: Line, table: Mapping[str, Command]) -> tuple[Command, Line] | None:
    """Return the command that a line begins with and the line of its arguments, None when it begins with none."""
    words = line.words
    if words[0].quoted:
        return None
    first = trimmed(words[0].text.removeprefix("/")) or words[0].text
    if len(words) > 1 and (two := table.get(f"{first} {trimmed(words[1].text)}")):
        return two, line.without(2)
    if one := table.get(first):
        return one, line.without(1)
    start = words[0].text.startswith("/")
    for name in _NAMES:  # Chinese is written without spaces; what follows must be a handle, an id or a number
        rest = words[0].text[start + len(name) :]
        if name in table and first.startswith(name) and _GLUED.match(rest):
            return table[name], line.split(start + len(name)).without(1)
    return None


def _slip(duty: Duty, line: Line, table: Mapping[str, Command]) -> str | None:
    """Return a hint for a word that is nearly a command; None for what is rather said to be talked about."""
    word, slash = line.words[0].text, line.words[0].text.startswith("/")
    if line.words[0].quoted or not (slash or len(line.words) <= _SLIP_WORDS):
        return None
    near = nearest(trimmed(word.removeprefix("/")), table, 0.5 if slash else _SLIP)
    if near:
        return say(duty.config.bot.language, "did_you_mean", word=plain(word, 40), near=near)
    return say(duty.config.bot.language, "unknown_word", word=plain(word, 40)) if slash else None


def _pending(memory: Memory, duty: Duty, asked: Asked, line: Line) -> Pending | None:
    """Return the question that a message answers with yes or no."""
    if len(line.words) != 1 or trimmed(line.words[0].text) not in _YES | _NO:
        return None
    pending = memory.pending.get((asked.contact_id, asked.room_id))
    if pending is None:
        return None
    age_s = duty.ports.clock.monotonic() - pending.asked_s
    return pending if age_s <= _REMEMBERED * duty.config.bot.confirm_within else None


async def _answers_notice(duty: Duty, asked: Asked) -> bool:
    """Tell whether a message quotes a notice: then it means that, and is no answer to the bot's question."""
    return asked.quote is not None and duty.ports.bot is not None and bool(await quoted(duty, asked))


async def _decided(
    memory: Memory, table: Mapping[str, Command], duty: Duty, asked: Asked, line: Line, pending: Pending
) -> str:
    memory.pending.pop((asked.contact_id, asked.room_id))
    call = Call(duty, asked, pending.command, line.without(1), memory, table)
    if trimmed(line.words[0].text) in _NO:
        return call.say("confirm.cancelled")
    return await _guarded(call, partial(confirmed, pending=pending))


async def _guarded(call: Call, run: Run) -> str:
    """Run what the person is allowed to; whatever it refuses becomes an answer. What is a fault of ours is raised."""
    try:
        if call.command.needs is not None:
            call.require(call.command.needs)
        return await run(call)
    except Unauthorized:
        return call.say("stranger")
    except NotAllowed as refused:
        return _not_allowed(call, refused.scope)
    except Misused as misused:
        return call.say("usage", problem=str(misused), usage=call.command.usage(call.language))
    except Told as told:
        return str(told)
    except Unavailable as exc:
        _log.warning("command.postponed", command=call.command.names[0], problem=str(exc))
        return call.say("not_now", reason=plain(translated(str(exc), call.language), _REASON))
    except ZhibanError as exc:
        return call.say("refused", reason=plain(translated(str(exc), call.language), _REASON))


def _not_allowed(call: Call, scope: Scope) -> str:
    needed, own = (call.say(f"role.{role.value}") for role in (role_for(scope), call.principal.role))
    return call.say("not_allowed", command=call.command.name(call.language), role=needed, own=own)
