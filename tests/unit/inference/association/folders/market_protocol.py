"""The protocol of Market-1501 (Zheng et al., ICCV 2015) on simulated vectors.

750 people at 6 cameras, a query for each person at each of its cameras (3,368 in all), a gallery of 19,732 pictures of
which 6,600 are of nobody who is asked for. Pictures of the person at the query's own camera do not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daemon.inference.association.folders.appearance import Appearance, AppearanceSettings, Pictures, draw_scales
from daemon.inference.association.folders.chance import Stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

PEOPLE, CAMERAS, QUERIES, GALLERY, DISTRACTORS = 750, 6, 3_368, 19_732, 6_600


class Retrieval(NamedTuple):
    """Shares of queries: rank1, whose nearest picture is right; mean_ap, mean of the average precision."""

    rank1: float
    mean_ap: float


def retrieve(settings: AppearanceSettings, seed: int, queries: int = QUERIES) -> Retrieval:
    """Ask for some of the queries in the whole gallery."""
    drawn = np.random.default_rng(seed)
    asked = _appearances(drawn)
    shown = asked[np.append(np.arange(QUERIES), drawn.integers(QUERIES, size=GALLERY - DISTRACTORS - QUERIES))]
    others = np.column_stack((np.arange(PEOPLE, PEOPLE + DISTRACTORS), drawn.integers(CAMERAS, size=DISTRACTORS)))
    whom, where = np.concatenate((asked, shown, others)).astype(np.int32).T.copy()
    appearance = Appearance(settings, PEOPLE + DISTRACTORS, CAMERAS, seed, Stream.BODY)
    vectors = appearance.vectors(Pictures(whom, where, draw_scales(settings, len(whom), drawn))).astype(np.float32)
    places = drawn.permutation(QUERIES)[:queries]
    similar = vectors[places] @ vectors[QUERIES:].T
    ours = whom[places, None] == whom[QUERIES:]
    similar[ours & (where[places, None] == where[QUERIES:])] = -np.inf
    # what was put behind all others counts no longer as right
    right = np.take_along_axis(ours & np.isfinite(similar), np.argsort(-similar, axis=1), axis=1)
    return Retrieval(float(right[:, 0].mean()), float(np.mean([_average_precision(row) for row in right])))


def _appearances(drawn: np.random.Generator) -> NDArray[np.int64]:
    """Draw which person is at which camera (queries, 2), each at two cameras at least."""
    cameras = drawn.permuted(np.tile(np.arange(CAMERAS), (PEOPLE, 1)), axis=1)
    pairs = np.stack((np.broadcast_to(np.arange(PEOPLE)[:, None], cameras.shape), cameras), axis=-1)
    more = pairs[:, 2:].reshape(-1, 2)
    chosen = drawn.permutation(len(more))[: QUERIES - 2 * PEOPLE]
    return np.concatenate((pairs[:, :2].reshape(-1, 2), more[chosen]))


def _average_precision(right: NDArray[np.bool]) -> float:
    ranks = np.flatnonzero(right) + 1
    return float(np.mean(np.arange(1, len(ranks) + 1) / ranks))
