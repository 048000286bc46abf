"""What could be read in two ways moves nothing, with all the rules and their remedies on."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from daemon.ports import IncidentFilter
from daemon.products.money import parse_amount
from daemon.products.product import Product
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.services import passes
from tests.house import House, house, product


async def watched(price: str) -> House:
    """Return a daemon whose one product cost 1,750 for ten days, and has a price as a source wrote it today."""
    home = house(Rulebook.build({}, RemedyMode.ON))
    await home.shelve(_console(Decimal(1750)), import_id="0")
    for day in range(1, 11):
        home.clock.advance(86_400)
        await home.shelve(_console(Decimal(1750 + day % 2)), import_id=str(day))
    home.clock.advance(86_400)
    await passes.tick(home.duty)
    await home.shelve(_console(parse_amount(price)), import_id="today")
    await passes.tick(home.duty)
    return home


def _console(price: object) -> Product:
    sound = product(
        "console", currency="EUR", category="consoles", images=("https://shop.example/1.jpg",), stock=Decimal(3)
    )
    return msgspec.structs.replace(sound, price=price)


async def rules_of(home: House) -> set[str]:
    return {i.rule for i in (await home.stores.incidents.find(IncidentFilter(), 100)).items}


@pytest.mark.parametrize("price", ["1 770", "1.770", "1,770", "1'770", "1770,50"])
async def test_a_price_that_could_be_read_in_two_ways_moves_nothing(price: str) -> None:
    home = await watched(price)
    assert await rules_of(home) == set()
    assert await home.status("console") == "listed"


@pytest.mark.parametrize(
    ("price", "rule", "status"),
    [("1,600.00", None, "listed"), ("1.77", "price_jump", "unlisted"), ("17 € 70", "price_type", "unlisted")],
)
async def test_a_price_that_is_certain_is_judged(price: str, rule: str | None, status: str) -> None:
    home = await watched(price)
    assert await rules_of(home) == ({rule} if rule else set())
    assert await home.status("console") == status
