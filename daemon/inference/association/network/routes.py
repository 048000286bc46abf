"""Shortest ways between cameras, in cameras passed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from daemon.inference.association.network.street_plan import StreetPlan

#: Cameras in a row that a passage is believed to have missed; more is taken for a target that left and came back.
_MOST = 3


def distances(plan: StreetPlan, origin: NDArray[np.int32], target: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return how often each camera lay unseen on the shortest way between an origin and its target, float64 (cameras,).

    Where there are several shortest ways, each of their cameras gets its share.
    """
    missed = np.zeros(plan.cameras)
    apart = (origin != target) & (plan.ways_of(origin, target) < 0)
    pairs, count = np.unique(np.stack([origin[apart], target[apart]], axis=1), axis=0, return_counts=True)
    neighbours = [
        [other for other in plan.target[plan.first[c] : plan.first[c + 1]].tolist() if other != c]
        for c in range(plan.cameras)
    ]
    for (start, end), often in zip(pairs.tolist(), count.tolist(), strict=True):
        ways = _shortest(neighbours, start, end)
        for way in ways:
            missed[way] += often / len(ways)
    return missed


def _shortest(neighbours: list[list[int]], start: int, end: int) -> list[list[int]]:
    """The cameras between, of each shortest way with at most _MOST of them."""
    ways: list[list[int]] = [[camera] for camera in neighbours[start]]
    for _ in range(_MOST):
        arrived = [way for way in ways if end in neighbours[way[-1]]]
        if arrived:
            return arrived
        ways = [
            [*way, camera] for way in ways for camera in neighbours[way[-1]] if camera not in way and camera != start
        ]
    return []
