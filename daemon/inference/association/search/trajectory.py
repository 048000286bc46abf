"""What a search found: the likeliest way of the target, what else it may have been, and what was not looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One sighting that is taken to be the target's. Times by UTC, clock offsets removed.

    posterior: that this is the target, 0 to 1, calibrated. body, face: cosines with the template, None where there is
    no vector; body_llr, face_llr, space_time_llr: natural logarithms of likelihood ratios. seconds, metres: from the
    hop before. turn_deg: of the way, 0 straight on, positive to the right, None where unknown. missed: cameras on the
    way that should have seen it. filled: found afterwards between two sightings. parent: index in `hops` of its tree,
    -1 for the query.
    """

    row: int
    detection: str
    camera: str
    time_s: float
    posterior: float
    body: float | None = None
    face: float | None = None
    body_llr: float = 0.0
    face_llr: float = 0.0
    space_time_llr: float = 0.0
    carried: str = ""
    seconds: float = 0.0
    metres: float | None = None
    turn_deg: float | None = None
    missed: tuple[str, ...] = ()
    filled: bool = False
    parent: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchedTask:
    """One window that was searched, or left: for drawing the tree. parent: index in `Trajectory.tree`, -1 the query.

    reason: why it was not searched: "below stop_mass", "tasks", "compared", "seconds", "camera removed",
    "camera not in the case", "cancelled"; "" where it was.
    """

    camera: str
    start_s: float
    end_s: float
    parent: int
    mass: float
    compared: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """The result of a search at one moment: it grows until the search ends, and can be read at any time.

    hops: accepted sightings in order of time, the query left out; alternatives: for each of them, other sightings of
    the same moment that were weighed, best first. tree: every node that was weighed, for drawing. unexplored:
    probability of a next sighting in what was not searched. ended: see Progress.
    """

    query_camera: str
    query_time_s: float
    hops: tuple[Hop, ...]
    alternatives: tuple[tuple[Hop, ...], ...]
    tree: tuple[Hop, ...]
    tasks: tuple[SearchedTask, ...]
    unexplored: float
    rounds: int
    compared: int
    cpu_s: float
    ended: str
