"""Thresholds of the searches that others are compared with: those that find confirmed passages best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from daemon.inference.association.folders.view import FolderView
from daemon.inference.association.search.correlations import Correlations
from daemon.inference.association.search.exhaustive import UNTUNED as EXHAUSTIVE_UNTUNED
from daemon.inference.association.search.exhaustive import Exhaustive
from daemon.inference.association.search.greedy import Greedy
from daemon.inference.association.search.pair_likeness import PairLikeness
from daemon.inference.association.search.query import Query

#: So many passages are searched for, and so many thresholds tried.
_EXAMPLES: Final = 100
_FEWEST: Final = 5
_GREEDY: Final = tuple(np.arange(0.0, 8.5, 0.5).tolist())


class Example(NamedTuple):
    """A passage as a query with its answer."""

    query: Query
    rows: frozenset[int]


def examples(view: FolderView, passages: Sequence[Sequence[int]], horizon_s: float, seed: int = 0) -> list[Example]:
    """Return some passages, evenly drawn, each from a sighting within its first half on."""
    draw = np.random.default_rng(seed)
    long_enough = [passage for passage in passages if len(passage) > 1]
    chosen = draw.permutation(len(long_enough))[:_EXAMPLES]
    return [_example(view, long_enough[place], horizon_s, draw) for place in chosen.tolist()]


def _example(view: FolderView, passage: Sequence[int], horizon_s: float, draw: np.random.Generator) -> Example:
    start = int(draw.integers(0, (len(passage) + 1) // 2))
    query = view.query(passage[start], horizon_s)
    times = view.columns.times
    later = (row for row in passage[start + 1 :] if times[row] < query.time_s + horizon_s)
    return Example(query, frozenset(later) - {passage[start]})


def tuned_exhaustive(view: FolderView, likeness: PairLikeness, given: Sequence[Example]) -> Exhaustive:
    """Return an exhaustive search with the threshold of the best F1 on examples."""
    if len(given) < _FEWEST:
        return Exhaustive(view, likeness)
    search = Exhaustive(view, likeness)
    scores, labels = [], []
    for example in given:
        rows, llr = search.weighed(example.query)
        likely = llr > 0
        scores.append(llr[likely])
        labels.append(np.isin(rows[likely], list(example.rows)))
    score, label = np.concatenate(scores), np.concatenate(labels)
    order = np.argsort(-score)
    right = np.cumsum(label[order])
    f1 = 2 * right / (np.arange(1, len(order) + 1) + sum(len(example.rows) for example in given))
    best = float(score[order[int(np.argmax(f1))]]) if len(order) else EXHAUSTIVE_UNTUNED
    return Exhaustive(view, likeness, best)


def tuned_greedy(
    view: FolderView, likeness: PairLikeness, correlations: Correlations, given: Sequence[Example]
) -> Greedy:
    """Return a greedy search with the threshold of the best F1 on examples."""
    if len(given) < _FEWEST:
        return Greedy(view, likeness, correlations)

    def f1(threshold: float) -> float:
        search = Greedy(view, likeness, correlations, threshold)
        found = [(frozenset(search.find(example.query).rows), example.rows) for example in given]
        right = sum(len(rows & true) for rows, true in found)
        return 2 * right / max(1, sum(len(rows) + len(true) for rows, true in found))

    return Greedy(view, likeness, correlations, max(_GREEDY, key=f1))
