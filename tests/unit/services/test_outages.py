"""A catalogue that gives no answer to a remedy: it is found out soon what became of it, and nothing is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from daemon.adapters.memory.catalogue import MemoryCatalogue
from daemon.errors import Unavailable
from daemon.products.incidents import News
from daemon.products.product import Product
from daemon.products.remedies import RemedyState
from daemon.services import passes, remedies
from tests.house import PERSON, House, house, product


def go_away(patch: pytest.MonkeyPatch, catalogue: MemoryCatalogue, *, makes: bool) -> None:
    """Let changes get no answer. makes: though they are made."""
    replace = catalogue.replace

    async def unanswered(read: Product, new: Product, **given: Any) -> Product:
        if makes:
            await replace(read, new, **given)
        raise Unavailable("no answer")

    patch.setattr(catalogue, "replace", unanswered)


async def states(home: House) -> list[RemedyState]:
    return [remedy.state for remedy in (await home.stores.incidents.find_remedies((), 100)).items]


@pytest.mark.parametrize("makes", [True, False])
async def test_a_remedy_without_an_answer_is_found_out_about_by_the_next_pass(
    monkeypatch: pytest.MonkeyPatch, *, makes: bool
) -> None:
    home = house()
    await home.shelve(product("bad", None), product("worse", None), product("good"))
    with monkeypatch.context() as patch:
        go_away(patch, home.stores.catalogue, makes=makes)
        await passes.tick(home.duty)
    assert await states(home) == [RemedyState.PLANNED]

    await passes.tick(home.duty)
    await passes.tick(home.duty)

    assert {name: await home.status(name) for name in ("bad", "worse", "good")} == {
        "bad": "unlisted", "worse": "unlisted", "good": "listed",
    }  # fmt: skip
    assert sorted(await states(home)) == sorted(
        [RemedyState.APPLIED, RemedyState.APPLIED, *([] if makes else [RemedyState.ABANDONED])]
    )
    told = [news for _, _, news in await home.news() if news == News.REMEDY_APPLIED]
    assert len(told) == 2
    assert not home.duty.doubtful


async def test_what_cannot_be_told_at_the_start_is_asked_by_the_passes_that_follow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = house()
    await home.shelve(product("bad", None))
    with monkeypatch.context() as patch:
        go_away(patch, home.stores.catalogue, makes=True)
        await passes.tick(home.duty)
    home.duty.doubtful.clear()  # as a daemon begins

    async def away(*_: Any) -> None:
        raise Unavailable("not connected yet")

    with monkeypatch.context() as patch:
        patch.setattr(home.stores.catalogue, "edits", away)
        assert await remedies.recover(home.duty) == 1
    assert await states(home) == [RemedyState.PLANNED]

    await passes.tick(home.duty)

    assert await states(home) == [RemedyState.APPLIED]


@pytest.mark.parametrize("makes", [True, False])
async def test_a_fault_that_is_back_while_an_undo_is_in_doubt_gets_its_remedy_again(
    monkeypatch: pytest.MonkeyPatch, *, makes: bool
) -> None:
    home = house()
    await home.shelve(product("bad", None))
    await passes.tick(home.duty)
    await price(home, Decimal(12))
    with monkeypatch.context() as patch:
        go_away(patch, home.stores.catalogue, makes=makes)
        await passes.tick(home.duty)
    assert await states(home) == [RemedyState.APPLIED], "nobody knows that it was taken back"

    await price(home, None)
    for _ in range(3):
        await passes.tick(home.duty)

    assert await home.status("bad") == "unlisted"
    assert (await states(home)).count(RemedyState.APPLIED) == 1


async def price(home: House, amount: Decimal | None) -> None:
    read = await home.stores.catalogue.get("bad")
    await home.stores.catalogue.replace(
        read, msgspec.structs.replace(read, price=amount), actor=PERSON.id, now=home.clock.now()
    )
