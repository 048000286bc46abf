"""Ways that must be there though nobody named them: of cameras without any, and between parts that none connects.

Two cameras are neighbours where no third lies in the circle over the line between them (Gabriel and Sokal 1969, "A new
statistical approach to geographic variation analysis"), as a way is one that passes no third camera.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from daemon.inference.association.network.geodesy import rough_metres
from daemon.ports.sightings import Camera, Way

#: How much longer than the straight line a way on foot is, and the longest line and shortest way that are assumed.
_DETOUR, _REACH_M, _NEAREST_M = 1.25, 2_000.0, 5.0
#: Cameras around one that are tried as its neighbours.
_AROUND = 12
#: Passages that went straight from one camera to another, for there to be a way; and of those that left the first.
_OFTEN, _SHARE = 3, 0.05


def assumed(cameras: Sequence[Camera], ways: Sequence[Way], passages: Sequence[Sequence[int]] = ()) -> list[Way]:
    """Return ways, both directions, for cameras that have none at all, and between parts of the network.

    passages: numbers of the cameras that targets were seen at, in order of time. Nothing is assumed over more than 2 km
    but what passages show, and nothing where the ways that are given lead from every camera to every other.
    """
    graph = nx.Graph()
    graph.add_nodes_from(range(len(cameras)))
    number = {camera.id: place for place, camera in enumerate(cameras)}
    graph.add_edges_from((number[w.origin], number[w.target]) for w in ways if {w.origin, w.target} <= number.keys())
    lone = {place for place in graph if graph.degree(place) == 0}
    if not lone and nx.is_connected(graph):
        return []
    pairs = {pair for pair in _walked(passages) if lone & set(pair)}
    east, north = _plane(cameras)
    for place in sorted(lone):
        pairs |= {(min(place, other), max(place, other)) for other in _neighbours(east, north, place)}
    graph.add_edges_from(pairs)
    pairs |= set(_bridges(graph, east, north))
    ends = ((cameras[one], cameras[other]) for one, other in sorted(pairs))
    return [way for one, other in ends for way in _both(one, other)]


def _both(one: Camera, other: Camera) -> Iterator[Way]:
    metres = max(_NEAREST_M, _DETOUR * rough_metres(one, other))
    yield Way(origin=one.id, target=other.id, metres=metres)
    yield Way(origin=other.id, target=one.id, metres=metres)


def _walked(passages: Sequence[Sequence[int]]) -> Iterator[tuple[int, int]]:
    often = Counter(pair for seen in passages for pair in pairwise(seen) if pair[0] != pair[1])
    left = Counter[int]()
    for (origin, _), count in often.items():
        left[origin] += count
    for (origin, target), count in often.items():
        if count >= max(_OFTEN, _SHARE * left[origin]):
            yield min(origin, target), max(origin, target)


def _plane(cameras: Sequence[Camera]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Metres east and north of the first, as on a plane."""
    place = np.array([(camera.longitude, camera.latitude) for camera in cameras], dtype=np.float64).reshape(-1, 2)
    degree = 111_200.0
    across = (place[:, 0] - place[0, 0] + 540.0) % 360.0 - 180.0
    return across * degree * np.cos(np.radians(place[:, 1])), (place[:, 1] - place[0, 1]) * degree


def _neighbours(east: NDArray[np.float64], north: NDArray[np.float64], place: int) -> Iterator[int]:
    square = (east - east[place]) ** 2 + (north - north[place]) ** 2
    square[place] = np.inf
    near = np.argsort(square, kind="stable")[:_AROUND]
    near = near[square[near] <= _REACH_M**2]
    for other in near.tolist():
        across = (east[near] - east[other]) ** 2 + (north[near] - north[other]) ** 2
        between = square[near] + across < square[other] * (1.0 + 1e-6)
        between &= near != other
        if not between.any():
            yield other


def _bridges(graph: nx.Graph[int], east: NDArray[np.float64], north: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """From each part of the network that is not the largest, the shortest line to a camera out of it."""
    parts = sorted(nx.connected_components(graph), key=len)
    for part in parts[:-1]:
        inside = np.array(sorted(part))
        outside = np.setdiff1d(np.arange(len(east)), inside)
        square = (east[inside, None] - east[outside]) ** 2 + (north[inside, None] - north[outside]) ** 2
        at, other = np.unravel_index(int(square.argmin()), square.shape)
        if square[at, other] <= _REACH_M**2:
            one, two = int(inside[at]), int(outside[other])
            yield min(one, two), max(one, two)
