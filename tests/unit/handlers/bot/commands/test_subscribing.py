"""A room takes back one thing that it chose to hear."""

from __future__ import annotations

import pytest

from daemon.services import room_settings
from tests.house import PERSON
from tests.unit.handlers.bot.commands.team import ROOM, VIEWER, Team, in_trouble


@pytest.fixture
async def group() -> Team:
    made = await in_trouble()
    for text in ("rule price_missing", "rule soldout_listed", "类目 Green Tea", "severity major"):
        await made.say(f"subscribe {text}")
    return made


async def _chosen(group: Team) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    room = await group.house.stores.bot.room(ROOM)
    return room.rules, room.categories, room.min_severity


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("unsubscribe rule price_missing", (("soldout_listed",), ("Green Tea",), "major")),
        ("取消订阅 规则 soldout_listed", (("price_missing",), ("Green Tea",), "major")),
        ("unsubscribe PRICE_MISSING", (("soldout_listed",), ("Green Tea",), "major")),
        ("unsubscribe category Green Tea", (("price_missing", "soldout_listed"), (), "major")),
        ('退订 类目 "green tea"', (("price_missing", "soldout_listed"), (), "major")),
        ("unsubscribe green tea", (("price_missing", "soldout_listed"), (), "major")),
        ("unsubscribe severity", (("price_missing", "soldout_listed"), ("Green Tea",), "")),
        ("取消订阅 级别 重要", (("price_missing", "soldout_listed"), ("Green Tea",), "")),
        ("unsubscribe major", (("price_missing", "soldout_listed"), ("Green Tea",), "")),
    ],
)
async def test_one_thing_is_taken_back_and_the_others_stay(group: Team, text: str, left: object) -> None:
    answer = await group.say(text)
    assert answer.startswith("This group hears: ")
    assert await _chosen(group) == left
    assert (await group.actions())[-1] == "room.unsubscribed"


async def test_a_room_that_took_all_back_hears_everything_and_is_told_so(group: Team) -> None:
    for text in ("rule price_missing", "rule soldout_listed", "category Green Tea"):
        await group.say(f"unsubscribe {text}")
    assert await group.say("unsubscribe severity") == "This group hears: everything"
    assert await _chosen(group) == ((), (), "")


@pytest.mark.parametrize(
    "text",
    [
        "rule listed_archived",
        "rule Green Tea",
        "category black tea",
        "severity critical",
        "minor",
        "everything",
        "rule x",
    ],
)
async def test_what_was_not_chosen_changes_nothing_and_what_was_is_shown(group: Team, text: str) -> None:
    before, done = await _chosen(group), await group.actions()
    assert (await group.say(f"unsubscribe {text}")).splitlines() == [
        f"This group did not choose '{text}', nothing was changed.",
        "This group hears: rules price_missing, soldout_listed, categories Green Tea, from major",
    ]
    assert await _chosen(group) == before
    assert await group.actions() == done


@pytest.mark.parametrize("text", ["unsubscribe rule", "取消订阅 类目"])
async def test_a_kind_without_a_name_gets_the_usage(group: Team, text: str) -> None:
    before = await _chosen(group)
    assert "Usage: unsubscribe [rule RULE" in await group.say(text)
    assert await _chosen(group) == before


async def test_alone_it_changes_nothing_and_says_how_to_hear_less(group: Team) -> None:
    before = await _chosen(group)
    first, second = (await group.say("unsubscribe")).splitlines()
    assert first.endswith("categories Green Tea, from major")
    assert "mute 2h" in second
    assert await _chosen(group) == before


async def test_a_rule_that_there_is_no_more_can_be_taken_back(group: Team) -> None:
    await room_settings.subscribe(group.house.duty, PERSON, ROOM, rule="gone_rule")
    await group.say("unsubscribe rule gone_rule")
    assert (await _chosen(group))[0] == ("price_missing", "soldout_listed")


async def test_it_is_for_operators_in_groups(group: Team) -> None:
    before = await _chosen(group)
    assert "needs the role operator" in await group.say("unsubscribe severity", VIEWER)
    assert await group.say("unsubscribe severity", room="") == "This works in a group only."
    assert await _chosen(group) == before
