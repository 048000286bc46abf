"""Learning a site: clocks, transit times, turns and how vectors compare, from passages that were confirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from daemon.inference.association.matching import centring, likelihood
from daemon.inference.association.network import clocks, repeats, transit_times, turns
from daemon.inference.association.network.assumed_ways import assumed
from daemon.inference.association.network.passages import Passages, gather
from daemon.inference.association.network.routes import distances
from daemon.inference.association.network.site_model import Appearance, Calibration, Course, SiteModel
from daemon.inference.association.network.street_plan import StreetPlan, plan
from daemon.inference.association.search.calibrating import calibrated
from daemon.ports.sightings import Camera, SightingsView, Way

_HOUR_S = 3_600.0
#: Detections that the common course of a day is worth in each hour of one camera.
_WORTH = 12.0
#: A target that was last seen less than this before the end of the passages may have been cut off.
_CUT_S = 1_800.0
#: After so many steps the end of a passage is believed to be where its target left.
_WHOLE = 3.0
#: Spread of the log time over a way, and error of its length, before anything is learnt.
_SPREAD, _LENGTH_ERROR = 0.25, 0.06


def learn(
    cameras: Sequence[Camera],
    ways: Sequence[Way],
    view: SightingsView,
    passages: Sequence[Sequence[str]],
    *,
    progress: Callable[[str], None] | None = None,
    calibrate: bool = True,
) -> SiteModel:
    """Learn a site from the ids of detections of targets that are known, each target's in order of time.

    With few or no passages, distances and common speeds stand in. progress: told what is being learnt. calibrate: try
    what was learnt on some of the passages, to state what a posterior is worth. Raises InvalidInput for ways and
    passages that name what is not there.
    """
    tell = progress or (lambda _: None)
    located = {camera.id for camera in cameras}
    cameras = _in_order_of(view, cameras)
    tell("passages")
    known = gather(view, passages).without_repeats(repeats.MOMENT_S)
    streets = plan(cameras, [*ways, *_assumed(cameras, ways, known, located)])
    tell("clocks")
    clock = _clocks(cameras, streets, known)
    tell("transit times and turns")
    forwards = _course(streets, known, clock, 1.0)
    backwards = _course(streets.reversed(), known.mirrored(), clock, -1.0)
    tell("appearance")
    look = _appearance(view, known)
    site = SiteModel(
        cameras=tuple(camera.id for camera in cameras),
        clocks=clock,
        forwards=forwards,
        backwards=backwards,
        rate=_rates(view, clock),
        appearance=look,
        calibration=Calibration(hops=np.array([[0.0, 0.0], [1.0, 1.0]])),
        passages=len(passages),
        repeats=repeats.share(view, look),
    )
    if not calibrate:
        return site
    tell("calibration")
    return replace(site, calibration=calibrated(site, view, known))


def _in_order_of(view: SightingsView, cameras: Sequence[Camera]) -> list[Camera]:
    """The cameras as the view numbers them; those that it does not have come after, and have seen nothing."""
    by_id = {camera.id: camera for camera in cameras}
    first = [by_id.get(name) or Camera(id=name, longitude=0.0, latitude=0.0) for name in view.cameras]
    there = set(view.cameras)
    return first + [camera for camera in cameras if camera.id not in there]


def _assumed(cameras: Sequence[Camera], ways: Sequence[Way], known: Passages, located: AbstractSet[str]) -> list[Way]:
    """Ways between cameras whose places are known."""
    places = [place for place, camera in enumerate(cameras) if camera.id in located]
    number = {place: k for k, place in enumerate(places)}
    walks = np.split(known.cameras, np.flatnonzero(np.diff(known.target)) + 1)
    passages = [[number[camera] for camera in walk.tolist() if camera in number] for walk in walks]
    return assumed([cameras[place] for place in places], ways, passages)


def _true_times(known: Passages, clock: clocks.Clocks, sign: float) -> NDArray[np.float64]:
    by_clock = known.times * sign
    offset = clock.offset_s[known.cameras] + clock.rate[known.cameras] * (by_clock - clock.since_s[known.cameras])
    times: NDArray[np.float64] = sign * (by_clock - offset)
    return times


def _clocks(cameras: Sequence[Camera], streets: StreetPlan, known: Passages) -> clocks.Clocks:
    prior = clocks.stated(cameras)
    steps = known.steps()
    way = streets.ways_of(known.cameras[steps], known.cameras[steps + 1])
    away = (way >= 0) & ~streets.staying[way] if len(streets.origin) else way >= 0
    steps, way = steps[away], way[away]
    if not len(steps):
        return prior
    times = _true_times(known, prior, 1.0)
    seconds = times[steps + 1] - times[steps]
    fine = seconds > 0
    slowness = float(np.exp(np.median(np.log(seconds[fine] / streets.metres[way[fine]])))) if fine.any() else 1 / 1.34
    order = np.lexsort((seconds, way))
    way, seconds = way[order], seconds[order]
    pairs, start, count = np.unique(way, return_index=True, return_counts=True)
    median = (seconds[start + (count - 1) // 2] + seconds[start + count // 2]) / 2
    expected = streets.metres[pairs] * slowness
    sd = np.sqrt(1.57 * (_SPREAD * expected) ** 2 / count + (_LENGTH_ERROR * expected) ** 2)
    return clocks.measured(
        prior, streets.origin[pairs].astype(np.int64), streets.target[pairs].astype(np.int64), median - expected, sd
    )


def _course(streets: StreetPlan, known: Passages, clock: clocks.Clocks, sign: float) -> Course:
    times = _true_times(known, clock, sign)
    steps = known.steps()
    way = streets.ways_of(known.cameras[steps], known.cameras[steps + 1])
    away = (way >= 0) & ~streets.staying[way] if len(streets.origin) else way >= 0
    walked = transit_times.Walked(
        way=way[away],
        seconds=(times[steps + 1] - times[steps])[away],
        target=known.target[steps][away],
        clock_sd_s=np.hypot(clock.sd_s[known.cameras[steps]], clock.sd_s[known.cameras[steps + 1]])[away],
    )
    by_step = np.full(known.size, -1, dtype=np.int64)
    by_step[steps] = way
    turning = steps[:-1][(np.diff(steps) == 1)] if len(steps) else steps
    turning = turning[(by_step[turning] >= 0) & (by_step[turning + 1] >= 0)]
    return Course(
        plan=streets,
        times=transit_times.learnt(streets, walked),
        turns=turns.learnt(
            streets,
            by_step[turning],
            by_step[turning + 1],
            *_sightings(streets, known, times, steps),
            known.direction_deg[turning + 1].astype(np.float64),
        ),
    )


def _sightings(
    streets: StreetPlan, known: Passages, times: NDArray[np.float64], steps: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """How often each camera missed a target that passed, had one pass, saw one last, and saw one.

    A passage of one sighting tells none of it. The end of a short one may be where confirming stopped, and no
    exit: it counts less.
    """
    count = streets.cameras
    size = np.bincount(known.target)[known.target] if known.size else np.zeros(0, np.int64)
    seen = np.bincount(known.cameras[size > 1], minlength=count).astype(np.float64)
    ends = np.setdiff1d(np.flatnonzero(size > 1), steps)
    whole = ends[times[ends] < times.max(initial=0.0) - _CUT_S] if known.size else ends
    cut = np.setdiff1d(ends, whole)
    last = np.bincount(known.cameras[whole], np.minimum((size[whole] - 1.0) / _WHOLE, 1.0), count).astype(np.float64)
    missed = distances(streets, known.cameras[steps], known.cameras[steps + 1])
    return missed, missed + seen, last, seen - np.bincount(known.cameras[cut], minlength=count)


def _rates(view: SightingsView, clock: clocks.Clocks) -> NDArray[np.float64]:
    counts = np.zeros((len(clock.sd_s), 24))
    first, last = np.inf, -np.inf
    hours: set[int] = set()
    for camera in range(len(view.cameras)):
        times = view.window(camera, -np.inf, np.inf).times
        if len(times):
            first, last = min(first, float(times[0])), max(last, float(times[-1]))
            hour = (times // _HOUR_S).astype(np.int64)
            counts[camera] += np.bincount(hour % 24, minlength=24)
            hours.update(np.unique(hour).tolist())
    total = counts.sum(axis=0)
    exposed = _exposure(first, last)
    course = total / exposed / max(float(total.sum() / exposed.sum()), 1e-12)  # busy and quiet hours
    per_camera = (counts.sum(axis=1) + 1.0) / (exposed.sum() + _HOUR_S)
    expected = per_camera[:, None] * course
    weight = counts / (counts + _WORTH)
    smooth: NDArray[np.float64] = weight * counts / exposed + (1.0 - weight) * np.maximum(expected, 1e-6)
    return np.maximum(smooth, 1e-6)


def _exposure(first: float, last: float) -> NDArray[np.float64]:
    """Seconds that each hour of the day was covered by [first, last]."""
    if not last > first:
        return np.full(24, _HOUR_S)
    edges = np.arange(np.floor(first / _HOUR_S), np.floor(last / _HOUR_S) + 1)
    seconds = np.minimum((edges + 1) * _HOUR_S, last) - np.maximum(edges * _HOUR_S, first)
    exposed = np.bincount(edges.astype(np.int64) % 24, seconds, 24)
    return np.maximum(exposed, 60.0)


def _appearance(view: SightingsView, known: Passages) -> Appearance:
    body_mean, face_mean = centring.camera_means(view)
    body, face = likelihood.unlearnt(), likelihood.unlearnt()
    if known.size and body_mean.shape[1]:
        use = known.body.any(axis=1)
        vectors = centring.centred(known.body[use], body_mean[known.cameras[use]])
        body = likelihood.learnt(vectors, known.target[use])
    if (known.face_rows >= 0).any() and face_mean.shape[1]:
        use = known.face_rows >= 0
        vectors = centring.centred(known.face[known.face_rows[use]], face_mean[known.cameras[use]])
        face = likelihood.learnt(vectors, known.target[use])
    return Appearance(body_mean=body_mean, face_mean=face_mean, body=body, face=face)
