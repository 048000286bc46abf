"""The offline rules: products per CPU-second, against plain functions and against pandera, findings held equal."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from daemon.products.context import MemoryContext
from daemon.products.product import Product
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.products.verdicts import Needs, Outcome
from tests.benchmarks import corpus
from tests.benchmarks.__main__ import versions
from tests.benchmarks.peers import plain_rules

AREA: Final = "products"
PRODUCTS: Final = 100_000
PEER_PRODUCTS: Final = 10_000
#: Both sides take turns so often, and the medians count: a machine has good and bad moments.
ROUNDS: Final = 3
#: What pandera can say of one table without history: the twenty of the first row.
TWENTY: Final = (
    "price_missing", "price_type", "price_nonpositive", "price_precision", "price_below_cost", "sale_not_lower",
    "discount_absurd", "sale_window_passed", "currency_bad", "stock_invalid", "soldout_listed", "listed_archived",
    "image_missing", "title_bad", "title_shouting", "text_encoding", "html_danger", "banned_words", "gtin_bad",
    "time_bad",
)  # fmt: skip
Findings = set[tuple[str, str]]
T = TypeVar("T")


def rulebook(wanted: Callable[[str, Needs], bool]) -> Rulebook:
    """Return the rules of the table that are wanted, at their defaults."""
    whole = Rulebook.build({}, RemedyMode.OFF)
    return Rulebook(tuple(rule for rule in whole.rules if wanted(rule.spec.id, rule.spec.needs)))


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """Return CPU-seconds and the result. What lives already is kept out of the collector's way, on every side."""
    gc.collect()
    gc.freeze()
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


def ours(rules: Rulebook, products: Sequence[Product], context: MemoryContext) -> tuple[float, Findings]:
    """Judge all products and return CPU-seconds and what is bad."""

    def work() -> Findings:
        return {
            (product.id, rule.spec.id)
            for product in products
            for rule, verdict in rules.evaluate(product, context)
            if verdict.outcome is Outcome.BAD
        }

    return timed(work)


def plain(
    names: Sequence[str], products: Sequence[Product], around: plain_rules.Surroundings
) -> tuple[float, Findings]:
    """Ask the plain functions."""
    rules = [(name, plain_rules.RULES[name]) for name in names]

    def work() -> Findings:
        return {(product.id, name) for product in products for name, rule in rules if rule(product, around)}

    return timed(work)


def in_turn(mine: Callable[[], tuple[float, Findings]], peers: Callable[[], tuple[float, Findings]]) -> list[float]:
    """Measure both sides in turn; return their median CPU-seconds. Raises AssertionError where findings differ."""
    times: tuple[list[float], list[float]] = [], []
    for _ in range(ROUNDS):
        (mine_s, found), (peers_s, peer_found) = mine(), peers()
        same(found, peer_found)
        times[0].append(mine_s)
        times[1].append(peers_s)
    return [statistics.median(side) for side in times]


def same(ours_found: Findings, peer_found: Findings) -> None:
    """Raise AssertionError unless both sides found the same."""
    if ours_found != peer_found:
        raise AssertionError(f"findings differ: {sorted(ours_found ^ peer_found)[:10]}")


def row(name: str, count: int, mine: float, peers: float, goal: str, least: float, ratio: float) -> dict[str, Any]:
    """Make a row of products per CPU-second."""
    return {
        "name": name,
        "ours": count / mine,
        "peer": count / peers,
        "ratio": peers / mine,
        "goal": goal,
        "met": count / mine >= least and peers / mine >= ratio,
        "unit": "products per CPU-second",
        "seed": corpus.SEED,
    }


def rows() -> Iterator[dict[str, Any]]:
    """Measure."""
    products = corpus.products(PRODUCTS)
    history = corpus.histories(products)
    context = MemoryContext(now=corpus.NOW, products=products, history=history)
    around = plain_rules.Surroundings(products, corpus.NOW, history)
    context.holders("sku", "")  # the index of keys is the catalogue's work
    shares = ", ".join(f"{share:.0%} {kind}" for kind, share in corpus.SHARES.items())
    mean = sum(len(product.description or "") for product in products) / len(products)

    twenty = rulebook(lambda rule, _: rule in TWENTY)
    mine, peers = in_turn(lambda: ours(twenty, products, context), lambda: plain(TWENTY, products, around))
    text = f"{PRODUCTS:,} products, texts of {mean:.0f} characters ({shares}); peer: plain functions"
    yield row(f"20 rules, {text}", PRODUCTS, mine, peers, "80,000 at least", 80_000, 0)

    offline = rulebook(lambda _, needs: needs is not Needs.EVIDENCE)
    names = [rule.spec.id for rule in offline.rules]
    mine, peers = in_turn(lambda: ours(offline, products, context), lambda: plain(names, products, around))
    goal = "40,000 at least, 2.5 times the plain functions"
    yield row(f"all {len(names)} offline rules, {text}", PRODUCTS, mine, peers, goal, 40_000, 2.5)

    simple = [product for product in products if not product.variants][:PEER_PRODUCTS]
    yield against_pandera(simple, twenty, context)
    yield which_peer(simple)


def which_peer(products: Sequence[Product]) -> dict[str, Any]:
    """Measure nine checks that both libraries have; the faster one is the peer of the row above."""
    name = f"nine checks, {len(products):,} products; ours: pandera, peer: Great Expectations"
    try:
        from tests.benchmarks.peers import nine_checks, pandera_rules
    except ImportError as error:
        return {"name": name, "skipped": str(error)}
    table = pandera_rules.frame(products)
    runs = nine_checks.in_pandera(table), nine_checks.in_great_expectations(table)
    for run in runs:
        run()
    pandera, expectations = (timed(run)[0] for run in runs)
    whole = row(name, len(products), pandera, expectations, "only to choose the peer", 0, 0)
    return whole | {"met": None, "versions": versions("pandera", "great-expectations", "pandas")}


def against_pandera(products: Sequence[Product], rules: Rulebook, context: MemoryContext) -> dict[str, Any]:
    """Measure the same twenty rules in pandera over one frame; making the frame is not counted."""
    name = f"20 rules, {len(products):,} products without variants; peer: pandera"
    try:
        from tests.benchmarks.peers import pandera_rules
    except ImportError as error:
        return {"name": name, "skipped": str(error)}
    table, checks = pandera_rules.frame(products), pandera_rules.schema(corpus.NOW)
    mine, found = ours(rules, products, context)
    peers, cases = timed(lambda: pandera_rules.findings(checks, table))
    same(found, {(products[number].id, rule) for number, rule in cases})
    whole = row(name, len(products), mine, peers, "as fast at least", 0, 1)
    return whole | {"versions": versions("pandera", "pandas")}
