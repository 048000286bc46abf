"""The demonstration and the rules are proof of each other: nothing is found that is not labelled, and all that is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from daemon import demo
from daemon.products.context import MemoryContext
from daemon.products.feeds import FeedOptions, open_feed
from daemon.products.imports import Parsed, with_soldout_since
from daemon.products.product import Product
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.products.rules import SPECS
from daemon.products.verdicts import Needs, Outcome

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
RULEBOOK = Rulebook.build({}, RemedyMode.SHADOW)
OFFLINE = Rulebook(tuple(rule for rule in RULEBOOK.rules if rule.spec.needs is not Needs.EVIDENCE))
Said = set[tuple[str, str, str]]


@pytest.fixture
def products(tmp_path: Path) -> list[Product]:
    path = demo.write_catalogue(tmp_path, NOW, "http://127.0.0.1:8080")
    with open_feed(path, FeedOptions(source="demo")) as feed:
        rows = list(feed)
        assert feed.warnings == []
    assert all(isinstance(row, Parsed) for row in rows)
    return [with_soldout_since(None, row.product, NOW) for row in rows if isinstance(row, Parsed)]


def said(rulebook: Rulebook, products: Iterable[Product], now: datetime) -> Said:
    found = list(products)
    context = MemoryContext(now=now, rulebook=rulebook, products=found, history=demo.history(NOW))
    return {
        (rule.spec.id, product.id, verdict.outcome.value)
        for product in found
        for rule, verdict in rulebook.evaluate(product, context)
        if verdict.outcome in {Outcome.BAD, Outcome.UNKNOWN}
    }


def labelled(after_s: float) -> Said:
    labels, offline = demo.labels(), {rule.spec.id for rule in OFFLINE.rules}
    bad = {
        (rule, product, "bad")
        for rule, ids in labels.bad.items()
        for product in ids
        if labels.opens_after_s.get(rule, {}).get(product, 0) <= after_s
    }
    unknown = {(rule, product, "unknown") for rule, ids in labels.unknown.items() for product in ids}
    return {row for row in bad | unknown if row[0] in offline}


@pytest.mark.parametrize("after_s", [0, 39, 40, 3599, 3600])
def test_offline_rules_say_exactly_what_the_labels_say(products: list[Product], after_s: int) -> None:
    assert said(OFFLINE, products, NOW + timedelta(seconds=after_s)) == labelled(after_s)


def test_every_rule_has_two_faults_and_two_near_misses_at_least() -> None:
    labels = demo.labels()
    for spec in SPECS:
        assert len(labels.bad.get(spec.id, ())) >= 2, spec.id
        assert len(labels.near_misses.get(spec.id, ())) >= 2, spec.id


def test_no_rule_fails_on_a_product_and_two_thirds_are_healthy(products: list[Product]) -> None:
    context = MemoryContext(now=NOW, rulebook=OFFLINE, products=products, history=demo.history(NOW))
    verdicts = [verdict for product in products for _, verdict in OFFLINE.evaluate(product, context)]
    assert not any(verdict.failed for verdict in verdicts)
    labels = demo.labels()
    faulty = {product for ids in labels.bad.values() for product in ids}
    assert len(faulty) < len(products) / 3


def test_a_sale_that_nobody_touches_is_asked_for_again_when_its_grace_ends(products: list[Product]) -> None:
    (product_id,) = demo.labels().opens_after_s["sale_window_passed"]
    sale = next(product for product in products if product.id == product_id)
    context = MemoryContext(now=NOW, rulebook=OFFLINE, products=products)
    due = {rule.spec.id: verdict.recheck_at for rule, verdict in OFFLINE.evaluate(sale, context)}
    assert due["sale_window_passed"] == NOW + timedelta(seconds=40)


def test_the_product_of_the_walk_through_is_right_again_once_it_has_its_price(products: list[Product]) -> None:
    broken = next(product for product in products if product.id == demo.labels().bad["price_missing"][0])
    mended = msgspec.structs.replace(broken, price=Decimal(demo.page_facts()[broken.id]["price"]))
    assert not said(OFFLINE, [mended], NOW)
