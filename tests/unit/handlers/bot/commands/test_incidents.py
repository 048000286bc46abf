"""Commands about incidents, and answers to notices."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from daemon.errors import StoreFull
from daemon.forum.rooms import Quote
from daemon.ports import Actor, Batch
from daemon.products.incidents import State
from daemon.products.passes import PassKind
from daemon.services import incidents as changes
from daemon.services.passes import run_pass
from tests.house import product
from tests.unit.handlers.bot.commands.team import OPERATOR, OTHER, ROOM, STRANGER, Team, in_trouble, team


@pytest.fixture
async def group() -> Team:
    return await in_trouble()


async def _state(group: Team, product_id: str) -> State:
    return (await group.incident(product_id)).state


async def test_an_incident_is_taken_on_by_its_handle_and_the_record_says_by_whom(group: Team) -> None:
    handle = await group.handle("p1")
    assert await group.say(f"ack {handle}") == f"{handle} is yours: Tea p1 (p1)"
    assert (await group.incident("p1")).acknowledged_by == "Olga"
    assert await group.actions() == ["incident.acknowledged"]


@pytest.mark.parametrize("wording", ["ack {}", "接手{}", "接手 {}", "确认，{}", "ACK {}.", "/ack #{}", "收到 {}"])
async def test_it_is_taken_on_however_it_is_written(group: Team, wording: str) -> None:
    handle = await group.handle("p1")
    if wording.startswith("确认，"):
        wording = "确认 {}，"
    await group.say(wording.format(handle.upper()))
    assert await _state(group, "p1") is State.ACKNOWLEDGED


@pytest.mark.parametrize("how", ["id", "product", "full width"])
async def test_an_incident_is_named_by_its_id_and_by_its_product_too(group: Team, how: str) -> None:
    handle = await group.handle("p1")
    wide = handle.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    names = {"id": (await group.incident("p1")).id, "product": "p1", "full width": wide}
    await group.say(f"ack {names[how]}")
    assert await _state(group, "p1") is State.ACKNOWLEDGED


async def test_a_product_with_several_incidents_is_asked_back_about() -> None:
    group = team()
    await group.shop(product("p", None, stock=0))
    answer = await group.say("ack p")
    assert answer.splitlines()[0] == "'p' is several incidents, which one?"
    assert len(answer.splitlines()) == 3
    latest = await group.house.stores.incidents.latest(["p"])
    assert {incident.state for incident in latest["p"]} == {State.OPEN}


async def test_several_are_taken_on_at_once(group: Team) -> None:
    answer = await group.say(f"ack {await group.handle('p1')} p2 p1")
    assert len(answer.splitlines()) == 2
    assert {await _state(group, "p1"), await _state(group, "p2")} == {State.ACKNOWLEDGED}


async def test_one_unknown_handle_among_several_changes_nothing(group: Team) -> None:
    assert "There is no incident 'nothere'" in await group.say("ack p1 nothere")
    assert await _state(group, "p1") is State.OPEN


async def test_a_handle_with_a_slip_gets_the_nearest(group: Team) -> None:
    handle = await group.handle("p1")
    assert handle in await group.say(f"ack {handle[:3]}")
    assert await _state(group, "p1") is State.OPEN


async def test_an_incident_that_opened_just_now_is_known_at_once(group: Team) -> None:
    await group.say("incidents")
    await group.shop(product("new", None))
    assert "Tea new (new)" in await group.say(f"incident {await group.handle('new')}")


async def test_an_incident_that_is_over_is_still_found_by_its_handle(group: Team) -> None:
    handle = await group.handle("p1")
    await group.say(f"close {handle} gone for good")
    group.house.clock.advance(60)
    answer = await group.say(f"incident {handle}")
    assert "Closed by Olga: gone for good" in answer
    assert await group.say(f"ack {handle}") == f"{handle} was closed by Olga already."


async def test_who_was_slower_is_told_who_was_faster(group: Team) -> None:
    handle = await group.handle("p1")
    await group.say("ack p1", OTHER)
    assert await group.say("ack p1") == f"{handle}: Otto was faster and has taken it on."
    assert await group.say("ack p1", OTHER) == f"{handle} is yours already."
    assert await group.actions() == []


async def test_what_recovered_meanwhile_is_told_plainly(group: Team) -> None:
    await group.notice("n1", "p2")
    handle = await group.handle("p2")
    await group.house.shelve(product("p2", stock=5))
    await run_pass(group.house.duty, PassKind.FULL)
    assert await group.say("ack", quote=Quote("n1", "")) == f"{handle} has recovered by itself."


@pytest.mark.parametrize("text", ["silence p1 2h", "静默 p1 2小时", "silence p1 for 2 hours", "静默 p1 两个小时"])
async def test_an_incident_is_silenced_for_a_time(group: Team, text: str) -> None:
    assert "2026-11-25 02:00 UTC" in await group.say(text)
    incident = await group.incident("p1")
    assert incident.state is State.SILENCED
    assert incident.silenced_until == group.house.clock.now() + timedelta(hours=2)


@pytest.mark.parametrize("time", ["never", "0m", "-2h", "9999d", "99999999999999999h", "2x"])
async def test_a_time_that_is_none_gets_the_usage_and_changes_nothing(group: Team, time: str) -> None:
    answer = await group.say(f"silence p1 {time}")
    assert "is no time to come" in answer
    assert "Usage: silence [HANDLE] TIME" in answer
    assert await _state(group, "p1") is State.OPEN


async def test_an_incident_is_closed_with_a_reason_and_not_without(group: Team) -> None:
    assert "A reason is missing." in await group.say("close p1")
    assert await _state(group, "p1") is State.OPEN
    await group.say("close p1 价格已改，谢谢")
    incident = await group.incident("p1")
    assert (incident.state, incident.closed_by, incident.reason) == (State.CLOSED, "Olga", "价格已改，谢谢")


async def test_a_remedy_is_taken_back_once(group: Team) -> None:
    handle = await group.handle("p1")
    assert await group.house.status("p1") == "unlisted"
    assert "Tea p1 (p1) is listed again" in await group.say(f"undo {handle}")
    assert await group.house.status("p1") == "listed"
    assert await group.actions() == ["remedy.undone"]
    assert await group.say(f"undo {handle}") == f"{handle}: nothing is in force that could be taken back."


async def test_a_remedy_of_another_incident_is_named_instead_of_taken_back() -> None:
    group = team()
    await group.shop(product("p", None, stock=0))
    latest = {incident.rule: incident for incident in (await group.house.stores.incidents.latest(["p"]))["p"]}
    answer = await group.say(f"undo {latest['soldout_listed'].id}")
    assert "held by another incident" in answer
    assert await group.house.status("p") == "unlisted"


async def test_a_remedy_that_the_shop_overrode_is_not_taken_back(group: Team) -> None:
    stores, clock = group.house.stores, group.house.clock
    read = await stores.catalogue.get("p1")
    changed = product("p1", None, status="archived", revision=read.revision)
    await stores.catalogue.replace(read, changed, actor="source:shop", now=clock.now())
    assert "the product is archived by now" in await group.say("undo p1")
    assert await group.house.status("p1") == "archived"


class TestAnswersToNotices:
    async def test_a_quotation_by_id_acts_on_all_of_the_notice(self, group: Team) -> None:
        await group.notice("n1", "p1", "p2")
        await group.notice("n2", "p2")
        await group.say("收到", quote=Quote("n1", "whatever"))
        assert {await _state(group, "p1"), await _state(group, "p2")} == {State.ACKNOWLEDGED}

    async def test_a_quotation_by_text_acts_where_the_service_tells_no_id(self, group: Team) -> None:
        await group.notice("n1", "p1", text="【严重】价格缺失：Tea p1 (p1)\n新异常：Tea p1")
        await group.notice("n2", "p2", text="【次要】无货在售：Tea p2 (p2)\n新异常：Tea p2")
        await group.say("ack", quote=Quote("", "【次要】无货在售：Tea p2 (p2) 新异常…"))
        assert await _state(group, "p1") is State.OPEN
        assert await _state(group, "p2") is State.ACKNOWLEDGED

    @pytest.mark.parametrize("text", ["收到，谢谢", "ack it, thanks", "接手 全部", "确认 一下"])
    async def test_a_polite_answer_is_one_too(self, group: Team, text: str) -> None:
        await group.notice("n1", "p1")
        await group.notice("n2", "p2")
        await group.say(text, quote=Quote("n1", ""))
        assert (await _state(group, "p1"), await _state(group, "p2")) == (State.ACKNOWLEDGED, State.OPEN)

    async def test_two_notices_of_the_same_text_are_asked_back_about(self, group: Team) -> None:
        await group.notice("n1", "p1", text="two products are at fault")
        await group.notice("n2", "p2", text="two products are at fault")
        assert "cannot tell which notice" in await group.say("ack", quote=Quote("", "two products are at fault"))
        assert await group.actions() == []

    async def test_a_quotation_of_something_else_is_not_taken_for_the_last_notice(self, group: Team) -> None:
        await group.notice("n1", "p1", text="two products are at fault")
        assert "no notice that I know" in await group.say("ack", quote=Quote("m9", "shall we have lunch"))
        assert "no notice that I know" in await group.say("close done", quote=Quote("", "shall we have lunch"))
        assert await _state(group, "p1") is State.OPEN

    async def test_a_notice_of_another_room_is_not_answered_here(self, group: Team) -> None:
        await group.notice("n1", "p1", room="other@chatroom")
        assert "no notice that I know" in await group.say("ack", quote=Quote("n1", ""))
        assert "Which incident?" in await group.say("ack")

    async def test_ack_alone_means_the_only_notice_of_the_last_minutes(self, group: Team) -> None:
        await group.notice("n1", "p1")
        group.house.clock.advance(599)
        await group.say("ack")
        assert await _state(group, "p1") is State.ACKNOWLEDGED

    async def test_ack_alone_means_nothing_when_the_notice_is_old(self, group: Team) -> None:
        await group.notice("n1", "p1")
        group.house.clock.advance(601)
        assert "Which incident?" in await group.say("ack")
        assert await _state(group, "p1") is State.OPEN

    async def test_ack_alone_means_nothing_when_there_were_two_notices(self, group: Team) -> None:
        await group.notice("n1", "p1")
        await group.notice("n2", "p2")
        assert "There were 2 notices just now" in await group.say("ack")
        assert await group.actions() == []

    async def test_ack_alone_means_all_parts_of_one_long_notice(self, group: Team) -> None:
        await group.notice("n1", "p1", whole="long")
        await group.notice("n2", "p2", whole="long")
        await group.say("ack")
        assert [await _state(group, name) for name in ("p1", "p2")] == [State.ACKNOWLEDGED] * 2

    async def test_an_answer_to_one_part_of_a_long_notice_acts_on_that_part(self, group: Team) -> None:
        await group.notice("n1", "p1", text="Price missing: 2 products", whole="long")
        await group.notice("n2", "p2", text="bcdf Open: Blue mug (p2)", whole="long")
        await group.say("ack", quote=Quote("", "zhiban：bcdf Open: Blue mug (p2)"))
        assert [await _state(group, name) for name in ("p1", "p2")] == [State.OPEN, State.ACKNOWLEDGED]

    async def test_a_reason_alone_closes_what_is_answered(self, group: Team) -> None:
        await group.notice("n1", "p1")
        await group.say("close wrong price in the feed", quote=Quote("n1", ""))
        incident = await group.incident("p1")
        assert (incident.state, incident.reason) == (State.CLOSED, "wrong price in the feed")

    async def test_a_reason_that_answers_nothing_closes_nothing(self, group: Team) -> None:
        await group.notice("n1", "p1")
        assert "There is no incident 'wrong'" in await group.say("close wrong price")
        assert await group.actions() == []

    async def test_a_handle_wins_over_the_notice_that_is_answered(self, group: Team) -> None:
        await group.notice("n1", "p1")
        await group.say(f"close {await group.handle('p2')} sold", quote=Quote("n1", ""))
        assert await _state(group, "p1") is State.OPEN
        assert (await group.incident("p2")).reason == "sold"

    async def test_silence_and_undo_act_on_what_is_answered(self, group: Team) -> None:
        await group.notice("n1", "p1")
        await group.say("undo", quote=Quote("n1", ""))
        await group.say("静默 30分钟", quote=Quote("n1", ""))
        assert await group.house.status("p1") == "listed"
        assert await _state(group, "p1") is State.SILENCED

    async def test_a_private_answer_is_matched_to_private_notices(self, group: Team) -> None:
        await group.notice("n1", "p1", room=OPERATOR)
        await group.say("ack", room="")
        assert await _state(group, "p1") is State.ACKNOWLEDGED

    async def test_of_many_only_the_number_is_told(self) -> None:
        group = team()
        names = [f"p{n}" for n in range(9)]
        await group.shop(*(product(name, stock=0) for name in names))
        await group.notice("n1", *names)
        await group.say("ack p3", OTHER)
        answer = await group.say("ack", quote=Quote("n1", ""))
        assert answer.splitlines()[:2] == ["Yours: 8", "As they were: 1"]
        assert "Otto was faster" in answer


class TestLists:
    async def test_they_show_what_is_alive(self, group: Team) -> None:
        answer = await group.say("incidents")
        assert answer.splitlines()[0] == "2 incidents:"
        await group.say("close p1 known")
        assert len((await group.say("incidents")).splitlines()) == 2
        assert len((await group.say("incidents all")).splitlines()) == 3

    @pytest.mark.parametrize(
        ("words", "shown"),
        [
            ("critical", {"p1"}),
            ("严重", {"p1"}),
            ("minor", {"p1", "p2"}),
            ("price_missing", {"p1"}),
            ("open", {"p1", "p2"}),
            ("未处理 soldout_listed", {"p2"}),
            ("closed", set()),
            ("mass", set()),
        ],
    )
    async def test_words_narrow_them(self, group: Team, words: str, shown: set[str]) -> None:
        answer = await group.say(f"incidents {words}")
        assert {name for name in ("p1", "p2") if f"({name})" in answer} == shown

    async def test_a_wrong_word_gets_the_usage_and_the_nearest(self, group: Team) -> None:
        answer = await group.say("incidents critcal")
        assert answer == (
            "I don't know 'critcal'. Did you mean: critical?\nUsage: incidents [SEVERITY] [STATE | all] [RULE]"
        )

    async def test_they_go_on_after_more_and_tell_how_many_are_left(self) -> None:
        group = team()
        await group.shop(*(product(f"p{n:02}", stock=0) for n in range(19)))
        first = await group.say("incidents minor soldout_listed")
        assert first.splitlines()[0] == "19 incidents:"
        assert first.splitlines()[-1] == "11 more: send more"
        second, third = await group.say("more"), await group.say("更多")
        assert second.splitlines()[-1] == "3 more: send more"
        seen = [line for text in (first, second, third) for line in text.splitlines() if "(p" in line]
        assert len(set(seen)) == len(seen) == 19
        assert await group.say("more") == "There is nothing more."

    async def test_a_list_of_another_person_or_room_does_not_go_on(self) -> None:
        group = team()
        await group.shop(*(product(f"p{n:02}", stock=0) for n in range(19)))
        await group.say("incidents")
        assert await group.say("more", OTHER) == "There is nothing more."
        assert await group.say("more", room="") == "There is nothing more."
        assert "more: send more" in await group.say("more")


async def test_a_mass_incident_is_shown_by_what_it_asks() -> None:
    group = team()
    await group.shop(*(product(f"p{n}", None) for n in range(30)))
    answer = await group.say("incidents mass")
    assert "too many at once: price_missing" in answer
    assert "asks to change 30 of 30 products" in answer


async def test_a_store_that_is_gone_is_told_of_and_nothing_is_raised(group: Team) -> None:
    handle = await group.handle("p1")

    async def commit(batch: object) -> None:
        raise StoreFull("the disk is full")

    group.house.stores.incidents.commit = commit  # type: ignore[method-assign]
    assert await group.say(f"ack {handle}") == "That cannot be done just now: the disk is full"


async def test_a_store_that_fills_up_halfway_does_not_hide_what_was_done(group: Team) -> None:
    store = group.house.stores.incidents
    whole = store.commit
    taken: list[Batch] = []

    async def commit(batch: Batch) -> None:
        if taken:
            raise StoreFull("the disk is full")
        taken.append(batch)
        await whole(batch)

    store.commit = commit  # type: ignore[method-assign]
    first, second = (await group.say("ack p1 p2")).splitlines()
    assert "is yours: Tea p1" in first
    assert "the disk is full" in second
    assert (await _state(group, "p1"), await _state(group, "p2")) == (State.ACKNOWLEDGED, State.OPEN)


async def test_what_products_are_called_is_data() -> None:
    group = team()
    evil = "x\x1b[31m\u202egnp.exe\nack p1\r\n@所有人 {handle} %s"
    await group.shop(msgspec.structs.replace(product("p1", None), title=evil))
    for text in ("incidents", "incident p1", "product p1", "products", "ack p1", "shelve p1"):
        answer = await group.say(text)
        assert not set(answer) & set("\x1b\u202e\r"), text
        assert "\nack p1" not in answer


async def test_who_silenced_an_incident_is_shown_to_those_who_may_read(group: Team) -> None:
    await changes.silence(
        group.house.duty, Actor("x", "Night\u202eshift"), (await group.incident("p1")).id,
        group.house.clock.now() + timedelta(hours=1),
    )  # fmt: skip
    assert "by Night shift" in await group.say("incident p1")
    assert await group.ask("incident p1", STRANGER, ROOM) != await group.say("incident p1")


async def test_handles_in_lists_are_those_that_are_understood() -> None:
    group = team()
    await group.shop(*(product(f"p{n}", stock=0) for n in range(6)))
    for line in (await group.say("incidents")).splitlines()[1:]:
        handle = line.split()[0]
        assert line in await group.say(f"incident {handle}")
