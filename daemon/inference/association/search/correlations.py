"""Where people go from a camera and how long it takes them, as counted: what a greedy search of a topology looks at.

Spatial and temporal correlation of cameras (Jain et al., "ReXCam: Resource-efficient, cross-camera video analytics at
scale", arXiv 1811.01268, section 4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from daemon.inference.association.folders.view import FolderView
from daemon.ports.sightings import Way

#: Walking speed, m/s, and the spread of its logarithm, for ways on which nobody was seen.
_SPEED: Final = 1.35
_SPREAD: Final = 0.25
#: As many sightings as a way counts for beforehand.
_PRIOR: Final = 1.0
#: So many of all times that people take are within a near span, and within a far one, in a row of quantiles.
_QUANTILES: Final = (0.002, 0.02, 0.98, 0.99)
_FEWEST: Final = 50
#: Cameras miss so many of those who pass: how often people are seen next where no way leads directly.
_MISSED: Final = 0.1

_Spent = Mapping[int, Mapping[int, Sequence[float]]]


class Correlation(NamedTuple):
    """One way that people take.

    share: of those who leave the first camera. near, far: spans in seconds within which most were seen, and nearly all.
    """

    camera: int
    share: float
    near: tuple[float, float]
    far: tuple[float, float]


class Correlations:
    """What is known of each camera."""

    def __init__(self, following: Mapping[int, Sequence[Correlation]]) -> None:
        self._following = following

    def from_camera(self, camera: int) -> Sequence[Correlation]:
        """Return where people are seen next, the commonest first."""
        return self._following.get(camera, ())


def learn_correlations(view: FolderView, ways: Iterable[Way], passages: Iterable[Sequence[int]]) -> Correlations:
    """Count passages (rows of the view, in order of time) over the ways that there are."""
    numbers = {camera: number for number, camera in enumerate(view.cameras)}
    spent: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for way in ways:
        spent[numbers[way.origin]][numbers[way.target]] = [way.metres / _SPEED] * int(_PRIOR)
    for origin, target, seconds in _hops(view, passages):
        spent[origin][target].append(seconds)
    usual = {origin: {target: float(np.median(some)) for target, some in by.items()} for origin, by in spent.items()}
    ratios = _ratios(spent, usual)
    return Correlations({origin: _leaving(origin, spent, usual, ratios) for origin in spent})


def _hops(view: FolderView, passages: Iterable[Sequence[int]]) -> Iterator[tuple[int, int, float]]:
    times = view.columns.times
    for passage in passages:
        for one, other in pairwise(passage):
            yield view.camera_of(one), view.camera_of(other), float(times[other] - times[one])


def _ratios(spent: _Spent, usual: Mapping[int, Mapping[int, float]]) -> list[float]:
    """Return quantiles of how much longer people take than is usual, over all pairs that several took."""
    found = [
        seconds / usual[origin][target]
        for origin, by in spent.items()
        for target, some in by.items()
        if len(some) > 3 and usual[origin][target] > 1.0
        for seconds in some
    ]
    if len(found) < _FEWEST:
        found = np.exp(_SPREAD * np.linspace(-3, 3, 101)).tolist()
    quantiles: list[float] = np.quantile(found, _QUANTILES).tolist()
    return quantiles


def _leaving(
    origin: int, spent: _Spent, usual: Mapping[int, Mapping[int, float]], ratios: Sequence[float]
) -> Sequence[Correlation]:
    """Return where people are seen next, those two ways on included when nobody was counted there yet."""
    total = sum(map(len, spent[origin].values()))
    shares = {target: len(some) / total for target, some in spent[origin].items()}
    seconds = dict(usual[origin])
    for middle in list(shares):
        beyond = spent.get(middle, {})
        leaving = sum(map(len, beyond.values()))
        for target, some in beyond.items():
            if target not in usual[origin]:
                shares[target] = shares.get(target, 0.0) + _MISSED * shares[middle] * len(some) / leaving
                seconds[target] = min(seconds.get(target, np.inf), usual[origin][middle] + usual[middle][target])
    far_low, low, high, far_high = ratios
    return sorted(
        (
            Correlation(target, share, (low * usually, high * usually), (far_low * usually, far_high * usually))
            for target, share in shares.items()
            for usually in (seconds[target],)
        ),
        key=lambda one: -one.share,
    )
