"""Best-first search against exhaustive search and greedy pruning of the topology, on worlds of two densities.

Each figure is the mean of three simulated worlds, 200 queries each, an hour's horizon; thresholds of the two others are
tuned on the same passages that best-first learns from. Figures are of batch 1 unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from daemon.inference.association.network.learning import learn
from daemon.inference.association.search.query import Limits
from tests.benchmarks import association_searches as searches
from tests.benchmarks.association_order import comparisons_to_recall
from tests.benchmarks.association_worlds import seen_world

AREA: Final = "association"
_ORDERED: Final = 60
_SHARE: Final = 0.95


def rows() -> Iterator[dict[str, Any]]:
    """Measure the sparse worlds, then the dense ones."""
    sparse = [searches.measured("sparse", seed) for seed in searches.SEEDS]
    yield searches.comparisons(sparse, 200, 0.93, 0.95)
    yield from _common(sparse)
    yield from searches.speed(sparse)
    dense = [searches.measured("dense", seed) for seed in searches.SEEDS]
    yield searches.comparisons(dense, 25, None, 0.93)
    yield from _common(dense)
    yield from searches.speed(dense, goal=False)
    yield from _batches(sparse[0])
    yield _order(sparse[0])


def _common(worlds: list[searches.Measured]) -> Iterator[dict[str, Any]]:
    yield searches.quality(worlds, "exhaustive")
    yield searches.quality(worlds, "greedy")
    yield from searches.calibration(worlds)


def _batches(one: searches.Measured) -> Iterator[dict[str, Any]]:
    """Report what rounds of several tasks save and cost, on one world."""
    first = one.result.best_first
    for batch in (2, 8):
        best = searches.measured("sparse", one.seed, Limits(batch=batch)).result.best_first
        yield searches.row(
            f"rounds a query at batch {batch}; peer: batch 1; {one.told}", "rounds", best.rounds, first.rounds,
            f"reported: {best.compared:,.0f} compared, F1 {best.f1:.3f}, {best.cpu_ms:.2f} ms; at batch 1 "
            f"{first.compared:,.0f}, {first.f1:.3f}, {first.cpu_ms:.2f} ms", None,
        )  # fmt: skip


def _order(one: searches.Measured) -> dict[str, Any]:
    """Compare with tasks drawn at random, on one world."""
    exam = searches.exam_of(seen_world("sparse", one.seed, queries=searches.QUERIES), _ORDERED)
    site = learn(exam.cameras, exam.ways, exam.view, exam.passages)
    recall, ours, peer = comparisons_to_recall(site, exam, _SHARE)
    return searches.row(
        f"compared to a recall of {recall:.2f}, {_SHARE:.0%} of what is found in all, {_ORDERED} queries; peer: tasks "
        f"drawn at random from the list; {one.told}", "compared/query", ours, peer, "2x fewer at least",
        peer >= 2 * ours,
    )  # fmt: skip
