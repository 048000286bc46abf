"""All trajectories of a small site, one by one, weighed from what was learnt of it and nothing of the search."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from daemon.inference.association.matching.centring import centred
from daemon.inference.association.network.site_model import SiteModel
from daemon.inference.association.search.query import Query
from daemon.ports.sightings import SightingsView


class Seen(NamedTuple):
    """A detection, by true time."""

    row: int
    camera: int
    time: float
    lik: float


def _normal(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


class BruteForce:
    """weights: of every trajectory, as a tuple of rows, each with the camera passed before it.

    The horizon has to be so long that nothing lies beyond it.
    """

    def __init__(self, site: SiteModel, view: SightingsView, query: Query, depth: int) -> None:
        self.site, self.view, self.depth = site, view, depth
        self.start = query.time_s - site.clocks.offset_s[query.camera]
        self.end = self.start + query.horizon_s
        self.template = centred(query.body, site.appearance.body_mean[query.camera]).sum(axis=0)
        self.seen = sorted(self._detections(query), key=lambda one: one.time)
        self.weights: dict[tuple[tuple[int, int], ...], float] = {}
        self._walk((), query.camera, self.start, -1, 1.0)

    def marginals(self) -> dict[int, float]:
        whole = sum(self.weights.values())
        return {
            one.row: sum(weight for steps, weight in self.weights.items() if one.row in dict(steps)) / whole
            for one in self.seen
        }

    def likeliest(self) -> list[list[int]]:
        """Return the rows of the likeliest trajectory, and of those that are as good but for rounding."""
        best = max(self.weights.values())
        return [[row for row, _ in steps] for steps, weight in self.weights.items() if weight > 0.995 * best]

    def _detections(self, query: Query) -> Iterator[Seen]:
        table = self.site.appearance.body[0]
        for camera in range(len(self.view.cameras)):
            window = self.view.window(camera, -np.inf, np.inf)
            for row, time, vector in zip(window.rows, window.times, window.body, strict=True):
                true = float(time) - self.site.clocks.offset_s[camera]
                if int(row) == query.row or not self.start < true <= self.end:
                    continue
                unit = centred(vector[None].astype(np.float32), self.site.appearance.body_mean[camera])[0]
                cosine = float(unit @ self.template / np.linalg.norm(self.template))
                llr = float(np.interp(cosine, np.linspace(-1, 1, len(table)), table))
                yield Seen(int(row), camera, true, math.exp(llr))

    def _walk(self, steps: tuple[tuple[int, int], ...], camera: int, time: float, origin: int, weight: float) -> None:
        self._ending = 0.0
        routes = list(self._routes(camera, origin, 1.0, 0.0, 0.0, 1))
        self.weights[steps] = weight * self._ending
        for chance, target, last, seconds, square, legs in routes:
            sd = 1.2 if last == target else self._spread(camera, target, seconds, square)
            for one in self.seen:
                if one.camera == target and one.time > time:
                    f = self._density(one.time - time, seconds, sd, legs)
                    rate = self.site.rate[target, int(one.time // 3600) % 24]
                    self._walk((*steps, (one.row, last)), target, one.time, last, weight * chance * f / rate * one.lik)

    def _routes(
        self, here: int, origin: int, chance: float, seconds: float, square: float, legs: int
    ) -> Iterator[tuple[float, int, int, float, float, int]]:
        """Yield the ways to where the target is seen next: chance, camera, the one before it, median, squares, legs.

        What leaves the network, or is missed more often than is searched for, goes to `_ending`.
        """
        course, plan = self.site.forwards, self.site.forwards.plan
        first, end = int(plan.first[here]), int(plan.first[here + 1])
        way_in = -1 if origin < 0 else int(plan.ways_of(np.array([origin], np.int32), np.array([here], np.int32))[0])
        place = int(plan.arriving[here]) if way_in < 0 else int(plan.arrival[way_in])
        turns = course.turns.turn[int(plan.turns_first[here]) + place * (end - first) :]
        leaving = float(course.turns.leaving[here])
        self._ending += chance * leaving
        for way in range(first, end):
            target, leg = int(plan.target[way]), float(np.exp(course.times.log_median[way]))
            passed = chance * (1.0 - leaving) * float(turns[way - first])
            missing = float(course.turns.missing[target]) if target != here else 0.0
            yield passed * (1.0 - missing), target, here, seconds + leg, square + leg * leg, legs
            if legs > self.depth:
                self._ending += passed * missing
            elif missing:
                yield from self._routes(target, here, passed * missing, seconds + leg, square + leg * leg, legs + 1)

    def _spread(self, source: int, target: int, seconds: float, square: float) -> float:
        times, clock = self.site.forwards.times, self.site.clocks.sd_s
        noise = times.hop_sd**2 * square + clock[source] ** 2 + clock[target] ** 2
        return math.sqrt(times.person_sd**2 + noise / seconds**2)

    def _density(self, t: float, median: float, log_sd: float, legs: int) -> float:
        times = self.site.forwards.times
        pause = 1 - (1 - times.pause) ** legs
        z = math.log(t / median) / log_sd
        straight = math.exp(-z * z / 2) / (t * log_sd * math.sqrt(2 * math.pi))
        sd, rate = median * log_sd, 1 / times.pause_s
        paused = rate * math.exp(min(rate * rate * sd * sd / 2 - rate * (t - median), 50.0))
        return (1 - pause) * straight + pause * paused * _normal((t - median) / sd - rate * sd)
