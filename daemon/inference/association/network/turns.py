"""Where targets turn: the probability of each way out for each way in, of leaving the network, of not being seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.inference.association.network.street_plan import StreetPlan

#: Counts that what angles say is worth against counts of the turn itself.
_WORTH = 8.0
#: Classes of the angle between the way in and the way out: edges in degrees.
_CLASSES = (25.0, 70.0, 110.0, 155.0)
#: Preference of each class where nothing was learnt: people mostly go on, and seldom turn back.
#: The last is to stay.
_PREFERENCE = (3.0, 1.5, 1.0, 0.5, 0.15, 0.02)
_EXIT, _MISS = 0.06, 0.10
_FEW = 20.0
#: Concentrations that are tried, and the one where no direction is known of a turn.
_CONCENTRATIONS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0, 20.0)
_POINTING = 0.5
#: Share of directions that are believed at all.
_SURELY = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """turn: float64, by `StreetPlan.turns_first`, each way in sums to 1 over the ways out.

    pointing: how closely a direction of movement points along the way out (concentration of von Mises), beyond what the
    way in says; coming: along the way in; 0: not at all.

    leaving: float64 (cameras,), probability that a target is seen nowhere after it; missing: that a camera does not see
    one that passes.
    """

    turn: NDArray[np.float64]
    leaving: NDArray[np.float64]
    missing: NDArray[np.float64]
    pointing: float = 0.0
    coming: float = 0.0


def learnt(
    plan: StreetPlan,
    ways_in: NDArray[np.int64],
    ways_out: NDArray[np.int64],
    missed: NDArray[np.float64],
    passed: NDArray[np.float64],
    last: NDArray[np.float64],
    seen: NDArray[np.float64],
    direction_deg: NDArray[np.float64],
) -> Turns:
    """Learn turns. ways_in, ways_out: int64 (m,), the two ways of each turn that was seen.

    missed, passed, last, seen: float64 (cameras,), how often a target passed unseen, passed at all, was seen for the
    last time, and was seen. direction_deg: float64 (m,), of movement at each turn, NaN where unknown.
    """
    blocks = _angles(plan)
    preference = _preferences(plan, blocks, ways_in, ways_out)
    base = preference[blocks]
    rows = _rows(plan)
    base /= np.maximum(np.bincount(rows, base, rows.max() + 1 if len(rows) else 0), 1e-12)[rows] if len(rows) else 1.0
    counts = np.zeros(len(base))
    np.add.at(counts, _places(plan, ways_in, ways_out), 1.0)
    np.add.at(counts, _unknown_places(plan, ways_out), 1.0)
    turn = counts + _WORTH * base
    if len(rows):
        turn /= np.bincount(rows, turn)[rows]
    leaving = float((last.sum() + _EXIT * _FEW) / (seen.sum() + _FEW))
    missing = float((missed.sum() + _MISS * _FEW) / (passed.sum() + _FEW))
    return Turns(
        turn=turn,
        leaving=np.clip((last + leaving * _FEW) / (seen + _FEW), 0.002, 0.9),
        missing=np.clip((missed + missing * _FEW) / (passed + _FEW), 0.005, 0.9),
        pointing=_pointing(plan, turn, ways_in, ways_out, direction_deg),
        coming=_coming(plan, ways_in, direction_deg),
    )


def _coming(plan: StreetPlan, ways_in: NDArray[np.int64], direction_deg: NDArray[np.float64]) -> float:
    """Choose the concentration under which the ways come by are likeliest, among the ways out turned round."""
    told = ~np.isnan(direction_deg)
    ways_in, direction = ways_in[told], direction_deg[told]
    if not len(ways_in):
        return 0.0
    here = plan.target[ways_in]
    degree = (plan.first[here + 1] - plan.first[here]).astype(np.int64)
    event = np.repeat(np.arange(len(here)), degree)
    offered = np.repeat(plan.first[here] - np.cumsum(degree) + degree, degree) + np.arange(len(event))
    along = np.cos(np.radians(plan.bearing_deg[ways_in] - direction))
    others = -np.cos(np.radians(plan.bearing_deg[offered] - direction[event]))
    values = []
    for kappa in _CONCENTRATIONS:
        mean = np.bincount(event, np.exp(kappa * others), len(here)) / degree
        values.append(float(np.log(_SURELY * np.exp(kappa * along) / mean + 1.0 - _SURELY).sum()) - kappa)
    return _CONCENTRATIONS[int(np.argmax(values))]


def _pointing(
    plan: StreetPlan,
    turn: NDArray[np.float64],
    ways_in: NDArray[np.int64],
    ways_out: NDArray[np.int64],
    direction_deg: NDArray[np.float64],
) -> float:
    """Choose the concentration under which the ways that were taken are likeliest; a weak prior speaks for 0."""
    told = ~np.isnan(direction_deg)
    ways_in, ways_out, direction = ways_in[told], ways_out[told], direction_deg[told]
    if not len(ways_in):
        return _POINTING
    here = plan.origin[ways_out]
    degree = (plan.first[here + 1] - plan.first[here]).astype(np.int64)
    event = np.repeat(np.arange(len(here)), degree)
    place = np.arange(len(event)) - np.repeat(np.cumsum(degree) - degree, degree)
    offered = np.repeat(plan.first[here], degree) + place
    chance = turn[np.repeat(plan.turns_first[here] + plan.arrival[ways_in] * degree, degree) + place]
    along = np.cos(np.radians(plan.bearing_deg[offered] - direction[event]))
    taken = offered == ways_out[event]
    values = []
    for kappa in _CONCENTRATIONS:
        weight = chance * np.exp(kappa * along)
        share = weight[taken] / np.bincount(event, weight)[event[taken]]
        values.append(float(np.log(share).sum()) - kappa)
    return _CONCENTRATIONS[int(np.argmax(values))]


def _places(plan: StreetPlan, ways_in: NDArray[np.int64], ways_out: NDArray[np.int64]) -> NDArray[np.int64]:
    here = plan.origin[ways_out]
    degree = plan.first[here + 1] - plan.first[here]
    places: NDArray[np.int64] = plan.turns_first[here] + plan.arrival[ways_in] * degree + ways_out - plan.first[here]
    return places


def _unknown_places(plan: StreetPlan, ways_out: NDArray[np.int64]) -> NDArray[np.int64]:
    here = plan.origin[ways_out]
    degree = plan.first[here + 1] - plan.first[here]
    places: NDArray[np.int64] = plan.turns_first[here] + plan.arriving[here] * degree + ways_out - plan.first[here]
    return places


def _rows(plan: StreetPlan) -> NDArray[np.int64]:
    """The number of the way in, over all cameras, that each turn belongs to."""
    degree = np.diff(plan.first)
    per_way_in = np.repeat(degree, np.where(degree > 0, plan.arriving + 1, 0))
    return np.repeat(np.arange(len(per_way_in)), per_way_in)


def _angles(plan: StreetPlan) -> NDArray[np.int64]:
    """The class of angle of every turn; the middle one where the way in is unknown."""
    classes = np.full(int(plan.turns_first[-1]), len(_CLASSES) // 2, dtype=np.int64)
    for way_in in range(len(plan.origin)):
        here = plan.target[way_in]
        first, end = plan.first[here], plan.first[here + 1]
        angle = np.abs((plan.bearing_deg[first:end] - plan.bearing_deg[way_in] + 180.0) % 360.0 - 180.0)
        back = plan.target[first:end] == plan.origin[way_in]
        at = plan.turns_first[here] + plan.arrival[way_in] * (end - first)
        if plan.origin[way_in] == here:
            classes[at : at + end - first] = len(_CLASSES) // 2
        else:
            classes[at : at + end - first] = np.where(back, len(_CLASSES), np.searchsorted(_CLASSES, angle))
    degree = np.diff(plan.first)
    for way in np.flatnonzero(plan.staying):
        here = plan.origin[way]
        size = int(degree[here])
        at = plan.turns_first[here] + way - plan.first[here]
        classes[at : at + size * (plan.arriving[here] + 1) : size] = len(_CLASSES) + 1
    return classes


def _preferences(
    plan: StreetPlan, classes: NDArray[np.int64], ways_in: NDArray[np.int64], ways_out: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Preference of each class of angle: Luce's choice model by minorisation (Hunter 2004, section 3)."""
    preference = np.array(_PREFERENCE)
    if not len(ways_in):
        return preference
    chosen = np.bincount(classes[_places(plan, ways_in, ways_out)], minlength=len(preference)) + preference
    here = plan.origin[ways_out]
    degree = (plan.first[here + 1] - plan.first[here]).astype(np.int64)
    start = plan.turns_first[here] + plan.arrival[ways_in] * degree
    event = np.repeat(np.arange(len(ways_in)), degree)
    offered = classes[np.repeat(start, degree) + np.arange(len(event)) - np.repeat(np.cumsum(degree) - degree, degree)]
    for _ in range(20):
        total = np.bincount(event, preference[offered], len(ways_in))
        exposure = np.bincount(offered, 1.0 / total[event], len(preference)) + 1.0
        preference = chosen / exposure
        preference /= preference.sum() / len(preference)
    return preference
