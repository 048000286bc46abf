"""What follows from a trajectory: legs and their speed, stays, pauses, places returned to, gaps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

import msgspec

from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.search.trajectory import Hop, Trajectory

#: How people walk (log-normal, median 1.35 m/s), where too little of this one is known; and what counts as walking.
_USUAL_M_S: Final = 1.35
_ON_FOOT_M_S: Final = (0.5, 3.0)
#: A pause is at least that long, and that share of what the way takes.
_PAUSE_S: Final = 60.0
_PAUSE_SHARE: Final = 0.5
#: How far the seconds of a hop may be from the difference of two times for its metres to be of that leg.
_SAME_LEG_S: Final = 1.5


class Stop(NamedTuple):
    """One sighting of the way in order of time. hop: None for the query itself. number: of the hop, from 1; 0 then."""

    camera: str
    time_s: float
    hop: Hop | None
    number: int


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """From one sighting to the next at another camera. number: of the sighting that it leads to, 0 the query.

    metres, speed_m_s: None where no way is known. paused_s: how much longer it took than the way takes at the target's
    usual speed, 0 where that is little. missed: cameras on the way that did not see it.
    """

    number: int
    origin: str
    target: str
    began_at: datetime
    ended_at: datetime
    seconds: float
    metres: float | None
    speed_m_s: float | None
    paused_s: float
    missed: tuple[str, ...] = ()


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """Sightings at one camera without another between them."""

    camera: str
    began_at: datetime
    ended_at: datetime
    seconds: float


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """A camera that the target came back to after others had seen it. seen_at: the first time of each visit."""

    camera: str
    seen_at: tuple[datetime, ...]


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A leg on which nobody knows where the target was. why: "missed", "paused", "no_way"."""

    number: int
    why: str
    seconds: float


class Following(msgspec.Struct, frozen=True, kw_only=True):
    """All that follows. metres: of the legs of known length. usual_speed_m_s: None without a leg on foot."""

    legs: tuple[Leg, ...]
    stays: tuple[Stay, ...]
    returns: tuple[Return, ...]
    gaps: tuple[Gap, ...]
    metres: float
    seconds: float
    usual_speed_m_s: float | None


def moment(time_s: float) -> datetime:
    """Return a time in seconds since 1970 as aware UTC, to the millisecond."""
    return datetime.fromtimestamp(round(time_s, 3), UTC)


def stops(trajectory: Trajectory) -> tuple[Stop, ...]:
    """Return the query and the sightings in order of time."""
    found = [Stop(hop.camera, hop.time_s, hop, number) for number, hop in enumerate(trajectory.hops, start=1)]
    found.append(Stop(trajectory.query_camera, trajectory.query_time_s, None, 0))
    return tuple(sorted(found, key=lambda stop: (stop.time_s, stop.number)))


def what_follows(trajectory: Trajectory, graph: CameraGraph) -> Following:
    """Return what follows from a trajectory. Cameras that are no longer in the graph have ways of unknown length."""
    way = stops(trajectory)
    lengths = [_metres(graph, trajectory.query_time_s, *pair) for pair in pairwise(way)]
    usual = _usual_speed(way, lengths)
    legs = tuple(
        _leg(before, after, metres, usual or _USUAL_M_S, trajectory.query_time_s)
        for (before, after), metres in zip(pairwise(way), lengths, strict=True)
        if before.camera != after.camera
    )
    visits = _visits(way)
    return Following(
        legs=legs,
        stays=tuple(_stay(visit) for visit in visits if len(visit) > 1),
        returns=_returns(visits),
        gaps=tuple(_gap(leg) for leg in legs if leg.missed or leg.paused_s or leg.metres is None),
        metres=round(sum(leg.metres or 0.0 for leg in legs), 1),
        seconds=round(way[-1].time_s - way[0].time_s, 3),
        usual_speed_m_s=None if usual is None else round(usual, 2),
    )


def leg_hop(before: Stop, after: Stop, query_time_s: float) -> Hop | None:
    """Return the hop that a leg belongs to: the later end after the query, the earlier one before it."""
    return after.hop if after.hop is not None and after.time_s >= query_time_s else before.hop


def along(before: Stop, after: Stop, hop: Hop | None, graph: CameraGraph) -> tuple[str, ...]:
    """Return the cameras that a leg leads by, both ends among them, in the order in which they were passed."""
    missed = missed_between(before, after, hop)
    starts = [graph.metres(before.camera, camera) is not None for camera in missed]
    if starts and starts[-1] and not starts[0]:  # as a search backwards in time came by them
        missed = missed[::-1]
    return (before.camera, *missed, after.camera)


def _metres(graph: CameraGraph, query_time_s: float, before: Stop, after: Stop) -> float | None:
    if before.camera == after.camera:
        return 0.0
    hop = leg_hop(before, after, query_time_s)
    seconds = after.time_s - before.time_s
    if hop is not None and hop.metres is not None and abs(abs(hop.seconds) - seconds) <= _SAME_LEG_S:
        return hop.metres
    if before.camera not in graph or after.camera not in graph:
        return None
    metres, _ = graph.shortest(before.camera, after.camera)
    return metres if math.isfinite(metres) else None


def _usual_speed(way: Sequence[Stop], lengths: Sequence[float | None]) -> float | None:
    """Return the median speed of the legs that were gone on foot without a long pause, None without any."""
    slowest, fastest = _ON_FOOT_M_S
    speeds = [
        speed
        for (before, after), metres in zip(pairwise(way), lengths, strict=True)
        if (speed := _speed(metres, after.time_s - before.time_s)) is not None and slowest <= speed <= fastest
    ]
    return median(speeds) if speeds else None


def _speed(metres: float | None, seconds: float) -> float | None:
    return metres / seconds if metres and seconds > 0 else None


def _leg(before: Stop, after: Stop, metres: float | None, usual_m_s: float, query_time_s: float) -> Leg:
    seconds = after.time_s - before.time_s
    speed, hop = _speed(metres, seconds), leg_hop(before, after, query_time_s)
    needed = (metres or 0.0) / usual_m_s
    pause = seconds - needed if metres is not None else 0.0
    return Leg(
        number=after.number,
        origin=before.camera,
        target=after.camera,
        began_at=moment(before.time_s),
        ended_at=moment(after.time_s),
        seconds=round(seconds, 3),
        metres=None if metres is None else round(metres, 1),
        speed_m_s=None if speed is None else round(speed, 3),
        paused_s=round(pause, 1) if pause >= max(_PAUSE_S, _PAUSE_SHARE * needed) else 0.0,
        missed=missed_between(before, after, hop),
    )


def missed_between(before: Stop, after: Stop, hop: Hop | None) -> tuple[str, ...]:
    """Return the cameras that did not see who went a leg; one that a fill-in found afterwards did see it."""
    return tuple(camera for camera in (hop.missed if hop else ()) if camera not in {before.camera, after.camera})


def _visits(way: Sequence[Stop]) -> list[list[Stop]]:
    """Return the sightings in rows of one camera."""
    visits: list[list[Stop]] = []
    for stop in way:
        if visits and visits[-1][0].camera == stop.camera:
            visits[-1].append(stop)
        else:
            visits.append([stop])
    return visits


def _stay(visit: Sequence[Stop]) -> Stay:
    first, last = visit[0], visit[-1]
    return Stay(
        camera=first.camera,
        began_at=moment(first.time_s),
        ended_at=moment(last.time_s),
        seconds=round(last.time_s - first.time_s, 3),
    )


def _returns(visits: Sequence[Sequence[Stop]]) -> tuple[Return, ...]:
    by_camera: dict[str, list[datetime]] = {}
    for visit in visits:
        by_camera.setdefault(visit[0].camera, []).append(moment(visit[0].time_s))
    return tuple(Return(camera=camera, seen_at=tuple(times)) for camera, times in by_camera.items() if len(times) > 1)


def _gap(leg: Leg) -> Gap:
    why = "no_way" if leg.metres is None else "missed" if leg.missed else "paused"
    return Gap(number=leg.number, why=why, seconds=leg.seconds)
