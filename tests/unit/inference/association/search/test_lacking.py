"""What a search does with a network that lacks ways, with passages that are cut short, and with copies of sightings."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from daemon.inference.association.folders.view import FolderView
from daemon.inference.association.network.learning import learn
from daemon.inference.association.network.site_model import SiteModel
from daemon.inference.association.search.best_first import BestFirst
from daemon.ports.sightings import Camera, Way
from tests.unit.inference.association.search.towns import START, Town, learnt, names, query_of, searched, view_of

TOWN = Town()
#: A walk round the square and out of it.
WALK = [("a", 0.0, 1), ("b", 100.0, 1), ("c", 205.0, 1), ("d", 300.0, 1), ("e", 410.0, 1)]
CROWD = [("b", 95.0, 2), ("c", 190.0, 3), ("d", 310.0, 4), ("d", 120.0, 5), ("e", 380.0, 6), ("a", 450.0, 7)]


@dataclass(frozen=True)
class Lacking(Town):
    """The town without the ways from and to some cameras. stretched: how many times as far apart they are."""

    without: str = "abcde"
    stretched: float = 1.0

    def ways(self) -> list[Way]:
        return [way for way in super().ways() if not {way.origin, way.target} & set(self.without)]

    def cameras(self, **clocks: float) -> list[Camera]:
        return [
            Camera(id=one.id, longitude=one.longitude * self.stretched, latitude=one.latitude * self.stretched)
            for one in super().cameras(**clocks)
        ]


def _search(town: Town) -> BestFirst:
    view = view_of(town, [*WALK, *CROWD])
    return searched(learnt(town, view), view, query_of(view))


@pytest.mark.parametrize("without", ["abcde", "a", "d"])
def test_ways_that_nobody_named_are_assumed_between_neighbours(without: str) -> None:
    assert names(_search(Lacking(without=without))) == ["1", "2", "3", "4"]


def test_where_no_way_can_be_assumed_nearly_all_is_said_to_be_unexplored() -> None:
    search = _search(Lacking(stretched=1_000.0))
    assert (search.compared, names(search)) == (0, [])
    assert search.unexplored() > 0.85


def test_an_end_of_the_ways_is_no_end_of_the_target() -> None:
    town = Lacking(without="")
    view = view_of(town, [*WALK, *CROWD])
    one_way = [Way(origin=origin, target=target, metres=135.0) for origin, target in pairwise("abc")]
    search = searched(learn(town.cameras()[:3], one_way, view, [], calibrate=False), view, query_of(view))
    assert names(search) == ["1", "2"]
    assert search.unexplored() > 0.5


def test_parts_of_a_network_are_joined_where_they_are_nearest() -> None:
    town = Lacking(without="")
    view = view_of(town, [*WALK, *CROWD])
    ways = [way for way in town.ways() if {way.origin, way.target} != {"d", "e"}]
    ways += [Way(origin="e", target="f", metres=50.0), Way(origin="f", target="e", metres=50.0)]
    cameras = [*town.cameras(), Camera(id="f", longitude=2.4e-3, latitude=-4e-4)]
    search = searched(learn(cameras, ways, view, [], calibrate=False), view, query_of(view))
    assert names(search) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("length", [1, 2])
def test_passages_that_are_cut_short_do_not_teach_that_everybody_leaves(length: int) -> None:
    people = [(camera, at + 3_600.0 * person, person) for person in range(2, 30) for camera, at, _ in WALK]
    view = view_of(TOWN, [*WALK, *people])
    cut = [[str(k) for k in range(first, first + length)] for first in range(5, 5 + len(people), 5)]
    site = learnt(TOWN, view, cut)
    assert float(site.forwards.turns.leaving.max()) < 0.25
    assert names(searched(site, view, query_of(view))) == ["1", "2", "3", "4"]


def _crowded(copies: float) -> tuple[FolderView, list[list[str]]]:
    """Walkers one after another, each sighting with another picture so many seconds later; the passages of the first.

    The copies are the second half of the detections.
    """
    seen = [(camera, at + 700.0 * person, person) for person in range(1, 40) for camera, at, _ in WALK]
    again = [(camera, at + copies, person) for camera, at, person in seen]
    vectors = [TOWN.look(person, 0.4, place) for place, (_, _, person) in enumerate(seen)]
    nearly = [
        vector + 0.2 * bool(copies) * TOWN.look(person, 0.4, len(seen) + place)
        for place, (vector, (_, _, person)) in enumerate(zip(vectors, again, strict=True))
    ]
    every = [*seen, *again]
    view = FolderView.of_arrays(
        TOWN.names, np.array([TOWN.names.index(camera) for camera, _, _ in every], dtype=np.int32),
        np.array([START + at for _, at, _ in every]), np.array([*vectors, *nearly], np.float32),
        ids=[str(place) for place in range(len(every))],
    )  # fmt: skip
    return view, [[str(k) for k in range(first, first + 5)] for first in range(0, len(seen), 5)]


@pytest.mark.parametrize("seconds", [0.0, 3.0])
def test_copies_and_pictures_of_one_passage_are_found_together(seconds: float) -> None:
    view, passages = _crowded(seconds)
    site = learnt(TOWN, view, passages[5:])
    search = searched(site, view, query_of(view, horizon_s=600.0))
    count = 5 * 39
    expected = {str(k + more) for k in range(1, 5) for more in (0, count)}
    assert site.repeats > 0.3
    assert set(names(search)) - {str(count)} == expected
    trajectory = search.trajectory()
    assert {hop.detection for hop in trajectory.hops} == set(names(search))
    assert all(hop.seconds >= 0.0 for hop in trajectory.hops)


def test_repeats_in_passages_teach_nothing_of_staying() -> None:
    view, passages = _crowded(3.0)
    twice = [[name for k in passage for name in (k, str(int(k) + 5 * 39))] for passage in passages]
    once, again = learnt(TOWN, view, passages), learnt(TOWN, view, twice)
    assert again.forwards.turns.turn == pytest.approx(once.forwards.turns.turn)


def test_strangers_of_one_moment_are_no_repeats() -> None:
    people = [(camera, at + 700.0 * (person // 2), person) for person in range(2, 80) for camera, at, _ in WALK]
    view = view_of(TOWN, [*WALK, *people])
    assert learnt(TOWN, view).repeats == 0.0


def test_a_site_that_was_learnt_before_repeats_were_is_read() -> None:
    view = view_of(TOWN, WALK)
    content = learnt(TOWN, view).to_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    plain = json.loads(arrays.pop("plain.json").tobytes())
    del plain["repeats"]
    older = io.BytesIO()
    arrays["plain.json"] = np.frombuffer(json.dumps(plain).encode(), np.uint8)
    np.savez(older, allow_pickle=False, **arrays)
    assert SiteModel.from_bytes(older.getvalue()).repeats == 0.0
