"""What a room wants to hear, changed by the people in it. Each change is written into the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from daemon.errors import InvalidInput, Unavailable
from daemon.forum.rooms import RoomSetting
from daemon.ports import Actor, AuditEntry, BotStore
from daemon.products.ids import new_id
from daemon.products.verdicts import Severity
from daemon.services.duty import Duty

#: Rules and categories that one room may name.
_MOST: Final = 50


async def setting(duty: Duty, room_id: str) -> RoomSetting:
    """Return what a room wants to hear."""
    return await _store(duty).room(room_id)


async def mute(duty: Duty, actor: Actor, room_id: str, until: datetime) -> RoomSetting:
    """Send no notices to a room before an aware time. Raises InvalidInput when it has passed."""
    if until <= duty.ports.clock.now():
        raise InvalidInput("the end has passed", (("until", "expected a time in the future"),))
    return await _change(duty, actor, room_id, "room.muted", {"until": until.isoformat()}, muted_until=until)


async def unmute(duty: Duty, actor: Actor, room_id: str) -> RoomSetting:
    """Send notices to a room again."""
    return await _change(duty, actor, room_id, "room.unmuted", {}, muted_until=None)


async def subscribe(
    duty: Duty, actor: Actor, room_id: str, *, rule: str = "", category: str = "", severity: Severity | None = None
) -> RoomSetting:
    """Let a room hear of a rule or category besides those that it named, and of nothing below a severity."""
    room = await setting(duty, room_id)
    rules = tuple(dict.fromkeys((*room.rules, rule) if rule else room.rules))
    categories = tuple(dict.fromkeys((*room.categories, category) if category else room.categories))
    if len(rules) > _MOST or len(categories) > _MOST:
        raise InvalidInput(f"a room names at most {_MOST} rules and {_MOST} categories")
    detail = {"rule": rule, "category": category, "severity": severity.value if severity else ""}
    return await _change(
        duty,
        actor,
        room_id,
        "room.subscribed",
        _chosen(detail),
        rules=rules,
        categories=categories,
        min_severity=severity.value if severity else room.min_severity,
    )


async def unsubscribe(
    duty: Duty, actor: Actor, room_id: str, *, rule: str = "", category: str = "", severity: bool = False
) -> RoomSetting:
    """Take back a rule, a category or the severity that a room chose. What it did not choose changes nothing.

    A room that has taken back the last of them hears everything.
    """
    room = await setting(duty, room_id)
    detail = {"rule": rule, "category": category, "severity": room.min_severity if severity else ""}
    return await _change(
        duty,
        actor,
        room_id,
        "room.unsubscribed",
        _chosen(detail),
        rules=tuple(one for one in room.rules if one != rule),
        categories=tuple(one for one in room.categories if one != category),
        min_severity="" if severity else room.min_severity,
    )


async def subscribe_all(duty: Duty, actor: Actor, room_id: str) -> RoomSetting:
    """Let a room hear everything again."""
    return await _change(
        duty, actor, room_id, "room.subscribed", {"all": "yes"}, rules=(), categories=(), min_severity=""
    )


async def set_on_call(duty: Duty, actor: Actor, room_id: str, contact_id: str) -> RoomSetting:
    """Have a contact mentioned by escalations in a room; "" for nobody."""
    return await _change(duty, actor, room_id, "room.on_call_set", {"contact": contact_id}, on_call=contact_id)


async def _change(
    duty: Duty, actor: Actor, room_id: str, action: str, detail: Mapping[str, str], **fields: object
) -> RoomSetting:
    store, now = _store(duty), duty.ports.clock.now()
    changed = msgspec.structs.replace(await store.room(room_id), **fields)
    await store.save_room(changed)
    target = f"room:{room_id}"
    entry = AuditEntry(id=new_id(), at=now, actor=actor.id, action=action, target=target, detail=detail)
    await duty.ports.audit.append(entry)
    return changed


def _chosen(detail: Mapping[str, str]) -> dict[str, str]:
    """Return for the audit log what was named at all."""
    return {key: value for key, value in detail.items() if value}


def _store(duty: Duty) -> BotStore:
    if duty.ports.bot is None:
        raise Unavailable("this daemon has no bot")
    return duty.ports.bot
