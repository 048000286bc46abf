"""Commands that answer a mass incident: apply what its rule holds back, or drop it."""

from __future__ import annotations

import pytest

from daemon.forum.rooms import Quote, SentNotice
from daemon.ports import Actor
from daemon.products.handles import HandleIndex
from daemon.products.incidents import Decision, Incident, Kind, State
from daemon.products.passes import PassKind
from daemon.services import deciding, remedies
from daemon.services import incidents as changes
from daemon.services.passes import run_pass
from tests.house import product
from tests.unit.handlers.bot.commands.team import ADMIN, OPERATOR, OTHER, ROOM, STRANGER, VIEWER, Team, in_trouble, team

COUNT = 30
BAD = [f"p{n:02}" for n in range(COUNT)]


async def frozen(language: str = "en", count: int = COUNT) -> Team:
    """A team whose rule has found too many products at fault at once."""
    made = team(language)
    await made.shop(*(product(name, None) for name in BAD[:count]), product("good"))
    return made


@pytest.fixture
async def group() -> Team:
    return await frozen()


async def mass_of(group: Team) -> Incident:
    found = await group.house.stores.incidents.latest_of_rule("mass:price_missing")
    assert found is not None
    return found


async def handle_of(group: Team) -> str:
    found = await mass_of(group)
    return HandleIndex([found.id]).handle(found.id)


async def statuses(group: Team) -> set[str]:
    return {await group.house.status(name) for name in BAD}


async def test_apply_names_what_would_be_done_and_a_yes_does_it(group: Team) -> None:
    own = await handle_of(group)
    assert (await group.say(f"apply {own}")).splitlines() == [
        f"{own} too many at once: price_missing",
        "listed -> off the shelf: 30 products?",
        "Send yes within 60 s, or no.",
    ]
    assert await statuses(group) == {"listed"}
    assert await group.actions() == []

    assert await group.say("yes") == f"Done: {own} too many at once: price_missing, 30 of 30 products changed."
    assert await statuses(group) == {"unlisted"}
    assert await group.house.status("good") == "listed"
    found = await mass_of(group)
    assert (found.closed_by, found.decision, found.state) == ("Olga", Decision.APPLY, State.RECOVERED)
    (audit,) = [a for a in (await group.house.stores.audit.entries(500)).items if a.actor == "id-Olga"]
    assert (audit.action, audit.target) == ("incident.closed", f"incident:{found.id}")
    assert audit.detail == {"reason": "apply", "products": "30"}


async def test_drop_leaves_the_products_as_they_are_for_a_while(group: Team) -> None:
    own = await handle_of(group)
    answer = await group.say(f"drop {own}")
    assert answer.startswith(f"{own} too many at once: price_missing: 30 products stay as they are. The rule leaves")
    found = await mass_of(group)
    assert (found.closed_by, found.decision) == ("Olga", Decision.DROP)
    await run_pass(group.house.duty, PassKind.FULL)
    assert await statuses(group) == {"listed"}
    assert (await mass_of(group)).state is State.RECOVERED
    assert await group.actions() == ["incident.closed"]


@pytest.mark.parametrize(
    ("text", "yes"), [("执行{}", "是"), ("执行 {}", "确认"), ("APPLY {}!", "yes"), ("/apply #{}", "ok")]
)
async def test_it_is_applied_however_it_is_written(group: Team, text: str, yes: str) -> None:
    await group.say(text.format((await handle_of(group)).upper()))
    await group.say(yes)
    assert await statuses(group) == {"unlisted"}


async def test_in_chinese_it_reads_chinese() -> None:
    group = await frozen("zh")
    own = await handle_of(group)
    assert (await group.say(f"执行{own}")).splitlines()[1:] == [
        "在售 → 已下架：30 个商品？",
        "请在 60 秒内回复“是”，或“否”。",
    ]
    assert "共 30 个商品，已处理 30 个" in await group.say("是")
    assert await group.say(f"放弃{own}") == f"{own}：Olga 已经决定：执行。"


@pytest.mark.parametrize("text", ["apply", "drop", "执行", "放弃"])
async def test_an_answer_to_the_notice_means_its_incident(group: Team, text: str) -> None:
    found = await mass_of(group)
    notice = SentNotice(
        message_id="n1", conversation_id=ROOM, incident_ids=(found.id,), sent_at=group.house.clock.now(), text=""
    )
    await group.house.stores.bot.remember_notice(notice)
    answer = await group.say(text, quote=Quote("n1", ""))
    assert "30 products" in answer
    assert await group.say(text, VIEWER, quote=Quote("n1", "")) != answer


class TestConfirmation:
    async def test_a_yes_counts_once_and_for_its_asker_and_room_alone(self, group: Team) -> None:
        await group.say(f"apply {await handle_of(group)}")
        for who, room in ((OTHER, ROOM), (ADMIN, ROOM), (VIEWER, ROOM), (STRANGER, ROOM), (OPERATOR, "other@chatroom")):
            assert await group.ask("yes", who, room) is None
        assert await statuses(group) == {"listed"}
        await group.say("yes")
        assert await group.ask("yes") is None
        assert await group.actions() == ["incident.closed"]

    async def test_a_no_or_a_late_yes_changes_nothing(self, group: Team) -> None:
        own = await handle_of(group)
        await group.say(f"apply {own}")
        assert await group.say("否") == "Nothing was changed."
        await group.say(f"apply {own}")
        group.house.clock.advance(60.5)
        assert "longer than 60 s" in await group.say("yes")
        assert (await mass_of(group)).state is State.OPEN
        assert await statuses(group) == {"listed"}

    async def test_who_lost_the_role_before_the_yes_changes_nothing(self, group: Team) -> None:
        await group.say(f"apply {await handle_of(group)}")
        group.people[OPERATOR] = group.people[VIEWER]
        assert await group.say("yes") == "apply needs the role operator; you are viewer. Nothing was changed."
        assert await statuses(group) == {"listed"}

    async def test_a_yes_is_for_the_last_question_alone(self, group: Team) -> None:
        own = await handle_of(group)
        await group.say("shelve good")
        await group.say(f"apply {own}")
        await group.say("yes")
        assert (await group.house.status("good"), await statuses(group)) == ("listed", {"unlisted"})
        await group.say("shelve good")
        assert "has decided already" in await group.say(f"apply {own}")
        assert await group.ask("yes") is None
        assert await group.house.status("good") == "listed"

    @pytest.mark.parametrize(("applied", "decision"), [(True, "apply"), (False, "drop")])
    async def test_what_another_decided_meanwhile_stands(self, group: Team, applied: bool, decision: str) -> None:
        own = await handle_of(group)
        await group.say(f"apply {own}")
        await deciding.decide(group.house.duty, Actor("id-Mei", "Mei"), (await mass_of(group)).id, applied)
        told = f"{own}: Mei has decided already: {decision}."
        assert await group.say("yes") == told
        assert await group.say(f"apply {own}") == told
        assert await group.say(f"drop {own}") == told
        assert await statuses(group) == {"unlisted" if applied else "listed"}
        assert await group.actions() == []

    async def test_more_products_than_were_named_are_not_touched(self, group: Team) -> None:
        own = await handle_of(group)
        await group.say(f"apply {own}")
        await group.shop(product("one-more", None))
        assert await group.say("yes") == f"{own} was changed meanwhile, nothing was done. Please look and ask again."
        assert await statuses(group) == {"listed"}
        assert "31 products?" in await group.say(f"apply {own}")

    async def test_fewer_products_than_were_named_are(self, group: Team) -> None:
        own = await handle_of(group)
        await group.say(f"apply {own}")
        await group.shop(product(BAD[0], "5"))
        assert "29 of 29 products changed" in await group.say("yes")
        assert await group.house.status(BAD[0]) == "listed"

    async def test_a_mass_that_came_again_is_another_question(self, group: Team) -> None:
        own, first = await handle_of(group), await mass_of(group)
        await group.say(f"apply {own}")
        await group.shop(*(product(name, "5") for name in BAD))
        group.house.clock.advance(5)
        await group.shop(*(product(name, None) for name in BAD))
        again = await mass_of(group)
        assert (again.id, again.state) == (first.id, State.OPEN)
        assert "was changed meanwhile, nothing was done" in await group.say("yes")
        assert await statuses(group) == {"listed"}


class TestOtherIncidents:
    @pytest.mark.parametrize("text", ["apply {}", "drop {}", "执行{}", "放弃{}"])
    async def test_what_asks_for_no_decision_is_said_to(self, text: str) -> None:
        group = await in_trouble()
        before, own = await group.everything(), await group.handle("p1")
        assert await group.say(text.format(own)) == (
            f"{own} asks for no decision. Apply and drop answer a notice of too many at once."
        )
        assert await group.everything() == before

    async def test_what_recovered_or_was_closed_is_said_to_be(self, group: Team) -> None:
        own = await handle_of(group)
        await group.say(f"close {own} known trouble")
        assert await group.say(f"apply {own}") == f"{own} was closed by Olga already."
        await group.shop(*(product(name, "5") for name in BAD))
        assert await group.say(f"drop {own}") == f"{own} has recovered by itself."

    async def test_more_than_one_is_asked_back_about(self, group: Team) -> None:
        store, found = group.house.stores.incidents, await mass_of(group)
        await group.shop(*(product(f"s{n:02}", stock=0) for n in range(COUNT)))
        other = await store.latest_of_rule("mass:soldout_listed")
        assert other is not None
        notice = SentNotice(
            message_id="n1", conversation_id=ROOM, incident_ids=(found.id, other.id),
            sent_at=group.house.clock.now(), text="",
        )  # fmt: skip
        await group.house.stores.bot.remember_notice(notice)
        assert (await group.say("drop", quote=Quote("n1", ""))).startswith("Several ask for a decision")
        assert "is too much" in await group.say(f"apply {found.id} {other.id}")
        assert {(await mass_of(group)).state, other.state} == {State.OPEN}

    async def test_one_whose_products_are_right_again_needs_no_apply(self, group: Team) -> None:
        own = await handle_of(group)
        await changes.silence(
            group.house.duty, Actor("x", "X"), (await mass_of(group)).id, group.house.clock.now().replace(year=2027)
        )
        waiting = await remedies.pending_of_rule(group.house.duty, "price_missing")
        for one in waiting:
            await changes.close(group.house.duty, Actor("x", "X"), one.id, "known")
        assert await group.say(f"apply {own}") == f"{own}: no product waits any more, there is nothing to be done."
        assert await group.ask("yes") is None


async def test_the_incident_and_its_notice_name_the_commands(group: Team) -> None:
    own, found = await handle_of(group), await mass_of(group)
    assert found.kind is Kind.MASS
    assert (await group.say(f"incident {own}")).splitlines()[-1] == f"To decide: apply {own}, or drop {own}"
    await group.say(f"drop {own}")
    assert "To decide" not in await group.say(f"incident {own}")


async def test_more_than_one_answer_can_take_follow_by_themselves(group: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remedies, "AT_ONCE", 10)
    group.house.duty.wake_checks.clear()
    await group.say(f"apply {await handle_of(group)}")
    assert (await group.say("yes")).endswith("10 of 30 products changed. The next 20 follow by themselves.")
    assert group.house.duty.wake_checks.is_set()
    await run_pass(group.house.duty, PassKind.CHANGED)
    assert await statuses(group) == {"unlisted"}
    assert (await mass_of(group)).state is State.RECOVERED


@pytest.mark.parametrize("who", [STRANGER, VIEWER])
async def test_without_the_role_nobody_decides(group: Team, who: str) -> None:
    own = await handle_of(group)
    before = await mass_of(group)
    for text in (f"apply {own}", f"drop {own}", f"执行{own}", f"放弃 {own}", "apply", "drop"):
        await group.ask(text, who)
        await group.ask("yes", who)
    assert await mass_of(group) == before
    assert await statuses(group) == {"listed"}
