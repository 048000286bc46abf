"""The road graph of a simulated site: a grid of crossings that are pushed about, some of its blocks closed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import networkx as nx
import numpy as np

from daemon.inference.association.folders.bounds import require, require_share
from daemon.ports.sightings import Camera, Way

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Metres of a degree at the equator, where the sites lie (WGS 84).
_METRES_EAST: Final = 111_319.491
_METRES_NORTH: Final = 110_574.276
_SHORTEST_M: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetSettings:
    """How a site is laid out: a camera at each crossing. jitter_m: deviation of a crossing's place, each way.

    removed: share of the blocks that are closed, as far as all stays connected. detour: metres of a way by the straight
    distance.
    """

    cameras: int = 256
    block_m: float = 160.0
    jitter_m: float = 34.0
    removed: float = 0.12
    detour: float = 1.15

    def __post_init__(self) -> None:
        require("cameras", self.cameras, 2, 100_000)
        require("block_m", self.block_m, 20.0, 10_000.0)
        require("jitter_m", self.jitter_m, 0.0, self.block_m / 2)
        require_share("removed", self.removed)
        require("detour", self.detour, 1.0, 10.0)


@dataclass(frozen=True)
class Streets:
    """n crossings, each with at most k ways from it.

    positions: float64 (n, 2), metres east and north. neighbours: int32 (n, k), -1 where there are fewer ways.
    metres: float64 (n, k). headings: float32 (n, k), degrees from north. back: int8 (n, k), which way of the neighbour
    leads back.
    """

    positions: NDArray[np.float64]
    neighbours: NDArray[np.int32]
    metres: NDArray[np.float64]
    headings: NDArray[np.float32]
    back: NDArray[np.int8]

    @cached_property
    def cameras(self) -> tuple[Camera, ...]:
        """One a crossing, by number."""
        degrees = self.positions / (_METRES_EAST, _METRES_NORTH)
        return tuple(
            Camera(id=f"c{n}", longitude=east, latitude=north) for n, (east, north) in enumerate(degrees.tolist())
        )

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """All of them, each way by itself."""
        origins, slots = np.nonzero(self.neighbours >= 0)
        ends = zip(origins, self.neighbours[origins, slots], self.metres[origins, slots], strict=True)
        return tuple(Way(origin=f"c{a}", target=f"c{b}", metres=float(metres)) for a, b, metres in ends)


def lay_streets(settings: StreetSettings, drawn: np.random.Generator) -> Streets:
    """Lay out a site: columns of crossings from south to north, west to east, the last one perhaps shorter."""
    column = math.ceil(math.sqrt(settings.cameras))
    number = np.arange(settings.cameras)
    places = np.column_stack((number // column, number % column)) * settings.block_m
    positions = places + settings.jitter_m * drawn.standard_normal(places.shape)
    return _streets(_graph(settings, column, drawn), positions, settings.detour)


def _graph(settings: StreetSettings, column: int, drawn: np.random.Generator) -> nx.Graph:
    """Return a grid without some of its edges, drawn by lot, that is connected still."""
    count = settings.cameras
    north = [(n, n + 1) for n in range(count - 1) if (n + 1) % column]
    edges = north + [(n, n + column) for n in range(count - column)]
    graph = nx.Graph(edges)
    closing = int(settings.removed * len(edges))
    for one_edge in drawn.permutation(len(edges)):
        if not closing:
            break
        one, other = edges[one_edge]
        graph.remove_edge(one, other)
        if nx.has_path(graph, one, other):
            closing -= 1
        else:
            graph.add_edge(one, other)
    return graph


def _streets(graph: nx.Graph, positions: NDArray[np.float64], detour: float) -> Streets:
    ways = [sorted(graph[n]) for n in range(len(positions))]
    neighbours = np.full((len(ways), max(map(len, ways))), -1, dtype=np.int32)
    back = np.zeros(neighbours.shape, dtype=np.int8)
    for n, others in enumerate(ways):
        neighbours[n, : len(others)] = others
        back[n, : len(others)] = [ways[other].index(n) for other in others]
    steps = np.where((neighbours >= 0)[..., None], positions[neighbours] - positions[:, None], 0.0)
    metres = np.maximum(np.round(detour * np.hypot(steps[..., 0], steps[..., 1]), 1), _SHORTEST_M)
    headings = np.degrees(np.arctan2(steps[..., 0], steps[..., 1])) % 360
    return Streets(positions, neighbours, metres, headings.astype(np.float32), back)
