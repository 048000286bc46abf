"""The whole cycle on memory stores: pass, incident, remedy, notice, recovery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from daemon.config import ChannelSection, ChecksSection, Config, RemediesSection
from daemon.errors import Conflict
from daemon.ports import IncidentFilter
from daemon.products.imports import SourceState
from daemon.products.incidents import ALIVE, State
from daemon.products.passes import PassKind, PassState
from daemon.products.product import Product, Status
from daemon.products.remedies import RemedyMode, RemedyState
from daemon.products.rulebook import Rulebook
from daemon.products.verdicts import OK, PassContext, Verdict, bad
from daemon.services import deciding, incidents, passes, products, settling
from tests.house import PERSON, House, house, price_missing, product, rule, rules


async def fix(home: House, product_id: str, **fields: object) -> None:
    read = await home.stores.catalogue.get(product_id)
    await home.stores.catalogue.replace(
        read, msgspec.structs.replace(read, **fields), actor=PERSON.id, now=home.clock.now()
    )


async def states(home: House) -> dict[tuple[str, str], State]:
    page = await home.stores.incidents.find(IncidentFilter(), 1000)
    return {(i.product_id, i.rule): i.state for i in reversed(page.items)}


async def remedy_states(home: House) -> list[RemedyState]:
    page = await home.stores.incidents.find_remedies((), 1000)
    return [r.state for r in reversed(page.items)]


async def test_a_product_without_a_price_goes_off_the_shelf_and_comes_back_when_it_has_one() -> None:
    home = house()
    await home.shelve(product("good"), product("bad", None))

    await passes.tick(home.duty)
    assert await home.status("bad") == "unlisted"
    assert await states(home) == {("bad", "price_missing"): State.OPEN}

    await passes.tick(home.duty)
    assert await home.status("bad") == "unlisted", "its own remedy must not look like a recovery"

    await fix(home, "bad", price=Decimal(12))
    await passes.tick(home.duty)
    assert await home.status("bad") == "listed"
    assert await states(home) == {("bad", "price_missing"): State.RECOVERED}
    assert await remedy_states(home) == [RemedyState.UNDONE]
    assert [news for _, _, news in await home.news()] == [
        "opened",
        "remedy_applied",
        "recovered",
        "remedy_undone",
    ]


async def test_an_unchanged_catalogue_is_not_judged_again() -> None:
    home = house()
    await home.shelve(product("a"), product("b", None))
    await passes.tick(home.duty)
    await passes.tick(home.duty)

    record = await passes.run_pass(home.duty, PassKind.CHANGED)

    assert (record.seen, record.checked, record.skipped) == (2, 0, 2)
    assert record.state is PassState.FINISHED


async def test_all_products_are_judged_again_once_their_source_says_more() -> None:
    def priced(product: Product, context: PassContext) -> Verdict:
        lacking = context.provides("shop", "price") and product.price is None
        return bad("price", None, "no price") if lacking else OK

    home = house(Rulebook((rule(priced),)))
    await home.stores.catalogue.save_source(SourceState(name="shop", fields=frozenset({"title"})))
    await home.shelve(product("a", None))
    await passes.tick(home.duty)
    assert await states(home) == {}, "a source without prices has no missing ones"

    await home.stores.catalogue.save_source(SourceState(name="shop", fields=frozenset({"title", "price"})))
    await passes.tick(home.duty)
    assert await states(home) == {("a", "priced"): State.OPEN}


async def test_shadow_mode_writes_down_what_would_have_been_done_and_touches_nothing() -> None:
    home = house(rules(RemedyMode.SHADOW))
    await home.shelve(product("bad", None))

    await passes.tick(home.duty)

    assert await home.status("bad") == "listed"
    assert await remedy_states(home) == [RemedyState.SHADOWED]


async def test_a_rule_over_its_budget_asks_a_person_once_and_touches_nothing() -> None:
    home = house()
    await home.shelve(*(product(f"p{n:02}", None) for n in range(30)))

    await passes.tick(home.duty)
    await passes.run_pass(home.duty, PassKind.FULL)

    assert {await home.status(f"p{n:02}") for n in range(30)} == {"listed"}
    assert (await states(home))["", "mass:price_missing"] is State.OPEN
    assert [entry for entry in await home.news() if entry[1] == "mass:price_missing"] == [
        ("mass:price_missing", "mass:price_missing", "opened")
    ]


@pytest.mark.parametrize(("apply", "status"), [(True, "unlisted"), (False, "listed")])
async def test_a_person_decides_about_a_mass(apply: bool, status: str) -> None:
    home = house()
    await home.shelve(*(product(f"p{n:02}", None) for n in range(30)))
    await passes.tick(home.duty)
    mass = await home.stores.incidents.latest_of_rule("mass:price_missing")
    assert mass is not None

    await deciding.decide(home.duty, PERSON, mass.id, apply)
    await passes.run_pass(home.duty, PassKind.FULL)

    assert {await home.status(f"p{n:02}") for n in range(30)} == {status}
    assert (await states(home))["", "mass:price_missing"] is State.RECOVERED
    with pytest.raises(Conflict):
        await deciding.decide(home.duty, PERSON, mass.id, apply)


async def test_a_mass_that_is_fixed_in_the_shop_recovers_by_itself() -> None:
    home = house()
    await home.shelve(*(product(f"p{n:02}", None) for n in range(30)))
    await passes.tick(home.duty)

    await home.shelve(*(product(f"p{n:02}") for n in range(30)), import_id="2")
    await passes.tick(home.duty)

    assert set((await states(home)).values()) == {State.RECOVERED}


async def test_a_persons_relisting_is_respected_until_it_expires() -> None:
    home = house()
    await home.shelve(product("bad", None))
    await passes.tick(home.duty)
    held = await home.stores.catalogue.get("bad")

    await products.set_status(home.duty, PERSON, "bad", Status.LISTED, held.revision)
    for _ in range(3):
        await passes.tick(home.duty)
    assert await home.status("bad") == "listed"
    assert await remedy_states(home) == [RemedyState.OVERRIDDEN]
    assert (await states(home))["bad", "price_missing"] is State.OPEN

    home.clock.advance(home.duty.config.remedies.override + 60)
    await passes.run_pass(home.duty, PassKind.CHANGED)
    assert await home.status("bad") == "unlisted"


async def test_the_shops_own_word_overrides_a_remedy_too() -> None:
    home = house()
    await home.shelve(product("bad", None))
    await passes.tick(home.duty)

    await home.shelve(product("bad", None, status=Status.DRAFT), import_id="2")
    await passes.tick(home.duty)

    assert await home.status("bad") == "draft"
    assert await remedy_states(home) == [RemedyState.OVERRIDDEN]


async def test_a_second_import_of_the_same_file_does_not_undo_a_remedy() -> None:
    home = house()
    await home.shelve(product("bad", None))
    await passes.tick(home.duty)

    await home.shelve(product("bad", None), import_id="2")
    await passes.tick(home.duty)

    assert await home.status("bad") == "unlisted"
    assert await remedy_states(home) == [RemedyState.APPLIED]


async def test_undo_by_a_person_keeps_the_rule_away() -> None:
    home = house()
    await home.shelve(product("bad", None))
    await passes.tick(home.duty)
    (remedy,) = (await home.stores.incidents.find_remedies((), 10)).items

    undone = await settling.undo(home.duty, PERSON, remedy.id)
    await passes.run_pass(home.duty, PassKind.FULL)

    assert (undone.state, undone.ended_by) == (RemedyState.UNDONE, "mei")
    assert await home.status("bad") == "listed"
    with pytest.raises(Conflict):
        await settling.undo(home.duty, PERSON, remedy.id)


async def test_the_stronger_remedy_holds_and_hands_over_to_the_weaker_one() -> None:
    home = house()
    await home.shelve(product("both", None, stock=Decimal(0)))
    await passes.tick(home.duty)
    assert await home.status("both") == "unlisted"

    await fix(home, "both", price=Decimal(3))
    await passes.tick(home.duty)
    await passes.tick(home.duty)
    assert await home.status("both") == "out_of_stock"
    assert await remedy_states(home) == [RemedyState.HANDED_OVER, RemedyState.APPLIED]

    await fix(home, "both", stock=Decimal(5))
    await passes.tick(home.duty)
    assert await home.status("both") == "listed"


async def test_a_stronger_remedy_takes_over_from_a_weaker_one() -> None:
    home = house()
    await home.shelve(product("both", stock=Decimal(0)))
    await passes.tick(home.duty)
    assert await home.status("both") == "out_of_stock"

    await fix(home, "both", price=None)
    await passes.tick(home.duty)
    assert await home.status("both") == "unlisted"
    assert await remedy_states(home) == [RemedyState.HANDED_OVER, RemedyState.APPLIED]

    await passes.tick(home.duty)
    await fix(home, "both", price=Decimal(2))
    await passes.tick(home.duty)
    assert await home.status("both") == "out_of_stock"
    await fix(home, "both", stock=Decimal(2))
    await passes.tick(home.duty)
    assert await home.status("both") == "listed"


async def test_an_archived_but_listed_product_mutes_its_other_rules() -> None:
    home = house()
    await home.shelve(product("old", None, archived_at=home.clock.now()))

    await passes.tick(home.duty)
    assert [(rule, news) for _, rule, news in await home.news()] == [("listed_archived", "opened")]
    assert await home.status("old") == "listed", "the muted rule has no remedy of its own"

    await fix(home, "old", archived_at=None)
    await passes.tick(home.duty)
    assert ("old", "price_missing", "opened") in await home.news()
    assert await home.status("old") == "unlisted"


async def test_a_silence_mutes_what_opens_and_ends_with_its_time() -> None:
    home = house()
    await incidents.add_silence(
        home.duty, PERSON, rule="price_missing", until=home.clock.now() + timedelta(hours=1), reason="stocktaking"
    )
    await home.shelve(product("bad", None))
    await passes.tick(home.duty)
    assert ("bad", "price_missing", "opened") not in await home.news()
    assert (await states(home))["bad", "price_missing"] is State.SILENCED

    home.clock.advance(3601)
    await incidents.tick_clocks(home.duty)
    assert ("bad", "price_missing", "reminder") in await home.news()


async def test_nobody_acknowledging_escalates_once() -> None:
    home = house()
    await home.shelve(product("bad", None))
    await passes.tick(home.duty)

    home.clock.advance(1801)
    assert await incidents.tick_clocks(home.duty) == 1
    assert await incidents.tick_clocks(home.duty) == 0

    assert (await states(home))["bad", "price_missing"] is State.ESCALATED
    assert [news for _, _, news in await home.news()].count("escalated") == 1


async def test_products_that_their_source_no_longer_names_are_unknown_not_recovered() -> None:
    home = house()
    await home.shelve(product("bad", None), product("stays"))
    await passes.tick(home.duty)

    await home.shelve(product("stays"), import_id="2")
    await home.stores.catalogue.finish_import("shop", "2", home.clock.now())
    record = await passes.run_pass(home.duty, PassKind.FULL)

    assert (await states(home))["bad", "price_missing"] is State.OPEN
    assert (record.checked, record.skipped) == (1, 1)


async def test_a_short_pass_is_an_incident_however_many_passes_lie_between() -> None:
    home = house()
    await home.shelve(*(product(f"p{n}") for n in range(10)))
    for _ in range(250):
        await passes.tick(home.duty)

    await home.shelve(product("p0"), import_id="2")
    await home.stores.catalogue.finish_import("shop", "2", home.clock.now())
    await passes.run_pass(home.duty, PassKind.FULL)

    assert (await states(home))["", "checker.short_pass"] is State.OPEN


def broken(product: Product, context: PassContext) -> Verdict:
    raise ZeroDivisionError


async def test_a_rule_that_raises_never_stops_a_pass_and_is_an_incident() -> None:
    home = house(Rulebook((rule(price_missing), rule(broken))))
    await home.shelve(product("a"), product("bad", None))

    record = await passes.run_pass(home.duty, PassKind.FULL)

    assert (record.checked, record.failed, record.abnormal) == (2, 2, 1)
    assert (await states(home))["", "checker.rule_failed"] is State.OPEN


def always_fine(product: Product, context: PassContext) -> Verdict:
    return OK


always_fine.__name__ = "title_bad"


async def test_a_canary_that_is_found_healthy_is_a_critical_incident() -> None:
    home = house(Rulebook((rule(always_fine),)))
    record = await passes.run_pass(home.duty, PassKind.FULL)
    assert record.canary_found is False
    assert (await states(home))["", "checker.canary"] is State.OPEN

    home.duty.rulebook = Rulebook((rule(price_missing),))
    record = await passes.run_pass(home.duty, PassKind.FULL)
    assert record.canary_found is True
    assert (await states(home))["", "checker.canary"] is State.RECOVERED


def sale_ends(product: Product, context: PassContext) -> Verdict:
    assert isinstance(product.sale_end, type(context.now))
    if context.now >= product.sale_end:
        return bad("sale_end", product.sale_end, "over")
    return msgspec.structs.replace(OK, recheck_at=product.sale_end)


async def test_what_changes_by_time_alone_is_judged_when_its_time_comes() -> None:
    home = house(Rulebook((rule(sale_ends),)))
    await home.shelve(product("sale", sale_end=home.clock.now() + timedelta(minutes=5)))
    await passes.tick(home.duty)
    await passes.tick(home.duty)
    assert await states(home) == {}

    home.clock.advance(301)
    await passes.tick(home.duty)
    assert (await states(home))["sale", "sale_ends"] is State.OPEN


async def test_a_flapping_incident_recovers_after_its_quiet_time_though_nobody_touches_the_product() -> None:
    home = house()
    for number in range(6):
        await home.shelve(product("flaps", None if number % 2 == 0 else "3"), import_id=str(number))
        await passes.tick(home.duty)
    assert (await states(home))["flaps", "price_missing"] is State.OPEN

    home.clock.advance(home.duty.config.incidents.flap_hold + 1)
    await passes.tick(home.duty)
    assert (await states(home))["flaps", "price_missing"] is State.RECOVERED
    assert await home.status("flaps") == "listed"


async def test_counts_of_verdicts_go_on_though_nobody_touches_the_product() -> None:
    patient = rule(price_missing, open_after=2)
    home = house(Rulebook((replace(patient, close_after=2),)))
    await home.shelve(product("slow", None))
    seen = []
    for number in range(4):
        await passes.tick(home.duty)
        seen.append((await states(home))["slow", "price_missing"])
        if number == 1:
            await fix(home, "slow", price=Decimal(1))
        home.clock.advance(home.duty.config.checks.interval + 1)

    assert seen == [State.SUSPECTED, State.OPEN, State.OPEN, State.RECOVERED]


async def test_a_full_pass_comes_back_at_its_interval() -> None:
    home = house(config=Config(checks=ChecksSection.model_validate({"full_interval": "1h"})))
    await home.shelve(product("a"))
    for minutes in (0, 30, 31):
        home.clock.advance(minutes * 60)
        await passes.tick(home.duty)

    page = await home.stores.incidents.passes(10)
    assert [p.kind for p in reversed(page.items)] == [PassKind.FULL, PassKind.CHANGED, PassKind.FULL]


async def test_a_pass_that_a_person_asked_for_is_taken_once() -> None:
    home = house()
    await home.shelve(product("a"), product("b"))
    first = await passes.request_pass(home.duty, PERSON, PassKind.SINGLE, ("a",))
    second = await passes.request_pass(home.duty, PERSON, PassKind.SINGLE, ("a",))
    await passes.tick(home.duty)

    (record,) = (await home.stores.incidents.passes(10)).items
    assert first.id == second.id == record.id
    assert (record.state, record.checked, record.requested_by) == (PassState.FINISHED, 1, "mei")


async def test_passes_of_a_dead_daemon_are_closed_at_the_next_start() -> None:
    home = house()
    await passes.request_pass(home.duty, PERSON, PassKind.FULL)
    home.duty.requested.clear()

    assert await passes.recover(home.duty) == 1
    (record,) = (await home.stores.incidents.passes(10)).items
    assert record.state is PassState.INTERRUPTED


async def test_an_edit_between_judging_and_acting_wins() -> None:
    home = house()
    await home.shelve(product("bad", None))
    catalogue = home.stores.catalogue
    replace = catalogue.replace

    async def raced(read: Product, new: Product, *, actor: str, now: object) -> Product:
        if actor.startswith("remedy:"):
            catalogue.replace = replace  # type: ignore[method-assign]
            await fix(home, "bad", price=Decimal(9))
        return await replace(read, new, actor=actor, now=home.clock.now())

    catalogue.replace = raced  # type: ignore[method-assign]
    await passes.tick(home.duty)

    assert await home.status("bad") == "listed"
    assert await remedy_states(home) == [RemedyState.ABANDONED]
    await passes.tick(home.duty)
    assert (await states(home))["bad", "price_missing"] is State.RECOVERED


async def test_a_budget_of_the_configuration_is_kept() -> None:
    section = RemediesSection(budget_count=100, budget_percent=100)
    home = house(config=Config(remedies=section, channels=(ChannelSection(name="box"),)))
    await home.shelve(*(product(f"p{n:02}", None) for n in range(30)))

    await passes.tick(home.duty)

    assert {await home.status(f"p{n:02}") for n in range(30)} == {"unlisted"}
    assert all(state in ALIVE for state in (await states(home)).values())


async def test_an_import_that_lands_while_a_pass_runs_is_no_mass(monkeypatch: pytest.MonkeyPatch) -> None:
    home = house()
    changed = home.stores.catalogue.changed

    async def landing(since: str | None, size: int) -> tuple[Sequence[Product], str]:
        if await home.stores.catalogue.count() == 0:
            await home.shelve(*(product(f"p{n:03}", None if n < 4 else "10") for n in range(100)))
        return await changed(since, size)

    monkeypatch.setattr(home.stores.catalogue, "changed", landing)
    await passes.run_pass(home.duty, PassKind.CHANGED)

    assert ("", "mass:price_missing") not in await states(home)
    assert {await home.status(f"p{n:03}") for n in range(4)} == {"unlisted"}
