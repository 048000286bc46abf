"""Screens never pass a product that a rule of theirs has anything to tell of, and do pass what most products are."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.products.product import Availability, Product, Status, Unparsed, Variant
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.products.rules import BY_ID, screens
from daemon.products.verdicts import Needs, PassContext
from tests.unit.products.rules.case import NOW, PLAIN, ago, ahead, context, listed, unclear
from tests.unit.products.rules.sound import complaints, tells

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
