"""A site model as the kernels read it, for one direction of time."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.inference.association.network.site_model import SiteModel

#: first, end: its ways out. turns: where its turns begin. offset, rate, since: of its clock.
CAMERA = np.dtype(
    [
        ("first", "i4"), ("end", "i4"), ("arriving", "i4"), ("turns", "i8"), ("leaving", "f8"), ("missing", "f8"),
        ("offset", "f8"), ("clock_rate", "f8"), ("since", "f8"), ("clock_sd", "f8"),
    ],
    align=True,
)  # fmt: skip
WAY = np.dtype(
    [("target", "i4"), ("arrival", "i4"), ("metres", "f8"), ("median", "f8"), ("bearing", "f8")], align=True
)  # fmt: skip

#: Places in `Ground.numbers`.
PERSON_SD, HOP_SD, PAUSE, PAUSE_S, SIGN, LEAST_LIK, LEAST_WEIGHT, POINTING, COMING, REPEATS = range(10)

#: A detection of a lower likelihood ratio stays idle: it is in no state; nor is an edge made of a lower weight.
_LEAST = (math.exp(-4.0), 1e-5)


class Ground(NamedTuple):
    """See SiteModel for the arrays. sign: 1 forwards, -1 backwards in time."""

    cameras: NDArray[Any]
    ways: NDArray[Any]
    turn: NDArray[np.float64]
    rate: NDArray[np.float64]
    body_mean: NDArray[np.float32]
    face_mean: NDArray[np.float32]
    body_table: NDArray[np.float32]
    face_table: NDArray[np.float32]
    numbers: NDArray[np.float64]


def ground(site: SiteModel, *, backwards: bool = False, whole: bool = False) -> Ground:
    """Arrange a site for the kernels. whole: leave out nothing, however little it weighs."""
    course = site.backwards if backwards else site.forwards
    plan, times = course.plan, course.times
    cameras = np.zeros(plan.cameras, dtype=CAMERA)
    cameras["first"], cameras["end"] = plan.first[:-1], plan.first[1:]
    cameras["arriving"], cameras["turns"] = plan.arriving, plan.turns_first[:-1]
    cameras["leaving"], cameras["missing"] = course.turns.leaving, course.turns.missing
    cameras["offset"], cameras["clock_rate"] = site.clocks.offset_s, site.clocks.rate
    cameras["since"], cameras["clock_sd"] = site.clocks.since_s, site.clocks.sd_s
    ways = np.zeros(len(plan.origin), dtype=WAY)
    ways["target"], ways["arrival"] = plan.target, plan.arrival
    ways["metres"], ways["bearing"] = plan.metres, plan.bearing_deg
    ways["median"] = np.exp(times.log_median)
    look = site.appearance
    sign = -1.0 if backwards else 1.0
    least = (0.0, 0.0) if whole else _LEAST
    numbers = np.array(
        [
            times.person_sd,
            times.hop_sd,
            times.pause,
            times.pause_s,
            sign,
            *least,
            course.turns.pointing,
            course.turns.coming,
            0.0 if whole else site.repeats,
        ]
    )
    return Ground(
        cameras, ways, course.turns.turn, site.rate, look.body_mean, look.face_mean, look.body, look.face, numbers
    )
