"""Prices by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from daemon.ports import Catalogue
from daemon.products.product import Product, Status, Unparsed
from tests.contract.adapters import Stores
from tests.contract.makers import product, store

DAY = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)


@pytest.fixture
def catalogue(stores: Stores) -> Catalogue:
    return stores.catalogue


def day(number: int) -> str:
    return (DAY + timedelta(days=number)).date().isoformat()


async def reprice(catalogue: Catalogue, at: datetime, **fields: object) -> Product:
    read = await catalogue.get("a")
    return await catalogue.replace(read, replace(read, **fields), actor="ann", now=at)


async def points(catalogue: Catalogue, before: int) -> list[tuple[str, str, str | None]]:
    found = (await catalogue.history(["a", "ghost"], day(before))).get("a", ())
    return [(p.day, str(p.price), p.currency) for p in found]


async def test_a_price_that_stands_is_a_point_of_every_day(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", price=Decimal("9.90"), currency="EUR")], at=DAY)
    assert await points(catalogue, 0) == []
    assert await points(catalogue, 3) == [(day(n), "9.90", "EUR") for n in range(3)]


async def test_a_day_has_the_price_that_it_ended_with(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", price=Decimal(1))], at=DAY)
    await reprice(catalogue, DAY + timedelta(days=1), price=Decimal(2))
    await reprice(catalogue, DAY + timedelta(days=1), price=Decimal(3))
    assert await points(catalogue, 3) == [(day(0), "1", None), (day(1), "3", None), (day(2), "3", None)]


async def test_a_price_that_is_back_on_the_same_day_leaves_no_trace(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", price=Decimal(1))], at=DAY)
    await reprice(catalogue, DAY + timedelta(days=2), price=Decimal(2))
    await reprice(catalogue, DAY + timedelta(days=2), price=Decimal(1))
    await reprice(catalogue, DAY + timedelta(days=3), price=Decimal(5))
    assert [p for _, p, _ in await points(catalogue, 5)] == ["1", "1", "1", "5", "5"]


@pytest.mark.parametrize("nothing", [None, Unparsed("1.234", ambiguous=True), Decimal("NaN"), Decimal("Infinity")])
async def test_days_without_a_comparable_price_have_no_point(catalogue: Catalogue, nothing: object) -> None:
    source = "feed" if isinstance(nothing, Unparsed) else "shop"  # nobody writes what cannot be read into a document
    await store(catalogue, [product("a", price=nothing)], source=source, at=DAY)
    await reprice(catalogue, DAY + timedelta(days=1), price=Decimal(1))
    await reprice(catalogue, DAY + timedelta(days=2), price=nothing)
    await reprice(catalogue, DAY + timedelta(days=5), price=Decimal(2))
    assert await points(catalogue, 7) == [(day(1), "1", None), (day(5), "2", None), (day(6), "2", None)]


async def test_at_most_sixty_points_the_last_ones_are_given(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", price=Decimal(0))], at=DAY)
    for n in range(1, 150):
        await reprice(catalogue, DAY + timedelta(days=n), price=Decimal(n))
    assert await points(catalogue, 150) == [(day(n), str(n), None) for n in range(90, 150)]
    assert len(await points(catalogue, 500)) == 60


async def test_an_import_that_changes_nothing_changes_no_history(catalogue: Catalogue) -> None:
    for n in range(4):
        await store(catalogue, [product("a", price=Decimal(7))], at=DAY + timedelta(days=n), run=str(n))
    await store(catalogue, [product("a", price=Decimal(8))], at=DAY + timedelta(days=4), run="last")
    assert [p for _, p, _ in await points(catalogue, 6)] == ["7", "7", "7", "7", "8", "8"]


async def test_a_currency_of_its_own_is_a_price_of_its_own(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", price=Decimal(7), currency="EUR")], at=DAY)
    await reprice(catalogue, DAY + timedelta(days=1), currency="USD")
    assert await points(catalogue, 2) == [(day(0), "7", "EUR"), (day(1), "7", "USD")]


async def test_old_edits_are_forgotten_but_those_of_a_status(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", price=Decimal(1)), product("b")], at=DAY)
    await reprice(catalogue, DAY, price=Decimal(2))
    await reprice(catalogue, DAY + timedelta(days=1), price=Decimal(3), status=Status.UNLISTED)
    await reprice(catalogue, DAY + timedelta(days=2), price=Decimal(4))
    await reprice(catalogue, DAY + timedelta(days=3), price=Decimal(5))

    assert await catalogue.forget_edits(DAY + timedelta(days=3)) == 2
    assert await catalogue.forget_edits(DAY + timedelta(days=3)) == 0

    left = (await catalogue.edits("a", 10)).items
    assert [(e.at - DAY).days for e in left] == [3, 1]
    assert "status" in left[1].changes
    assert (await catalogue.get("a")).revision == 5
    assert len(await points(catalogue, 5)) == 5


async def test_more_edits_than_one_slice_are_forgotten_at_once(catalogue: Catalogue) -> None:
    many = [product(f"p{n}", price=Decimal(1)) for n in range(700)]
    await store(catalogue, many, at=DAY, run="1")
    await store(catalogue, [replace(one, price=Decimal(2)) for one in many], at=DAY + timedelta(days=1), run="2")
    assert await catalogue.forget_edits(DAY + timedelta(days=2)) == 700
    assert (await catalogue.edits("p1", 10)).items == ()
