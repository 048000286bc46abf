"""Exhaustive search, to compare with: every later detection of every camera against the query, by appearance alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np

from daemon.inference.association.search.found import Found
from daemon.inference.association.search.pair_likeness import PairLikeness
from daemon.inference.association.search.query import Query
from daemon.inference.association.search.windows import Template, joined
from daemon.ports.sightings import SightingsView

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Where no passages tell: of some thousand strangers an hour one may pass for the target.
UNTUNED: Final = 8.0


class Exhaustive:
    """Takes for the target all whose logarithm of the likelihood ratio reaches a threshold."""

    def __init__(self, view: SightingsView, likeness: PairLikeness, threshold: float = UNTUNED) -> None:
        self._view = view
        self._likeness = likeness
        self._threshold = threshold

    def find(self, query: Query) -> Found:
        """Compare all within the horizon after the query."""
        began = time.thread_time()
        rows, llr = self.weighed(query)
        taken = rows[llr >= self._threshold]
        return Found(tuple(taken.tolist()), len(rows), 1, time.thread_time() - began)

    def weighed(self, query: Query) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the rows (n,) of all detections within the horizon, oldest first, and how likely each is (n,)."""
        end = query.time_s + query.horizon_s
        cameras = range(len(self._view.cameras)) if query.cameras is None else sorted(query.cameras)
        windows = [self._view.window(camera, query.time_s, end) for camera in cameras]
        filled = [window for window in windows if len(window.rows)]
        if not filled:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        seen = joined(filled)
        llr = self._likeness.llr(Template.of(query), seen)
        order = np.argsort(seen.times, kind="stable")
        order = order[seen.rows[order] != query.row]
        return seen.rows[order], llr[order]
