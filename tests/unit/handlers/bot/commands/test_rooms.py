"""Commands about people and what their room hears, about the checks, and about the bot itself."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from daemon.forum.principals import Role
from daemon.ports import Actor
from daemon.products.imports import SourceState
from daemon.services import contacts
from tests.house import product
from tests.unit.handlers.bot.commands.team import ADMIN, OPERATOR, ROOM, STRANGER, VIEWER, Team, in_trouble, team


@pytest.fixture
async def group() -> Team:
    return await in_trouble()


async def _code(group: Team, role: Role = Role.OPERATOR) -> str:
    return await contacts.make_code(group.house.duty, Actor("id-Ada", "Ada"), "Nina", role)


async def test_a_stranger_becomes_somebody_by_a_code_that_counts_once(group: Team) -> None:
    code = await _code(group)
    assert await group.say(f"bind {code}", STRANGER) == (
        "Welcome, Nina. You are operator. Send help to see what I can do."
    )
    principal = await group.house.stores.bot.contact(STRANGER)
    assert principal is not None
    assert (principal.name, principal.role) == ("Nina", Role.OPERATOR)
    assert "unknown, used or too old" in await group.say(f"bind {code}", VIEWER)


async def test_a_code_in_capitals_and_groups_is_read_and_never_kept_in_the_audit_log(group: Team) -> None:
    code = await _code(group)
    await group.say(f"绑定 {code[:4].upper()} {code[4:]}", STRANGER)
    assert await group.house.stores.bot.contact(STRANGER) is not None
    assert code not in str((await group.house.stores.audit.entries(500)).items)


async def test_too_many_wrong_codes_are_refused(group: Team) -> None:
    for _ in range(5):
        await group.say("bind wrong", STRANGER)
    assert "too many wrong codes" in await group.say(f"bind {await _code(group)}", STRANGER)
    assert await group.house.stores.bot.contact(STRANGER) is None


class TestCodesForOthers:
    @pytest.mark.parametrize(
        ("text", "role"),
        [("bind for Nina", Role.VIEWER), ("绑定 给 Nina 操作员", Role.OPERATOR), ("BIND FOR Nina admin", Role.ADMIN)],
    )
    async def test_an_admin_gets_one_in_private(self, group: Team, text: str, role: Role) -> None:
        answer = await group.say(text, ADMIN, room="")
        assert "Nina" in answer
        await group.say(f"bind {answer.split()[-1]}", STRANGER)
        principal = await group.house.stores.bot.contact(STRANGER)
        assert principal is not None
        assert (principal.name, principal.role) == ("Nina", role)
        assert "contact.code_created" in await group.actions(ADMIN)

    async def test_in_a_group_nobody_does(self, group: Team) -> None:
        assert "in private" in await group.say("bind for Nina", ADMIN)
        assert await group.actions(ADMIN) == []

    @pytest.mark.parametrize("who", [STRANGER, VIEWER, OPERATOR])
    async def test_without_the_role_nobody_does(self, group: Team, who: str) -> None:
        before = await group.house.stores.principals.all()
        answer = await group.say("bind for Nina admin", who, room="")
        assert answer.startswith(("I don't know you", "bind needs the role admin"))
        assert await group.house.stores.principals.all() == before

    async def test_the_role_of_somebody_known_is_not_changed_so(self, group: Team) -> None:
        await _code(group, Role.VIEWER)
        assert "Nina is viewer, not admin" in await group.say("bind for Nina admin", ADMIN, room="")
        assert "Usage: bind CODE" in await group.say("bind for", ADMIN, room="")


class TestRooms:
    async def test_notices_are_muted_for_a_time_and_come_again(self, group: Team) -> None:
        assert "until 2026-11-25 02:00 UTC" in await group.say("mute 2h")
        room = await group.house.stores.bot.room(ROOM)
        assert room.muted_until == group.house.clock.now() + timedelta(hours=2)
        assert "No notices here until 2026-11-25 02:00 UTC" in await group.say("status")
        await group.say("取消免打扰")
        assert (await group.house.stores.bot.room(ROOM)).muted_until is None
        assert await group.actions() == ["room.muted", "room.unmuted"]

    @pytest.mark.parametrize("text", ["mute", "mute forever", "mute 0m", "mute 1000d"])
    async def test_a_wrong_time_mutes_nothing(self, group: Team, text: str) -> None:
        assert "Usage: mute TIME" in await group.say(text)
        assert (await group.house.stores.bot.room(ROOM)).muted_until is None

    async def test_a_room_subscribes_bit_by_bit_and_to_everything_again(self, group: Team) -> None:
        await group.say("subscribe rule price_missing")
        await group.say("订阅 soldout_listed")
        await group.say("订阅 类目 茶叶，红茶")
        answer = await group.say("subscribe severity 重要")
        assert answer == ("This group hears: rules price_missing, soldout_listed, categories 茶叶,红茶, from major")
        room = await group.house.stores.bot.room(ROOM)
        assert room.rules == ("price_missing", "soldout_listed")
        assert (room.categories, room.min_severity) == (("茶叶,红茶",), "major")
        assert await group.say("subscribe") == answer
        assert await group.say("subscribe all") == "This group hears: everything"
        assert (await group.house.stores.bot.room(ROOM)).rules == ()

    @pytest.mark.parametrize(
        ("text", "near"),
        [
            ("subscribe rule price_mising", "price_missing"),
            ("subscribe severity majr", "major"),
            ("subscribe catgory tea", "category"),
            ("subscribe critcal", "critical"),
        ],
    )
    async def test_a_wrong_word_gets_the_nearest_and_changes_nothing(self, group: Team, text: str, near: str) -> None:
        assert f"Did you mean: {near}?" in await group.say(text)
        assert await group.actions() == []

    async def test_who_is_on_call_is_known_by_contact_and_shown_by_principal(self, group: Team) -> None:
        code = await contacts.make_code(group.house.duty, Actor("id-Ada", "Ada"), "Nina", Role.OPERATOR)
        group.people[STRANGER] = await contacts.bind(group.house.duty, code, STRANGER)
        assert await group.say("on-call me", STRANGER, name="Boss") == "On call: Nina"
        assert await group.say("值班", VIEWER) == "On call: Nina"
        assert (await group.house.stores.bot.room(ROOM)).on_call == STRANGER
        assert "Nobody is on call" in await group.say("on call off")

    @pytest.mark.parametrize("text", ["mute 2h", "unmute", "subscribe", "on-call me"])
    async def test_in_private_there_is_no_room_to_change(self, group: Team, text: str) -> None:
        assert await group.say(text, room="") == "This works in a group only."
        assert await group.actions() == []


class TestChecks:
    async def test_the_status_tells_of_incidents_passes_sources_and_notices(self, group: Team) -> None:
        await group.house.stores.catalogue.save_source(SourceState(name="shop", error="404\x1b[0m not found"))
        assert (await group.say("status")).splitlines() == [
            "Open 2, escalated 0, taken on 0, silenced 0",
            "3 products",
            "Last pass just now: finished, 3 checked, 2 abnormal, 0.0 s",
            "Source shop failed: 404 not found",
            "Notices: 4 waiting, 0 unknown, 0 failed",
        ]

    async def test_before_the_first_pass_it_says_so(self) -> None:
        group = team("zh")
        assert "还没有巡检" in await group.say("状态")
        assert await group.say("巡检") == "还没有巡检。"

    @pytest.mark.parametrize(
        ("seconds", "told"), [(0, "just now"), (150, "2 min ago"), (7300, "2 h ago"), (400_000, "4 days ago")]
    )
    async def test_passes_tell_how_long_ago_they_were(self, group: Team, seconds: int, told: str) -> None:
        group.house.clock.advance(seconds)
        assert f"everything {told}: finished, 3 checked, 2 abnormal, 2 new, 0 recovered" in await group.say("passes")

    async def test_a_failed_pass_tells_why(self, group: Team) -> None:
        store = group.house.stores.incidents
        record = (await store.passes(1)).items[0]
        await store.add_pass(msgspec.structs.replace(record, error="OSError: disk\ngone"))
        assert (await group.say("passes")).splitlines()[-1] == "  OSError: disk gone"

    async def test_rules_are_listed_with_what_they_do(self, group: Team) -> None:
        assert (await group.say("rules")).splitlines() == [
            "3 rules:",
            "price_missing price_missing [critical, with remedy]",
            "soldout_listed soldout_listed [minor, with remedy]",
            "listed_archived listed_archived [critical]",
        ]

    async def test_the_digest_is_told_now_and_queued_for_nobody(self, group: Team) -> None:
        before = await group.house.news()
        for text in ("digest now", "digest", "汇总"):
            assert (await group.say(text)).startswith("Daily digest 2026-11-25: 2 open\n")
        assert await group.house.news() == before


class TestHelp:
    async def test_it_tells_of_one_command(self, group: Team) -> None:
        assert (await group.say("help shelve")).splitlines() == [
            "shelve - Take a product off the shelf, after a yes",
            "shelve PRODUCT",
            "Also: unlist, 下架",
            "Needs the role operator",
        ]

    @pytest.mark.parametrize("text", ["help digest now", "help 值班", "帮助 /ack", "? more", "help version"])
    async def test_it_finds_a_command_by_any_name(self, group: Team, text: str) -> None:
        assert "Also:" in await group.say(text)

    async def test_a_wrong_name_gets_the_nearest(self, group: Team) -> None:
        assert "Did you mean: silence?" in await group.say("help silense")
        assert "I don't know 'qqqq'." in await group.say("help qqqq")

    async def test_the_version_is_told_to_anybody(self, group: Team) -> None:
        assert (await group.say("version", STRANGER)).startswith("zhiban ")

    async def test_a_group_of_chinese_speakers_reads_chinese(self) -> None:
        group = await in_trouble("zh")
        help_text = await group.say("帮助", ADMIN)
        assert "接手：接手异常" in help_text
        assert "用法：静默 [编号] 时间" in await group.say("静默", OPERATOR)
        await group.shop(product("p3", None))
        assert "个异常：" in await group.say("异常")
