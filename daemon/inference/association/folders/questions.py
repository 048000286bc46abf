"""What is asked of a simulated world: whose passages are confirmed, which sightings are queried, and the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daemon.inference.association.folders.crowd import Crowd
from daemon.inference.association.folders.world import Question, WorldSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Candidates(NamedTuple):
    """Sightings of a crowd that may be queried, int64 (m,); the answers of one are those from `first` to `end`."""

    numbers: NDArray[np.int64]
    first: NDArray[np.int64]
    end: NDArray[np.int64]


def draw_confirmed(crowd: Crowd, share: float, drawn: np.random.Generator) -> NDArray[np.int64]:
    """Draw people, by number, whose passages are confirmed: a share of those that were seen twice at least."""
    counts = np.bincount(crowd.seen.persons, minlength=crowd.people)
    seen = np.flatnonzero(counts >= 2)
    return np.sort(drawn.permutation(seen)[: round(share * len(seen))])


def draw_questions(
    settings: WorldSettings,
    crowd: Crowd,
    confirmed: NDArray[np.int64],
    rows: NDArray[np.int64],
    drawn: np.random.Generator,
) -> tuple[Question, ...]:
    """Draw queries, one a person at most and none of a confirmed one. rows: int64 (n,), of the crowd's sightings.

    Fewer than the settings say where the world has no more people with enough later sightings.
    """
    candidates = _candidates(settings, crowd, confirmed)
    mixed = drawn.permutation(len(candidates.numbers))
    _, first = np.unique(crowd.seen.persons[candidates.numbers[mixed]], return_index=True)
    asked = mixed[np.sort(first)[: settings.queries]]
    return tuple(
        Question(f"q{n}", int(rows[number]), int(crowd.seen.came_from[number]), settings.horizon_s, rows[start:end])
        for n, (number, start, end) in enumerate(zip(*(column[asked].tolist() for column in candidates), strict=True))
    )


def _candidates(settings: WorldSettings, crowd: Crowd, confirmed: NDArray[np.int64]) -> Candidates:
    """Find first sightings of passages that enough others follow, of people who came from a camera, not confirmed."""
    passages = crowd.passages
    unlearnt = np.ones(crowd.people, dtype=bool)
    unlearnt[confirmed] = False
    first = np.append(True, np.diff(passages) != 0)[: len(passages)]
    end = _end(crowd, settings)
    others = passages[end - 1] - passages
    fit = first & (others >= settings.least_answers) & (crowd.seen.came_from >= 0) & unlearnt[crowd.seen.persons]
    numbers = np.flatnonzero(fit)
    return Candidates(numbers, np.searchsorted(passages, passages[numbers], side="right"), end[numbers])


def _end(crowd: Crowd, settings: WorldSettings) -> NDArray[np.int64]:
    """Return after which sighting of the crowd the horizon of each ends, or its person's trail."""
    span = settings.hours * 3_600 + settings.horizon_s + 1_000.0
    moments = crowd.seen.persons * span + crowd.seen.times
    return np.searchsorted(moments, moments + settings.horizon_s, side="right")
