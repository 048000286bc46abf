"""Best-first search of 10,000 cameras and ten million detections, and how its cost grows from 100 cameras to that.

It takes some 20 minutes and 8 GB, so it is an area of its own: `make bench ONLY=association_large`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tests.benchmarks import association_searches as searches

AREA: Final = "association_large"


def rows() -> Iterator[dict[str, Any]]:
    """Measure worlds of one density, ever larger."""
    large = [searches.measured("large", seed) for seed in searches.SEEDS]
    yield searches.comparisons(large, 1_500, None, 0.94)
    yield searches.quality(large, "greedy")
    yield from searches.calibration(large)
    yield from searches.speed(large)
    for density in ("town", "sparse"):
        smaller = [searches.measured(density, seed) for seed in searches.SEEDS]
        yield from _growth(smaller, large)


def _growth(smaller: list[searches.Measured], large: list[searches.Measured]) -> Iterator[dict[str, Any]]:
    """Compare cost per sighting of the target, since paths are not equally long."""
    for figure, unit in (("compared", "compared/sighting"), ("cpu_ms", "CPU-ms/sighting")):
        ours, peer = (
            searches.mean(worlds, "best_first", figure) / (sum(one.hops for one in worlds) / len(worlds))
            for worlds in (large, smaller)
        )
        yield searches.row(
            f"{large[0].told}; peer: {smaller[0].told}", unit, ours, peer, "at most 1.5 times that", ours <= 1.5 * peer
        )
