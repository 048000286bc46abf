"""People of MovieLens, what of their ratings is put aside, and how well a model finds it again.

Of every person a fifth of the ratings, drawn by SEED, is put aside, and films liked among them, 4 of 5 or more, are to
be found among all films that the person has not rated before. People are drawn into two halves: settings are chosen by
the figures of one half and measured on the other, which they were never chosen by, and the other way round, so that
everybody is measured. A split at one point in time is no use here: hardly twenty people rated films on both sides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from daemon.inference.chat.films.content import Content
from daemon.inference.chat.films.importing import read_films
from daemon.inference.chat.films.library import Library
from daemon.inference.chat.films.shelf import Shelf
from daemon.ports.films import Feedback, Film, Verdict

SEED: Final = 2026
DATA: Final = Path(__file__).parents[2] / ".." / "shared" / "data" / "chat" / "movies" / "movielens-small"
TOP: Final = 10
RESAMPLES: Final = 2_000
_FEWEST: Final = 10
_SHARE: Final = 5

Histories: TypeAlias = Mapping[str, Mapping[str, Feedback]]
#: Takes a person's name; returns the scores of all films.
Scorer: TypeAlias = Callable[[str], Any]


class World(NamedTuple):
    """The films, and what does not depend on who likes what."""

    library: Library
    content: Content


class Split(NamedTuple):
    """What is known of people, rows of films that they like beside it, and the two halves of those people."""

    histories: Histories
    targets: Mapping[str, set[int]]
    halves: tuple[Sequence[str], Sequence[str]]


class Figures(NamedTuple):
    """Recall and NDCG at TOP by person."""

    recall: Mapping[str, float]
    ndcg: Mapping[str, float]


def loaded() -> tuple[World, Histories]:
    """Return the films and the histories of people with enough ratings. Raises OSError without the data."""
    if not DATA.is_dir():
        raise FileNotFoundError(f"no MovieLens in {DATA}")
    films: list[Film] = []
    histories: defaultdict[str, dict[str, Feedback]] = defaultdict(dict)
    for batch in read_films(DATA):
        films += batch.films
        for said in batch.feedback:
            histories[said.person][said.film] = said
    library = Library(Shelf.of(films))
    enough = {person: said for person, said in sorted(histories.items()) if len(said) >= _FEWEST}
    return World(library, Content.fitted(library.films, library.people)), enough


def split(histories: Histories, library: Library, seed: int = SEED) -> Split:
    """Put a fifth of everybody's ratings aside."""
    before, targets = {}, {}
    for person, said in histories.items():
        aside = set(Random(f"{seed} {person}").sample(sorted(said), max(1, len(said) // _SHARE)))
        before[person] = {film: one for film, one in said.items() if film not in aside}
        liked = library.rows(film for film in aside if said[film].verdict is Verdict.LIKED)
        if liked:
            targets[person] = liked
    drawn = sorted(targets)
    Random(seed).shuffle(drawn)
    half = len(drawn) // 2
    return Split(before, targets, (sorted(drawn[:half]), sorted(drawn[half:])))


def measured(scorer: Scorer, parts: Split, library: Library) -> Figures:
    """Rank for each person the films that the person has not rated before."""
    gains = 1 / np.log2(np.arange(2, TOP + 2))
    recall, ndcg = {}, {}
    for person, wanted in parts.targets.items():
        hits = np.array([row in wanted for row in ranked(scorer(person), parts, person, library, TOP)])
        recall[person] = float(hits.sum() / min(TOP, len(wanted)))
        ndcg[person] = float(gains[: hits.size] @ hits / gains[: len(wanted)].sum())
    return Figures(recall, ndcg)


def ranked(scores: Any, parts: Split, person: str, library: Library, count: int) -> list[int]:
    """Return the rows of the best films that a person has not rated before."""
    left = np.array(scores, dtype=np.float64)
    left[sorted(library.rows(parts.histories[person]))] = -np.inf
    return [int(row) for row in np.lexsort((np.arange(left.size), -left))[:count]]


def bounds(differences: Any) -> tuple[float, float]:
    """Return the 95 % interval of a mean by a bootstrap over people, paired by what each differs (Koehn 2004)."""
    values = np.asarray(differences, dtype=np.float64)
    drawn = np.random.default_rng(SEED).integers(0, values.size, (RESAMPLES, values.size))
    low, high = np.percentile(values[drawn].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)


def everybody(histories: Histories) -> list[Feedback]:
    """Return all that anybody said."""
    return [one for said in histories.values() for one in said.values()]
