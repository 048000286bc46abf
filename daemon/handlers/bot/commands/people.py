"""Commands about people and their room: who is bound, who is on call, whether notices come."""

from __future__ import annotations

from typing import Final

from daemon.errors import Conflict, NotFound
from daemon.forum.commands import trimmed
from daemon.forum.principals import Role, Scope
from daemon.forum.spoken_times import parse_end
from daemon.handlers.bot.commands.command import Call, Told, command
from daemon.handlers.bot.commands.wording import NAME
from daemon.handlers.bot.phrases import TABLES, say
from daemon.products.plain_text import plain
from daemon.services import contacts
from daemon.services import room_settings as rooms

_FOR: Final = frozenset({"for", "给"})
_ME: Final = frozenset({"me", "我"})
_NOBODY: Final = frozenset({"off", "nobody", "none", "下班", "无"})
_LONGEST_CODE: Final = 100


@command("bind", zh=("绑定",), needs=None)
async def bind(call: Call) -> str:
    """Tell the bot who you are, by a one-time code; admins get codes for others, in private.

    用一次性绑定码绑定身份；管理员可私聊为他人取码。

    bind CODE, or in private: bind for NAME [viewer | operator | admin]
    绑定 绑定码，或私聊：绑定 给 姓名 [查看者 | 操作员 | 管理员]
    """
    if not call.words:
        raise call.misused()
    if trimmed(call.words[0]) in _FOR:
        return await _code_for_other(call)
    try:
        principal = await contacts.bind(call.duty, "".join(call.words)[:_LONGEST_CODE], call.asked.contact_id)
    except NotFound:
        raise Told(call.say("bad_code")) from None
    except Conflict:
        raise Told(call.say("bind_later")) from None
    return call.say("bound", who=plain(principal.name, NAME), role=call.say(f"role.{principal.role.value}"))


async def _code_for_other(call: Call) -> str:
    """Make a code for somebody. Never in a room, where whoever is quicker could use it."""
    call.require(Scope.ADMIN)
    if call.asked.room_id:
        raise Told(call.say("only_in_private"))
    names, role = list(call.words[1:]), Role.VIEWER
    roles = {name: one for one in Role for name in (one.value, *(say(to, f"role.{one.value}") for to in TABLES))}
    if len(names) > 1 and (named := roles.get(trimmed(names[-1]))):
        names, role = names[:-1], named
    if not names:
        raise call.misused()
    name = " ".join(names)
    code = await contacts.make_code(call.duty, call.actor, name, role)
    minutes = f"{call.duty.config.bot.code_lifetime / 60:g}"
    return call.say("code", who=call.typed(name), role=call.say(f"role.{role.value}"), code=code, minutes=minutes)


@command("mute", zh=("免打扰",), needs=Scope.INCIDENTS_WRITE)
async def mute(call: Call) -> str:
    """Send no notices to this group for a time.

    一段时间内不向本群发通知。

    mute TIME, such as: mute 2h
    免打扰 时间，例如：免打扰 2小时
    """
    room_id = call.room_id
    if not call.words:
        raise call.misused()
    until = parse_end(" ".join(call.words), call.now, call.duty.config.notices.timezone)
    if until is None:
        raise call.misused("bad_time", text=call.typed(call.line.rest(0)))
    await rooms.mute(call.duty, call.actor, room_id, until)
    return call.say("muted", until=call.time(until))


@command("unmute", zh=("取消免打扰", "恢复通知"), needs=Scope.INCIDENTS_WRITE)
async def unmute(call: Call) -> str:
    """Send notices to this group again.

    恢复向本群发通知。

    unmute
    取消免打扰
    """
    await rooms.unmute(call.duty, call.actor, call.room_id)
    return call.say("unmuted")


@command("on-call", "oncall", "on call", zh=("值班",), needs=Scope.READ)
async def on_call(call: Call) -> str:
    """Tell who is on call in this group; with "me" you take over.

    查看本群谁值班；“值班 我”表示接班。

    on-call [me | off]
    值班 [我 | 下班]
    """
    room_id = call.room_id
    if not call.words:
        return await _who(call, (await rooms.setting(call.duty, room_id)).on_call)
    word = trimmed(" ".join(call.words))
    if word not in _ME | _NOBODY:
        raise call.unknown(word, _ME | _NOBODY)
    call.require(Scope.INCIDENTS_WRITE)
    contact_id = call.asked.contact_id if word in _ME else ""
    return await _who(call, (await rooms.set_on_call(call.duty, call.actor, room_id, contact_id)).on_call)


async def _who(call: Call, contact_id: str) -> str:
    principal = await contacts.contact_principal(call.duty, contact_id) if contact_id else None
    if principal is None:
        return call.say("on_call.nobody")
    return call.say("on_call", who=plain(principal.name, NAME))
