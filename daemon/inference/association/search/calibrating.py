"""What a posterior is worth at a site: searches for targets whose passages are known, and how often they were right."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from daemon.inference.association.network.passages import Passages
from daemon.inference.association.network.site_model import Calibration, SiteModel
from daemon.inference.association.search import arena as memory
from daemon.inference.association.search.best_first import BestFirst
from daemon.inference.association.search.query import Query
from daemon.ports.sightings import SightingsView

_SEARCHES, _SECONDS = 300, 20.0
_HORIZON_S = 3_600.0
#: A target is searched for that was seen at least so often afterwards.
_LATER = 4
#: Bounds of what is stated; a sighting that is stated to be less likely is told of nowhere.
_BOUNDS = (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.995, 0.9999, 1.1)
#: Sightings that what is stated is worth in each of these spans, against those that were tried.
_WORTH = 5.0
#: The stated mass that was not explored is corrected by no more than this, either way.
_MOST = 4.0


def calibrated(site: SiteModel, view: SightingsView, known: Passages) -> Calibration:
    """Search for some of the targets that are known, each from early in its passage."""
    stated: list[float] = []
    right: list[bool] = []
    unexplored = missed = sought = searches = 0.0
    started = time.thread_time()
    for query, answers in _queries(known):
        if searches >= _SEARCHES or time.thread_time() - started > _SECONDS:
            break
        search = BestFirst(site, view, query)
        while search.advance(1_000):
            pass
        all_seen = search.lattices[0].arena.detections[: search.lattices[0].arena.counts[memory.DETECTIONS]]
        theirs = {int(one["passage"]) for one in all_seen if one["row"] in answers}
        seen = all_seen[1:]
        seen = seen[(seen["marginal"] > _BOUNDS[0]) & (seen["row"] >= 0)]
        stated += seen["marginal"].tolist()
        right += [passage in theirs for passage in seen["passage"].tolist()]
        unexplored += search.unexplored()
        missed += len(answers.difference(search.found())) / len(answers)
        searches += 1
        sought += len(answers)
    if not searches:
        return site.calibration
    trust = searches / (searches + 30.0)
    factor = np.clip((missed + 0.5) / (unexplored + 0.5), 1 / _MOST, _MOST) ** trust
    return Calibration(hops=_curve(np.array(stated), np.array(right)), unexplored=float(factor))


def _curve(stated: NDArray[np.float64], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share that was right in each span of what was stated, shrunk to that, made to rise; points for interpolation."""
    points = [(0.0, 0.0)]
    for low, high in pairwise(_BOUNDS):
        inside = (stated >= low) & (stated < high)
        middle = float(stated[inside].mean()) if inside.any() else 0.5 * (low + min(high, 1.0))
        share = (float(right[inside].sum()) + _WORTH * middle) / (float(inside.sum()) + _WORTH)
        points.append((middle, max(share, points[-1][1])))
    return np.array([*points, (1.0, points[-1][1])])


def _queries(known: Passages) -> list[tuple[Query, set[int]]]:
    """Return queries with their answers, one of each target, drawn at random but the same each time."""
    rng = np.random.default_rng(7)
    starts = np.flatnonzero(np.diff(known.target, prepend=-1))
    ends = np.append(starts[1:], known.size)
    long = np.flatnonzero(ends - starts > _LATER)
    found: list[tuple[Query, set[int]]] = []
    for place in rng.permutation(long)[: 2 * _SEARCHES].tolist():
        first, end = int(starts[place]), int(ends[place])
        at = first + int(rng.integers(max(1, min(3, end - first - _LATER))))
        later = np.flatnonzero(known.times[at + 1 : end] <= known.times[at] + _HORIZON_S) + at + 1
        if len(later) >= _LATER:
            found.append((_query(known, at, first), set(known.rows[later].tolist())))
    return found


def _query(known: Passages, at: int, first: int) -> Query:
    face = known.face_rows[at]
    return Query(
        camera=int(known.cameras[at]),
        time_s=float(known.times[at]),
        body=known.body[at : at + 1] if known.body[at].any() else known.body[:0],
        face=known.face[face : face + 1] if face >= 0 else known.face[:0],
        horizon_s=_HORIZON_S,
        row=int(known.rows[at]),
        came_from=int(known.cameras[at - 1]) if at > first else None,
        direction_deg=None if np.isnan(known.direction_deg[at]) else float(known.direction_deg[at]),
        quality=None if np.isnan(known.quality[at]) else float(known.quality[at]),
    )
