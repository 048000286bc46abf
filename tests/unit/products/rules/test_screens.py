"""Screens never pass a product that a rule of theirs has anything to tell of, and do pass what most products are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.products.product import Availability, Product, Status, Unparsed, Variant
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.products.rules import BY_ID, screens
from daemon.products.verdicts import NOT_APPLICABLE, OK, Needs, PassContext, Rule, Verdict
from tests.unit.products.rules.case import NOW, PLAIN, ago, ahead, context, listed, tables, unclear

D = Decimal

OFFLINE = Rulebook(
    tuple(rule for rule in Rulebook.build({}, RemedyMode.OFF).rules if rule.spec.needs is not Needs.EVIDENCE)
)

_AMOUNTS = st.sampled_from([
    None, D("19.90"), D("19.9000"), D(5), D(0), D("-0"), D(-1), D("0.001"), D("9.999"), D(10) ** 15, D(10) ** 40,
    D("1E+3"), D("NaN"), D("sNaN"), D("-Infinity"), D("Infinity"), Unparsed("x"), unclear("1.234"),
])  # fmt: skip
_TIMES = st.sampled_from([None, ago(days=3), ahead(days=3), NOW, NOW.replace(tzinfo=None), Unparsed("soon")])
_FLAGS = st.sampled_from([None, True, False, Unparsed("?")])
_PIECES = st.sampled_from([
    "board", " ", "\n", "\t", "\r", "\x00", "\x07", "\x7f", "\x85", "\xa0", "\ufffd", "\ud800", "锟斤拷", "&amp;",
    "&amp;eacute;", "&amp;lt;", "Ã©", "â€™", "é", "e\u0301", "ß", "İ", "’", "“", "ı", "中文", "，", "最佳", "最", "佳",
    "最佳赏味", "\u2f97", "㊥", "miracle", "miracle cure", "MIRACLE CURE", "ｃｕｒｅ", "ｃures cancer",
    "cures\xa0cancer", "no side effectß", "world’s best", "𝐦𝐢𝐫𝐚𝐜𝐥𝐞 𝐜𝐮𝐫𝐞", "🧑‍🍳", "❤️", "👍🏽", "<", ">", "<p>",
    "<b class='x'>", "<SCRIPT>", "<ScRiPt", "<img src=x ", "ONERROR=", "onclick", "=", "on\x0bx=",
    "href='java\nscript:x'>", "<a href='data:text/html,'>",
    "&#106;", "&colon;", "<iframe", "<meta ", "Ω", "ﬁ", "①",
])  # fmt: skip
_TEXTS = st.none() | st.lists(_PIECES, max_size=5).map("".join)
_VARIANTS = st.builds(
    Variant, sku=st.sampled_from([None, "S", "M"]), price=_AMOUNTS, sale_price=_AMOUNTS, cost=_AMOUNTS, stock=_AMOUNTS,
    track_inventory=_FLAGS, backorder=_FLAGS,
)  # fmt: skip
_PRODUCTS = st.builds(
    Product,
    id=st.just("p"), source=st.sampled_from(["", "s"]), status=st.sampled_from(Status), title=_TEXTS,
    description=_TEXTS, price=_AMOUNTS, sale_price=_AMOUNTS, cost=_AMOUNTS, stock=_AMOUNTS,
    currency=st.sampled_from([None, "EUR", " eur", "JPY", "KWD", "XAU", "DEM", "¥", ""]), is_free=_FLAGS,
    clearance=_FLAGS, track_inventory=_FLAGS, backorder=_FLAGS, sale_start=_TIMES, sale_end=_TIMES, archived_at=_TIMES,
    availability_date=_TIMES, availability=st.sampled_from([None, *Availability, Unparsed("?")]),
    updated_at=_TIMES, category=st.sampled_from([None, "Kitchen"]),
    variants=st.lists(_VARIANTS, max_size=2).map(tuple),
)  # fmt: skip
_CONTEXTS = st.sampled_from([PLAIN, context(fields={"s": frozenset({"title"})})])


def tells(verdict: Verdict) -> bool:
    """Tell whether a verdict is more than good until the product changes."""
    return verdict not in {OK, NOT_APPLICABLE}


def asked(product: Product, around: PassContext) -> Iterator[tuple[str, str]]:
    """Iterate over (rule, what it tells) without any screen."""
    for rule in OFFLINE.rules:
        try:
            verdict = rule.spec.check(product, around)
        except Exception:  # noqa: BLE001 - the rulebook says so of it
            yield rule.spec.id, "failed"
        else:
            if tells(verdict):
                yield rule.spec.id, repr(verdict)


def screened(product: Product, around: PassContext) -> Iterator[tuple[str, str]]:
    """Iterate over the same as the rulebook finds it."""
    for rule, verdict in OFFLINE.evaluate(product, around):
        yield rule.spec.id, "failed" if verdict.failed else repr(verdict)


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


SOUND = (
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


@given(_PRODUCTS, _CONTEXTS)
def test_findings_are_those_of_the_rules_asked_one_by_one(product: Product, around: PassContext) -> None:
    assert list(screened(product, around)) == list(asked(product, around))


@given(_TEXTS, _TEXTS)
def test_texts_are_judged_as_by_the_rules_asked_one_by_one(title: str | None, description: str | None) -> None:
    product = listed(title=title, description=description)
    assert list(screened(product, PLAIN)) == list(asked(product, PLAIN))


def test_no_screen_passes_a_row_of_the_tables_that_its_rule_condemns_and_all_pass_sound_products() -> None:
    assert list(complaints(screens)) == []


@pytest.mark.parametrize("screen", screens.SCREENS, ids=lambda screen: screen.passes.__name__)
def test_screen_stands_before_rules_of_the_table_that_need_no_more_than_the_product(screen: screens.Screen) -> None:
    specs = {spec.check: spec for spec in BY_ID.values()}
    assert all(specs[rule].needs is Needs.NOTHING for rule in screen.rules)
    assert set(screen.reads) <= set(screen.rules)
