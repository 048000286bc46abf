"""What is asked of a search, and how far it may go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.ports.sightings import CarriedThing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A target: where and when it was seen first, and what it looks like.

    camera: number in the view. time_s: seconds since 1970, by that camera's clock. row: of its own detection, which is
    never found again; None for a picture from outside. body: float32 (m, d), one row a picture, unit length; face:
    (k, f), k may be 0. came_from: number of the camera that it came from; direction_deg: of movement, from north.
    cameras: numbers that may be searched, None for all. forwards, backwards: in time; both are two searches in one.
    """

    camera: int
    time_s: float
    body: NDArray[np.float32]
    face: NDArray[np.float32]
    horizon_s: float
    row: int | None = None
    came_from: int | None = None
    direction_deg: float | None = None
    quality: float | None = None
    cameras: frozenset[int] | None = None
    carried: tuple[CarriedThing, ...] = ()
    forwards: bool = True
    backwards: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where a search ends. stop_mass: when no open task holds more of the target than this; 0 searches all.

    batch: tasks searched in one round; the figures stated for searches are at 1. frozen_template: the target looks
    like the query alone, whatever is found.
    """

    stop_mass: float = 0.001
    tasks: int = 5_000
    compared: int = 2_000_000
    seconds: float = 60.0  # of its own thread's work
    batch: int = 1
    skip_depth: int = 3  # cameras in a row that may have missed the target
    frozen_template: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a search stands. unexplored: probability that a next sighting lies where nobody looked."""

    rounds: int
    tasks: int
    compared: int
    found: int
    unexplored: float
    cpu_s: float
    ended: str = ""  # why: "explored", "tasks", "compared", "seconds"; "" while it goes on


NO_LIMITS = Limits(stop_mass=0.0, tasks=1_000_000, compared=1_000_000_000, seconds=3_600.0)
