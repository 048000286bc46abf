"""Simulated worlds that benchmarks of the association run on, by density: the three of research/association.md.

All are of one day, and nobody comes back in them, as in the research; `returns` lets people come back. A world of a
million detections takes seconds and 0.5 GB, one of ten million a minute or two and 3 GB: the last one made is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from daemon.inference.association.folders.appearance import AppearanceSettings
from daemon.inference.association.folders.simulating import simulate
from daemon.inference.association.folders.streets import StreetSettings
from daemon.inference.association.folders.walkers import WalkSettings
from daemon.inference.association.folders.world import World, WorldSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Cameras and detections of a day.
DENSITIES: Final[Mapping[str, tuple[int, int]]] = {
    "sparse": (1_024, 980_000),
    "dense": (100, 980_000),
    "large": (10_000, 9_700_000),
    "town": (100, 95_700),  # as dense as sparse and large
}


class SeenWorld(NamedTuple):
    """A world with its vectors. body: float16 (n, width); faces: float16 (k, 32), by world.face_rows."""

    world: World
    body: NDArray[np.float16]
    faces: NDArray[np.float16]


def settings(density: str, seed: int, *, width: int = 64, returns: float = 0.0, queries: int = 200) -> WorldSettings:
    """Return what a world of a density is like."""
    cameras, detections = DENSITIES[density]
    return WorldSettings(
        detections=detections,
        seed=seed,
        queries=queries,
        streets=StreetSettings(cameras=cameras),
        walks=WalkSettings(returns=returns),
        body=AppearanceSettings(width=width),
    )


@lru_cache(maxsize=1)
def seen_world(density: str, seed: int, *, width: int = 64, returns: float = 0.0, queries: int = 200) -> SeenWorld:
    """Make a world of a density."""
    world = simulate(settings(density, seed, width=width, returns=returns, queries=queries))
    return SeenWorld(world, world.body(), world.faces())
