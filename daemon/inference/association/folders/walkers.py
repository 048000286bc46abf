"""People who walk a site: where each of them comes by, and when.

A person walks at a speed of its own (log-normal), a little otherwise on each way; pauses now and then; prefers to go
straight on; leaves at some crossing, and may come back to it later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daemon.inference.association.folders.bounds import require, require_share
from daemon.inference.association.folders.streets import Streets

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkSettings:
    """How people walk. Deviations are of logarithms.

    straight_on: a turn by an angle is chosen in proportion to exp(straight_on * cos(angle)), turning back included.
    returns: share of those who left that come back to the same crossing, after an absence whose mean is absence_s.
    """

    speed_m_s: float = 1.35
    person_deviation: float = 0.18
    hop_deviation: float = 0.10
    pauses: float = 0.05
    pause_s: float = 180.0
    straight_on: float = 1.6
    leaves: float = 0.06
    returns: float = 0.10
    absence_s: float = 900.0

    def __post_init__(self) -> None:
        require("speed_m_s", self.speed_m_s, 0.1, 50.0)
        require("person_deviation", self.person_deviation, 0.0, 1.0)
        require("hop_deviation", self.hop_deviation, 0.0, 1.0)
        require_share("pauses", self.pauses)
        require("pause_s", self.pause_s, 0.0, 86_400.0)
        require("straight_on", self.straight_on, 0.0, 20.0)
        require("leaves", self.leaves, 0.001, 1.0)
        require_share("returns", self.returns, 0.95)
        require("absence_s", self.absence_s, 1.0, 86_400.0)


class Visits(NamedTuple):
    """m passages of crossings, person by person, each person's oldest first.

    persons, cameras: int32 (m,). came_from: int32 (m,), camera before, -1 where the person appeared. times: float64
    (m,), seconds since the start. headings: float32 (m,), degrees from north of the way that led here; where the person
    appeared, of the way that it took, NaN when it took none.
    """

    persons: NDArray[np.int32]
    cameras: NDArray[np.int32]
    came_from: NDArray[np.int32]
    times: NDArray[np.float64]
    headings: NDArray[np.float32]

    def at(self, places: NDArray[np.intp] | NDArray[np.bool] | slice) -> Visits:
        """Return some of them."""
        persons, cameras, came_from, times, headings = self
        return Visits(persons[places], cameras[places], came_from[places], times[places], headings[places])


class Walkers:
    """Makes people walk the streets of a site."""

    def __init__(self, streets: Streets, settings: WalkSettings, end_s: float) -> None:
        self._streets, self._settings, self._end_s = streets, settings, end_s
        self._turns = turn_table(streets, settings.straight_on)

    def walk(self, people: int, drawn: np.random.Generator) -> Visits:
        """Let people appear by lot in place and time and walk till they leave or the end comes."""
        walked = joined(list(self._steps(people, drawn)))
        return _with_first_headings(walked.at(np.argsort(walked.persons, kind="stable")))

    def _steps(self, people: int, drawn: np.random.Generator) -> Iterator[Visits]:
        """Yield the next passage of all who still walk, until nobody does."""
        streets, settings = self._streets, self._settings
        count, nowhere = streets.neighbours.shape
        person = np.arange(people, dtype=np.int32)
        speed = settings.speed_m_s * np.exp(settings.person_deviation * drawn.standard_normal(people))
        node = drawn.integers(count, size=people, dtype=np.int32)
        entry = np.full(people, nowhere)  # by which of the crossing's ways it came
        time = drawn.random(people) * self._end_s
        while person.size:
            came_from, heading = self._arrival(node, entry)
            yield Visits(person, node, came_from, time, heading)
            leaving = drawn.random(person.size) < settings.leaves
            returning = leaving & (drawn.random(person.size) < settings.returns)
            onward = self._choose(node, entry, drawn.random(person.size))
            lasts = self._lasts(streets.metres[node, onward] / speed, drawn)
            absence = drawn.exponential(settings.absence_s, person.size)
            time = time + np.where(returning, absence, lasts)
            entry = np.where(returning, nowhere, streets.back[node, onward])
            node = np.where(returning, node, streets.neighbours[node, onward])
            stays = (~leaving | returning) & (time < self._end_s)
            person, node, entry, time, speed = person[stays], node[stays], entry[stays], time[stays], speed[stays]

    def _arrival(
        self, node: NDArray[np.int32], entry: NDArray[np.intp]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the camera before and the heading of arrival."""
        streets = self._streets
        appeared = entry == streets.neighbours.shape[1]
        way = np.where(appeared, 0, entry)
        came_from = np.where(appeared, np.int32(-1), streets.neighbours[node, way])
        return came_from, np.where(appeared, np.float32(np.nan), (streets.headings[node, way] + 180) % 360)

    def _choose(self, node: NDArray[np.int32], entry: NDArray[np.intp], drawn: NDArray[np.float64]) -> NDArray[np.intp]:
        passed: NDArray[np.intp] = np.count_nonzero(drawn[:, None] >= self._turns[node, entry], axis=1)
        return passed

    def _lasts(self, seconds: NDArray[np.float64], drawn: np.random.Generator) -> NDArray[np.float64]:
        settings = self._settings
        paused = drawn.random(seconds.size) < settings.pauses
        pause = drawn.exponential(settings.pause_s, seconds.size)
        slower = np.exp(settings.hop_deviation * drawn.standard_normal(seconds.size))
        return seconds * slower + np.where(paused, pause, 0.0)


def joined(parts: Sequence[Visits]) -> Visits:
    """Return all of several."""
    persons, cameras, came_from, times, headings = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Visits(persons, cameras, came_from, times, headings)


def turn_table(streets: Streets, straight_on: float) -> NDArray[np.float64]:
    """Return the cumulative probabilities (n, k + 1, k - 1) of the ways onward by the way of entry; k: appeared."""
    is_way = streets.neighbours >= 0
    headings = np.radians(streets.headings.astype(np.float64))
    turn = headings[:, None, :] - (headings[:, :, None] + np.pi)
    weights = np.exp(straight_on * np.cos(turn)) * is_way[:, None, :]
    appeared = is_way[:, None, :].astype(np.float64)
    table = np.cumsum(np.concatenate((weights, appeared), axis=1), axis=2)
    # where there are fewer ways, the last of them is at 1 exactly, and no draw below 1 reaches past it
    cumulative: NDArray[np.float64] = (table / table[..., -1:])[..., :-1]
    return cumulative


def _with_first_headings(visits: Visits) -> Visits:
    """Fill in headings where people appeared: of the way that they took."""
    follows = np.zeros(len(visits.persons), dtype=bool)
    follows[:-1] = (visits.persons[1:] == visits.persons[:-1]) & (visits.came_from[1:] >= 0)
    onward = np.where(follows, np.roll(visits.headings, -1), np.float32(np.nan))
    return visits._replace(headings=np.where(np.isnan(visits.headings), onward, visits.headings))
