"""Products that a screen must pass, and the judge of screens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple

from daemon.products.product import Availability, Product, Status, Unparsed, Variant
from daemon.products.rules import screens
from daemon.products.verdicts import NOT_APPLICABLE, OK, PassContext, Rule, Verdict
from tests.unit.products.rules.case import PLAIN, ahead, listed, tables

D: Final = Decimal


def tells(verdict: Verdict) -> bool:
    """Tell whether a verdict is more than good until the product changes."""
    return verdict not in {OK, NOT_APPLICABLE}


class Sound(NamedTuple):
    """A product that a screen must pass."""

    name: str
    passes: Callable[[Product, PassContext], bool]
    product: Product


def _priced(name: str, **fields: Any) -> Sound:
    return Sound(name, screens.priced_plainly, listed(**fields))


def _stocked(name: str, **fields: Any) -> Sound:
    return Sound(name, screens.stocked_plainly, listed(**fields))


def _written(name: str, description: str) -> Sound:
    return Sound(name, screens.written_plainly, listed(description=description))


SOUND: Final = (
    _priced("a plain price"),
    _priced("a draft without a price", status=Status.DRAFT, price=None),
    _priced("a price, a sale price and a cost", sale_price=D("15.00"), cost=D("12.345")),
    _priced("a price that only covers its cost", cost=D("20.00")),
    _priced("a price of a currency without coins", currency="JPY", price=D(2000)),
    _priced("a sold-out product", status=Status.OUT_OF_STOCK),
    _priced("variants with prices", variants=(Variant(price=D(9), sale_price=D(8), cost=D(2)), Variant(price=D(10)))),
    Sound("no sale", screens.unreduced, listed(sale_end=ahead(days=1))),
    Sound("a draft with a sale", screens.unreduced, listed(status=Status.DRAFT, sale_price=D(1))),
    Sound("variants without a sale", screens.unreduced, listed(variants=(Variant(price=D(1)),))),
    _stocked("some in stock", stock=D(4), availability=Availability.IN_STOCK),
    _stocked("nobody counts"),
    _stocked("a draft sold out", status=Status.DRAFT, stock=D(0)),
    _stocked("said to be sold out", stock=D(1), availability=Availability.OUT_OF_STOCK),
    _stocked("the last ones", stock=D(1), availability=Availability.DISCONTINUED),
    _stocked("variants in stock", stock=D(0), variants=(Variant(stock=D(4)), Variant())),
    _written("plain English", "A board of walnut, oiled twice.\nWipe it."),
    _written("Chinese", "这款产品采用天然材料制作而成，表面光滑；易于清洁（包装环保）！"),
    _written("emoji", "Made with love 🧑‍🍳 ❤️ 👍🏽"),
    _written("accents", "Café crème brûlée für die Küche, größe M"),
    _written("harmless markup", '<p class="a">Oiled <b>twice</b></p>\n<ul><li>once more</li></ul>'),
    Sound("no text", screens.written_plainly, listed(title=None)),
    Sound("markup", screens.encoded_plainly, listed(description="<p>Oiled twice</p>")),
)


def broken(screen: screens.Screen, product: Product, around: PassContext) -> list[Rule]:
    """Return the rules of a screen that passes a product and that yet have something to tell of it."""
    try:
        if isinstance(product.status, Unparsed) or not screen.passes(product, around):
            return []
    except (ArithmeticError, TypeError, KeyError):  # the rulebook asks the rules then
        return []
    return [rule for rule in screen.rules if tells(rule(product, around))]


def complaints(module: Any) -> Iterator[str]:
    """Iterate over what is wrong with the screens of a module."""
    for screen in module.SCREENS:
        for case in (case for _, cases in tables() for case in cases):
            if broken(screen, case.product, case.context):
                yield f"{screen.passes.__name__} passes {case.rule}: {case.name}"
    for sound in SOUND:
        if not getattr(module, sound.passes.__name__)(sound.product, PLAIN):
            yield f"{sound.passes.__name__} does not pass {sound.name}"
