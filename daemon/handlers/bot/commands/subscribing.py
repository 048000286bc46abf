"""Commands about what a room hears of all the notices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from daemon.forum.commands import trimmed
from daemon.forum.principals import Scope
from daemon.forum.rooms import RoomSetting
from daemon.handlers.bot.commands.command import Call, Told, command
from daemon.handlers.bot.commands.incident_words import SEVERITIES, rules_by_word
from daemon.handlers.bot.commands.wording import heard
from daemon.services import room_settings as rooms

_ALL: Final = frozenset({"all", "everything", "全部", "所有"})
_RULE: Final = frozenset({"rule", "规则"})
_CATEGORY: Final = frozenset({"category", "类目", "分类"})
_SEVERITY: Final = frozenset({"severity", "级别"})
_KINDS: Final = (_RULE, _CATEGORY, _SEVERITY)
_LONGEST_CATEGORY: Final = 100


@command("subscribe", zh=("订阅",), needs=Scope.READ)
async def subscribe(call: Call) -> str:
    """Choose what this group hears; alone: show it.

    选择本群接收哪些通知；不带参数则查看。

    subscribe [rule RULE | category CATEGORY | severity SEVERITY | all]
    订阅 [规则 规则名 | 类目 类目名 | 级别 级别名 | 全部]
    """
    room_id = call.room_id
    if not call.words:
        return heard(call, await rooms.setting(call.duty, room_id))
    call.require(Scope.INCIDENTS_WRITE)
    return heard(call, await _subscribed(call, room_id))


async def _subscribed(call: Call, room_id: str) -> RoomSetting:
    kind, value = trimmed(call.words[0]), " ".join(call.words[1:])
    rules = rules_by_word(call)
    if kind in _ALL and not value:
        return await rooms.subscribe_all(call.duty, call.actor, room_id)
    if kind in _CATEGORY and value.strip():
        return await rooms.subscribe(call.duty, call.actor, room_id, category=_category(call))
    word = value.casefold() if kind in _RULE | _SEVERITY and value else " ".join(call.words).casefold()
    if kind not in _SEVERITY and word in rules:
        return await rooms.subscribe(call.duty, call.actor, room_id, rule=rules[word])
    if kind not in _RULE and word in SEVERITIES:
        return await rooms.subscribe(call.duty, call.actor, room_id, severity=SEVERITIES[word])
    if kind in _RULE | _SEVERITY | _CATEGORY and not value:
        raise call.misused()
    if kind in _SEVERITY | _RULE:
        raise call.unknown(word, SEVERITIES if kind in _SEVERITY else rules)
    raise call.unknown(kind if value else word, [*_RULE, *_CATEGORY, *_SEVERITY, *rules, *SEVERITIES, *_ALL])


def _category(call: Call) -> str:
    """Return the category behind the first word: as it was typed when it has several words."""
    return (call.line.rest(1) if len(call.words) > 2 else call.words[1])[:_LONGEST_CATEGORY]


@command("unsubscribe", zh=("取消订阅", "退订"), needs=Scope.INCIDENTS_WRITE)
async def unsubscribe(call: Call) -> str:
    """Take back one thing that this group chose to hear; alone: show it.

    取消本群的一项订阅；不带参数则查看。

    unsubscribe [rule RULE | category CATEGORY | severity]
    取消订阅 [规则 规则名 | 类目 类目名 | 级别]
    """
    room_id = call.room_id
    room = await rooms.setting(call.duty, room_id)
    if not call.words:
        return "\n".join([heard(call, room), call.say("unsubscribe.how")])
    return heard(call, await _unsubscribed(call, room))


async def _unsubscribed(call: Call, room: RoomSetting) -> RoomSetting:
    """Take back what the words name. A room that has taken all back hears everything: the answer says so."""
    kind = trimmed(call.words[0])
    of_kind = next((one for one in _KINDS if kind in one), None)
    if of_kind is None:
        return await _taken_back(call, room, " ".join(call.words).casefold(), frozenset().union(*_KINDS))
    if of_kind is _CATEGORY and len(call.words) > 1:
        return await _taken_back(call, room, _category(call).casefold(), of_kind)
    word = " ".join(call.words[1:]).casefold()
    if not word and of_kind is not _SEVERITY:
        raise call.misused()
    return await _taken_back(call, room, word or room.min_severity, of_kind)


async def _taken_back(call: Call, room: RoomSetting, word: str, kinds: frozenset[str]) -> RoomSetting:
    duty, actor, room_id = call.duty, call.actor, room.room_id
    rules, categories = _chosen_rules(call, room), {name.casefold(): name for name in room.categories}
    if kinds & _RULE and word in rules:
        return await rooms.unsubscribe(duty, actor, room_id, rule=rules[word])
    if kinds & _SEVERITY and room.min_severity and SEVERITIES.get(word) == room.min_severity:
        return await rooms.unsubscribe(duty, actor, room_id, severity=True)
    if kinds & _CATEGORY and word in categories:
        return await rooms.unsubscribe(duty, actor, room_id, category=categories[word])
    raise Told("\n".join([call.say("not_subscribed", word=call.typed(call.line.rest(0))), heard(call, room)]))


def _chosen_rules(call: Call, room: RoomSetting) -> Mapping[str, str]:
    """Return the rules that a room chose by every word for them; also those that there are no more."""
    known = {word: rule for word, rule in rules_by_word(call).items() if rule in room.rules}
    return {rule.casefold(): rule for rule in room.rules} | known
