"""Commands about the bot itself: what it can do, and which version it is."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of

from daemon.handlers.bot.commands.command import Call, Command, command, role_for


@command("help", "?", zh=("帮助", "命令"), needs=None)
async def help_(call: Call) -> str:
    """Tell what the bot can do, or how one command works.

    查看命令，或某个命令的用法。

    help [COMMAND]
    帮助 [命令]
    """
    if not call.words:
        allowed = [one for one in dict.fromkeys(call.commands.values()) if _allowed(call, one)]
        return "\n".join([call.say("help"), *(_line(call, one) for one in allowed)])
    word = " ".join(call.words).casefold().strip("/!。.")
    found = call.commands.get(word)
    if found is None:
        raise call.unknown(word, call.commands)
    return _whole(call, found)


def _allowed(call: Call, one: Command) -> bool:
    scopes = call.asked.principal.scopes if call.asked.principal else frozenset()
    return one.needs is None or one.needs in scopes


def _line(call: Call, one: Command) -> str:
    summary = one.summary(call.language).rstrip("。.")
    return call.say("help.line", name=one.name(call.language), summary=summary)


def _whole(call: Call, one: Command) -> str:
    others = [name for name in (*one.names, *one.zh) if name != one.name(call.language)]
    lines = [_line(call, one), one.usage(call.language), call.say("help.names", names=call.joined(others))]
    if one.needs is not None:
        lines.append(call.say("help.role", role=call.say(f"role.{role_for(one.needs).value}")))
    return "\n".join(lines)


@command("version", zh=("版本",), needs=None)
async def version(call: Call) -> str:
    """Tell which version this is.

    查看版本。

    version
    版本
    """
    try:
        number = version_of("zhiban")
    except PackageNotFoundError:
        number = "?"
    return call.say("version", version=number, python=platform.python_version())
