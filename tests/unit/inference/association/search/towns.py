"""A town of a few cameras, what was learnt of it from walkers that are told, and what they looked like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.inference.association.folders.view import FolderView
from daemon.inference.association.network.learning import learn
from daemon.inference.association.network.site_model import SiteModel
from daemon.inference.association.search.best_first import BestFirst
from daemon.inference.association.search.query import Limits, Query
from daemon.ports.sightings import Camera, Way

START = 1_772_323_200.0


@dataclass(frozen=True)
class Town:
    """Cameras on a square with a tail: a-b, b-c, c-d, d-a, d-e; 135 m apart, 100 s of a usual walk."""

    width: int = 64
    names: tuple[str, ...] = ("a", "b", "c", "d", "e")
    pairs: tuple[tuple[str, str], ...] = (("a", "b"), ("b", "c"), ("c", "d"), ("d", "a"), ("d", "e"))

    def cameras(self, **clocks: float) -> list[Camera]:
        places = {"a": (0, 0), "b": (0, 1), "c": (1, 1), "d": (1, 0), "e": (2, 0)}
        return [
            Camera(
                id=name, longitude=places[name][0] * 1.2e-3, latitude=places[name][1] * 1.2e-3,
                clock_offset_s=clocks.get(name, 0.0),
            )
            for name in self.names
        ]  # fmt: skip

    def ways(self) -> list[Way]:
        both = [*self.pairs, *(pair[::-1] for pair in self.pairs)]
        return [Way(origin=one, target=other, metres=135.0) for one, other in both]

    def person(self, number: int) -> NDArray[np.float32]:
        vector = np.random.default_rng(number).standard_normal(self.width)
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def look(self, number: int, noise: float = 0.5, seed: int = 0) -> NDArray[np.float32]:
        """One picture of a person."""
        other = np.random.default_rng(1_000 * number + seed + 1).standard_normal(self.width)
        vector = self.person(number) + noise * other / np.linalg.norm(other)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


def view_of(town: Town, seen: Sequence[tuple[str, float, int]], noise: float = 0.5, **more: Any) -> FolderView:
    """Return a view of (camera, seconds after START, person); ids are "0", "1" ... in the order given."""
    vectors = [town.look(person, noise, place) for place, (_, _, person) in enumerate(seen)]
    return FolderView.of_arrays(
        town.names, np.array([town.names.index(camera) for camera, _, _ in seen], dtype=np.int32),
        np.array([START + at for _, at, _ in seen]), np.array(vectors, np.float32).reshape(-1, town.width),
        ids=[str(place) for place in range(len(seen))], **more,
    )  # fmt: skip


def learnt(town: Town, view: FolderView, passages: Sequence[Sequence[str]] = (), **clocks: float) -> SiteModel:
    return learn(town.cameras(**clocks), town.ways(), view, passages, calibrate=False)


def query_of(view: FolderView, detection: str = "0", horizon_s: float = 3_600.0) -> Query:
    return view.query(view.row_of(detection), horizon_s, None)


def searched(site: SiteModel, view: FolderView, query: Query, limits: Limits = Limits()) -> BestFirst:  # noqa: B008
    search = BestFirst(site, view, query, limits)
    while search.advance():
        pass
    return search


def names(search: BestFirst) -> list[str]:
    return [search.view.id_of(row) for row in search.found()]
