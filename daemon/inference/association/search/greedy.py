"""Greedy search of a learnt topology, to compare with: from the sighting in hand to the best of the next ones.

As ReXCam does (Jain et al., arXiv 1811.01268, sections 5 and 6): only cameras where enough people go next are looked
at, and only while they usually arrive; a target that is lost is looked for once more in what was passed over.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np

from daemon.inference.association.search.correlations import Correlations
from daemon.inference.association.search.found import Found
from daemon.inference.association.search.pair_likeness import PairLikeness
from daemon.inference.association.search.query import Query
from daemon.inference.association.search.windows import Template, joined
from daemon.ports.sightings import SightingsView, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Where no passages tell.
UNTUNED: Final = 4.0
#: Of those who leave a camera, so many must go to another for it to be looked at: at first, and in a replay.
SHARE: Final = 0.05
REPLAYED_SHARE: Final = 0.005
_LONGEST: Final = 1_000
#: The end of a span belongs to it.
_CLOSED_S: Final = 1e-3


class Greedy:
    """Goes on from sighting to sighting while one reaches a threshold, the logarithm of a likelihood ratio."""

    def __init__(
        self, view: SightingsView, likeness: PairLikeness, correlations: Correlations, threshold: float = UNTUNED
    ) -> None:
        self._view = view
        self._likeness = likeness
        self._correlations = correlations
        self._threshold = threshold

    def find(self, query: Query) -> Found:
        """Follow the target until it is lost, also in the replay, or the horizon ends."""
        began = time.thread_time()
        trail = _Trail(query)
        while len(trail.rows) < _LONGEST:
            following = self._correlations.from_camera(trail.camera)
            common = [(one.camera, one.near) for one in following if one.share >= SHARE]
            replayed = [(one.camera, one.far) for one in following if one.share >= REPLAYED_SHARE]
            if not self._step(trail, common) and not self._step(trail, replayed):
                break
        return Found(tuple(trail.rows), trail.compared, trail.rounds, time.thread_time() - began)

    def _step(self, trail: _Trail, spans: Iterable[tuple[int, tuple[float, float]]]) -> bool:
        """Compare what cameras saw in spans of time; take the best if it reaches the threshold."""
        trail.rounds += 1
        windows = [
            (camera, window)
            for camera, span in spans
            if trail.may_look_at(camera) and len((window := trail.window(self._view, camera, span)).rows)
        ]
        if not windows:
            return False
        seen = joined([window for _, window in windows])
        llr = self._likeness.llr(trail.template, seen)
        llr[trail.compare(seen.rows)] = -np.inf
        best = int(llr.argmax())
        if llr[best] < self._threshold:
            return False
        ends = np.cumsum([len(window.rows) for _, window in windows])
        trail.go_on(windows[int(np.searchsorted(ends, best, side="right"))][0], seen, best)
        return True


class _Trail:
    """How far a search has come."""

    def __init__(self, query: Query) -> None:
        self.camera = query.camera
        self.template = Template.of(query)
        self.rows: list[int] = []
        self.compared = 0
        self.rounds = 0
        self._cameras = query.cameras
        self._time_s = query.time_s
        self._end_s = query.time_s + query.horizon_s
        self._visited = {query.row}
        self._weighed: set[int] = set()

    def may_look_at(self, camera: int) -> bool:
        return self._cameras is None or camera in self._cameras

    def window(self, view: SightingsView, camera: int, span: tuple[float, float]) -> Window:
        low, high = span
        return view.window(camera, self._time_s + low, min(self._time_s + high + _CLOSED_S, self._end_s))

    def compare(self, rows: NDArray[np.int64]) -> list[int]:
        """Count those that were not compared since the last sighting; return the places of those passed already."""
        given = rows.tolist()
        fresh = set(given) - self._weighed - self._visited
        self.compared += len(fresh)
        self._weighed |= fresh
        return [place for place, row in enumerate(given) if row in self._visited]

    def go_on(self, camera: int, seen: Window, place: int) -> None:
        row, face_row = int(seen.rows[place]), int(seen.face_rows[place])
        self.camera, self._time_s = camera, float(seen.times[place])
        self.rows.append(row)
        self._visited.add(row)
        self._weighed.clear()
        face = seen.faces[face_row].astype(np.float32) if face_row >= 0 else None
        self.template = self.template.grown(seen.body[place].astype(np.float32), face)
