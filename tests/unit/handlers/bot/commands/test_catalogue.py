"""Commands about products."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from daemon.forum.rooms import Quote
from daemon.ports import Actor
from daemon.products.passes import PassKind
from daemon.products.product import Product, Status, Unparsed, Variant
from daemon.services import products as changes
from tests.house import product
from tests.unit.handlers.bot.commands.team import OTHER, Team, in_trouble, team


@pytest.fixture
async def group() -> Team:
    return await in_trouble()


class TestSearch:
    @pytest.fixture
    async def shop(self) -> Team:
        group = team()
        await group.shop(
            product("red-1", sku="RT-1", gtin="4006381333931"),
            msgspec.structs.replace(product("red-2"), title="Red Tea, big"),
            product("v", variants=(Variant(sku="V-S", gtin="5901234123457"),)),
        )
        return group

    @pytest.mark.parametrize(
        ("words", "found"),
        [
            ("red tea", ["red-2"]),
            ("ＲＥＤ", ["red-1", "red-2"]),
            ("sku RT-1", ["red-1"]),
            ("sku:RT-1", ["red-1"]),
            ("sku：rt-1", ["red-1"]),
            ("货号 V-S", ["v"]),
            ("gtin 4006381333931", ["red-1"]),
            ("条码 4006381333931", ["red-1"]),
            ("4006381333931", ["red-1"]),
            ("5901234123457", ["v"]),
            ("", ["red-1", "red-2", "v"]),
        ],
    )
    async def test_products_are_found_by_words_sku_and_gtin(self, shop: Team, words: str, found: list[str]) -> None:
        lines = (await shop.say(f"products {words}")).splitlines()
        assert [line.split()[0] for line in lines[1:]] == found
        assert lines[0] == f"{len(found)} products:"

    async def test_what_is_not_there_is_said_with_the_words(self, shop: Team) -> None:
        assert await shop.say("products green") == "No product matches 'green'."
        assert await shop.say("products gtin abc") == "No product matches 'gtin abc'."

    async def test_a_list_goes_on_with_more(self) -> None:
        group = team()
        await group.shop(*(product(f"p{n:02}") for n in range(20)))
        first, second, third = await group.say("products"), await group.say("more"), await group.say("more")
        assert first.splitlines()[-1] == "12 more: send more"
        assert second.splitlines()[-1] == "4 more: send more"
        shown = [line.split()[0] for text in (first, second, third) for line in text.splitlines() if line[0] == "p"]
        assert shown == [f"p{n:02}" for n in range(20)]

    async def test_a_new_list_takes_the_place_of_the_last(self) -> None:
        group = team()
        await group.shop(*(product(f"p{n:02}") for n in range(20)))
        await group.say("products")
        await group.say("products p01")
        assert await group.say("more") == "There is nothing more."


class TestOne:
    async def test_it_is_shown_with_what_is_wrong_and_what_was_done(self, group: Team) -> None:
        handle = await group.handle("p2")
        assert await group.say("product p2") == "\n".join(
            [
                "p2 Tea p2 [out of stock]",
                "Price 10",
                "Stock 0",
                f"Set to out of stock by soldout_listed. Take back: undo {handle}",
                "Incidents: 1",
                f"{handle} [minor] soldout_listed: Tea p2 (p2) (open)",
            ]
        )

    async def test_a_good_one_is_said_to_be_good(self, group: Team) -> None:
        assert (await group.say("product good")).splitlines()[-1] == "Nothing is wrong with it that I know of."

    async def test_it_is_named_by_sku_or_gtin_when_only_one_has_it(self) -> None:
        group = team()
        await group.shop(product("a", sku="S1"), product("b", sku="S2"), product("c", sku="S2"))
        assert (await group.say("product S1")).startswith("a Tea a")
        assert await group.say("product S2") == "'S2' is several products: Tea b (b), Tea c (c)"

    async def test_an_id_with_spaces_needs_no_quotes(self) -> None:
        group = team()
        await group.shop(product("red tea 1"))
        for text in ("product red tea 1", 'product "red tea 1"', "product “red tea 1”"):
            assert (await group.say(text)).startswith("red tea 1 Tea")

    async def test_an_unknown_one_gets_those_that_are_near(self, group: Team) -> None:
        assert await group.say("product P") == "There is no product 'P'. Near it: Tea p1 (p1), Tea p2 (p2)"
        assert await group.say("product nothing") == "There is no product 'nothing'."

    async def test_strange_values_are_shown_as_they_are(self) -> None:
        group = team()
        strange = Product(
            id="s", source="shop", title=None, price=Decimal("1E+9999"), stock=Decimal("NaN"), currency="US\x07$",
            sale_price=Unparsed("1.234\u202e", ambiguous=True), status=Unparsed("sort\u200bof"),
        )  # fmt: skip
        await group.shop(strange)
        answer = await group.say("product s")
        assert "Price 1E+9999 US $" in answer
        assert "Reduced 1.234" in answer
        assert "[sort of]" in answer

    async def test_one_is_checked_again_now(self, group: Team) -> None:
        assert await group.say("recheck good") == "Checking Tea good (good) now."
        assert [(r.kind, r.product_ids) for r in group.house.duty.requested] == [(PassKind.SINGLE, ("good",))]
        assert group.house.duty.requested[0].requested_by == "id-Olga"
        assert await group.actions() == ["pass.requested"]


class TestConfirmation:
    @pytest.mark.parametrize("yes", ["yes", "YES!", "是", "是。", "确认", "ok", "ｙｅｓ"])
    async def test_a_yes_takes_the_product_off_the_shelf(self, group: Team, yes: str) -> None:
        question = await group.say("shelve good")
        assert question == "Tea good (good)\nlisted -> off the shelf?\nSend yes within 60 s, or no."
        assert await group.house.status("good") == "listed"
        assert await group.say(yes) == "Done: Tea good (good) is off the shelf."
        assert await group.house.status("good") == "unlisted"
        assert await group.actions() == ["product.status_set"]

    async def test_and_another_puts_it_back(self, group: Team) -> None:
        await group.say("下架 good")
        await group.say("是")
        await group.say("上架good")
        await group.say("是")
        assert await group.house.status("good") == "listed"

    async def test_a_yes_counts_once(self, group: Team) -> None:
        await group.say("shelve good")
        await group.say("yes")
        assert await group.ask("yes") is None
        assert await group.actions() == ["product.status_set"]

    @pytest.mark.parametrize("no", ["no", "否", "取消"])
    async def test_a_no_ends_it(self, group: Team, no: str) -> None:
        await group.say("shelve good")
        assert await group.say(no) == "Nothing was changed."
        assert await group.ask("yes") is None
        assert await group.house.status("good") == "listed"

    async def test_a_late_yes_changes_nothing_and_is_told_so(self, group: Team) -> None:
        await group.say("shelve good")
        group.house.clock.advance(60.5)
        assert await group.say("yes") == "That took longer than 60 s, nothing was changed. Please ask again."
        assert await group.house.status("good") == "listed"

    async def test_long_after_the_question_a_yes_is_just_talk(self, group: Team) -> None:
        await group.say("shelve good")
        group.house.clock.advance(3600)
        assert await group.ask("yes") is None

    async def test_a_yes_is_for_the_last_question_alone(self, group: Team) -> None:
        await group.say("shelve good")
        await group.say("list p1")
        await group.say("yes")
        assert await group.ask("yes") is None
        assert await group.house.status("good") == "listed"
        assert await group.house.status("p1") == "listed"

    async def test_a_second_question_that_fails_ends_the_first(self, group: Team) -> None:
        await group.say("shelve good")
        await group.say("shelve nothere")
        assert await group.ask("yes") is None
        assert await group.house.status("good") == "listed"

    async def test_a_product_that_was_changed_since_is_left_as_it_is(self, group: Team) -> None:
        await group.say("shelve good")
        revision = (await group.house.stores.catalogue.get("good")).revision
        await changes.set_status(group.house.duty, Actor("x", "X"), "good", Status.REVIEW, revision)
        assert "was changed meanwhile, nothing was done" in await group.say("yes")
        assert await group.house.status("good") == "review"

    async def test_yes_to_something_else_is_no_yes(self, group: Team) -> None:
        await group.say("shelve good")
        assert await group.ask("yes please do") is None
        assert await group.ask("yesterday") is None
        assert await group.house.status("good") == "listed"

    async def test_an_answer_to_a_notice_is_not_the_answer_to_the_question(self, group: Team) -> None:
        await group.notice("n1", "p1")
        await group.say("shelve good")
        assert "is yours" in await group.say("确认", quote=Quote("n1", ""))
        assert await group.house.status("good") == "listed"
        assert "off the shelf" in await group.say("确认", quote=Quote("question", "Tea good (good)"))

    async def test_what_is_so_already_is_not_asked_about(self, group: Team) -> None:
        assert await group.say("list good") == "Tea good (good) is listed already."
        assert await group.ask("yes") is None

    async def test_what_a_remedy_took_off_is_kept_off_when_somebody_says_so(self, group: Team) -> None:
        assert "by a remedy. Keep it so" in await group.say("shelve p1")
        await group.say("yes")
        assert (await group.house.stores.incidents.held(["p1"])) == {}
        assert await group.house.status("p1") == "unlisted"

    async def test_two_people_ask_beside_each_other(self, group: Team) -> None:
        await group.say("shelve good")
        await group.say("list p1", OTHER)
        await group.say("yes", OTHER)
        assert (await group.house.status("good"), await group.house.status("p1")) == ("listed", "listed")
        await group.say("yes")
        assert await group.house.status("good") == "unlisted"
