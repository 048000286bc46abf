"""Every command by every role: nobody changes anything without the role, in no wording, nickname or quotation."""

from __future__ import annotations

import pytest

from daemon.forum.principals import Role
from daemon.forum.rooms import Quote
from daemon.handlers.bot.commands.table import COMMANDS
from tests.unit.handlers.bot.commands.team import ADMIN, OPERATOR, ROOM, STRANGER, VIEWER, in_trouble

#: One way to use each command, by the name that it has in the table; None: strangers may.
USES = {
    "status": ("status", Role.VIEWER),
    "incidents": ("incidents", Role.VIEWER),
    "incident": ("incident p1", Role.VIEWER),
    "ack": ("ack p1", Role.OPERATOR),
    "silence": ("silence p1 2h", Role.OPERATOR),
    "close": ("close p1 known", Role.OPERATOR),
    "undo": ("undo p1", Role.OPERATOR),
    "apply": ("apply p1", Role.OPERATOR),
    "drop": ("drop p1", Role.OPERATOR),
    "products": ("products", Role.VIEWER),
    "product": ("product p1", Role.VIEWER),
    "recheck": ("recheck p1", Role.OPERATOR),
    "shelve": ("shelve good", Role.OPERATOR),
    "list": ("list p1", Role.OPERATOR),
    "more": ("more", Role.VIEWER),
    "passes": ("passes", Role.VIEWER),
    "rules": ("rules", Role.VIEWER),
    "digest now": ("digest now", Role.VIEWER),
    "track": ("track 01a213f0-0000-7000-8000-000000000000", Role.VIEWER),
    "mute": ("mute 2h", Role.OPERATOR),
    "unmute": ("unmute", Role.OPERATOR),
    "subscribe": ("subscribe rule price_missing", Role.OPERATOR),
    "unsubscribe": ("unsubscribe severity", Role.OPERATOR),
    "on-call": ("on-call me", Role.OPERATOR),
    "bind": ("bind bcdfghjk", None),
    "version": ("version", None),
    "help": ("help", None),
}
_RANK = {STRANGER: 0, VIEWER: 1, OPERATOR: 2, ADMIN: 3}
_NEEDED = {None: 0, Role.VIEWER: 1, Role.OPERATOR: 2, Role.ADMIN: 3}
_CHANGING = [text for text, role in USES.values() if role is Role.OPERATOR]
_WORDINGS = (
    "{}",
    "/{}",
    "  {}  ",
    "{}!",
    "\u200b{}",
    "\N{FULLWIDTH SOLIDUS}{}",
    "\u202e{}",
    "{}\n{}",
    "yes {}",
    "sudo {}",
    "as admin: {}",
    "help {}",
    "more {}",
    "bind {}",
    "subscribe {}",
    "on-call {}",
    "incidents {}",
)


def test_the_matrix_names_every_command_that_there_is() -> None:
    assert set(USES) == {command.names[0] for command in COMMANDS}


@pytest.mark.parametrize("who", _RANK)
@pytest.mark.parametrize("name", USES)
async def test_a_command_is_answered_to_those_who_have_the_role_alone(name: str, who: str) -> None:
    team = await in_trouble()
    before = await team.everything()
    text, role = USES[name]
    answer = await team.say(text, who)
    allowed = _RANK[who] >= _NEEDED[role]
    refusals = ("needs the role", "I don't know you yet")
    assert any(refusal in answer for refusal in refusals) is not allowed, answer
    if not allowed:
        assert await team.everything() == before


@pytest.mark.parametrize("who", [STRANGER, VIEWER])
@pytest.mark.parametrize("wording", _WORDINGS)
async def test_no_wording_lets_those_without_the_role_change_anything(wording: str, who: str) -> None:
    team = await in_trouble()
    before = await team.everything()
    for text in _CHANGING:
        for chosen in (text, text.upper(), text.translate({0x20: 0x3000})):
            await team.ask(wording.replace("{}", chosen), who)
            await team.ask("yes", who)
    assert await team.everything() == before


@pytest.mark.parametrize("who", [STRANGER, VIEWER])
async def test_a_nickname_makes_nobody_somebody_else(who: str) -> None:
    team = await in_trouble()
    before = await team.everything()
    for name in ("Olga", "Ada", "wx-admin", "daemon", "admin\n/ack p1", "id-Ada"):
        for text in _CHANGING:
            await team.ask(text, who, name=name)
            await team.ask("yes", who, name=name)
    assert await team.everything() == before


@pytest.mark.parametrize("who", [STRANGER, VIEWER])
async def test_no_quotation_lets_those_without_the_role_change_anything(who: str) -> None:
    team = await in_trouble()
    await team.notice("n1", "p1", "p2", text="two products are at fault now")
    before = await team.everything()
    for quote in (Quote("n1", "ack"), Quote("", "two products are at fault now"), Quote("x", "ack p1")):
        for text in ("ack", "close it", "silence 2h", "undo", "yes", "确认", "thanks"):
            await team.ask(text, who, quote=quote)
    assert await team.everything() == before


async def test_quoted_text_is_never_taken_as_a_command_whoever_quotes_it() -> None:
    team = await in_trouble()
    before = await team.everything()
    assert await team.ask("what about this one?", quote=Quote("m1", "ack p1")) is None
    assert await team.ask('"ack p1"') is None
    assert await team.ask("“ack” p1") is None
    assert await team.everything() == before


async def test_a_yes_counts_for_nobody_else_and_nowhere_else() -> None:
    team = await in_trouble()
    await team.say("shelve good", OPERATOR)
    assert await team.ask("yes", ADMIN) is None
    assert await team.ask("yes", VIEWER) is None
    assert await team.ask("yes", OPERATOR, room="other@chatroom") is None
    assert await team.ask("yes", OPERATOR, room="") is None
    assert await team.house.status("good") == "listed"
    assert "off the shelf" in await team.say("yes", OPERATOR)
    assert await team.house.status("good") == "unlisted"


async def test_who_lost_the_role_before_the_yes_changes_nothing() -> None:
    team = await in_trouble()
    await team.say("shelve good")
    team.people[OPERATOR] = team.people[VIEWER]
    assert "needs the role operator" in await team.say("yes")
    del team.people[OPERATOR]
    assert await team.ask("yes") is None
    assert await team.house.status("good") == "listed"


async def test_a_contact_that_became_another_person_does_not_answer_the_question_of_the_first() -> None:
    team = await in_trouble()
    await team.say("shelve good")
    team.people[OPERATOR] = team.people[ADMIN]
    assert await team.say("yes") == "Nothing was changed."
    assert await team.house.status("good") == "listed"


async def test_a_stranger_is_told_how_to_become_known_and_sees_only_that_in_the_help() -> None:
    team = await in_trouble()
    assert await team.say("products", STRANGER) == (
        "I don't know you yet. Ask an admin for a code, then send: bind CODE"
    )
    names = [line.split(" - ")[0] for line in (await team.say("help", STRANGER)).splitlines()[1:]]
    assert names == ["bind", "version", "help"]


async def test_the_help_of_each_names_what_they_may_use() -> None:
    team = await in_trouble()
    viewer, operator = await team.say("help", VIEWER), await team.say("help", OPERATOR)
    assert "\nack -" not in viewer
    assert "products -" in viewer
    assert len(operator.splitlines()) == len(COMMANDS) + 1


async def test_a_viewer_sees_what_the_group_hears_and_who_is_on_call() -> None:
    team = await in_trouble()
    assert await team.say("subscribe", VIEWER) == "This group hears: everything"
    assert "Nobody is on call" in await team.say("on-call", VIEWER)
    assert (await team.house.stores.bot.room(ROOM)).on_call == ""
