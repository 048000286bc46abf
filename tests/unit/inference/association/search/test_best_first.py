"""The search: the same as brute force where it may not adapt, and what it does with everything that goes wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from daemon.errors import InvalidInput
from daemon.inference.association.folders.view import FolderView
from daemon.inference.association.search.best_first import BestFirst
from daemon.inference.association.search.query import NO_LIMITS, Limits
from daemon.ports.sightings import CarriedThing
from tests.unit.inference.association.search.brute_force import BruteForce
from tests.unit.inference.association.search.towns import START, Town, learnt, names, query_of, searched, view_of

TOWN = Town()
#: A walk round the square, past strangers.
WALK = [("a", 0.0, 1), ("b", 100.0, 1), ("c", 205.0, 1), ("d", 300.0, 1), ("e", 410.0, 1)]
CROWD = [("b", 95.0, 2), ("c", 190.0, 3), ("d", 310.0, 4), ("d", 120.0, 5), ("e", 380.0, 6), ("a", 450.0, 7)]

frozen = replace(NO_LIMITS, frozen_template=True, skip_depth=1)
sightings = some.lists(
    some.tuples(some.sampled_from(TOWN.names), some.integers(20, 900), some.integers(1, 3)), min_size=1, max_size=6,
    unique_by=lambda one: (one[0], one[1]),
)  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(sightings)
def test_the_likeliest_trajectory_and_all_posteriors_are_those_of_brute_force(
    seen: list[tuple[str, float, int]],
) -> None:
    view = view_of(TOWN, [("a", 0.0, 1), *seen], noise=1.0)
    site, query = learnt(TOWN, view), query_of(view, horizon_s=50_000.0)
    search = searched(site, view, query, frozen)
    brute = BruteForce(site, view, query, depth=1)
    expected = brute.marginals()
    lattice = search.lattices[0]
    detections = lattice.arena.detections[1 : lattice.arena.counts[0]]
    stated = dict(zip(detections["row"].tolist(), detections["marginal"].tolist(), strict=True))
    assert stated == pytest.approx(expected, rel=2e-3, abs=1e-5)
    assert search.likeliest() in brute.likeliest()


@settings(deadline=None, max_examples=15)
@given(sightings, some.lists(some.integers(1, 4), max_size=20))
def test_interruptions_change_nothing(seen: list[tuple[str, float, int]], pieces: list[int]) -> None:
    view = view_of(TOWN, [("a", 0.0, 1), *seen])
    site, query = learnt(TOWN, view), query_of(view)
    whole = searched(site, view, query).trajectory()
    search = BestFirst(site, view, query)
    for rounds in pieces:
        search.advance(rounds)
        search.trajectory()
    while search.advance(3):
        pass
    assert replace(search.trajectory(), cpu_s=0.0) == replace(whole, cpu_s=0.0)


def test_a_walker_is_followed_past_strangers_and_every_hop_says_why() -> None:
    view = view_of(TOWN, WALK + CROWD)
    search = searched(learnt(TOWN, view), view, query_of(view))
    assert names(search) == ["1", "2", "3", "4"]
    hops = search.trajectory().hops
    assert [hop.camera for hop in hops] == ["b", "c", "d", "e"]
    assert [hop.parent for hop in hops] == [-1, 0, 1, 2]
    assert [round(hop.seconds) for hop in hops] == [100, 105, 95, 110]
    assert all(hop.metres == 135.0 and hop.posterior > 0.5 and hop.body_llr > 0 and not hop.missed for hop in hops)
    assert hops[1].turn_deg == pytest.approx(90.0, abs=1.0)
    assert search.progress().ended == "explored"
    assert search.progress().compared <= len(WALK + CROWD) - 1


@pytest.mark.parametrize("batch", [2, 8])
def test_in_batches_the_same_is_found_in_fewer_rounds(batch: int) -> None:
    view = view_of(TOWN, WALK + CROWD)
    site = learnt(TOWN, view)
    alone, together = (searched(site, view, query_of(view), Limits(batch=size)) for size in (1, batch))
    assert names(together) == names(alone)
    assert together.progress().rounds < alone.progress().rounds


def test_a_camera_that_missed_the_target_is_passed_over_and_named() -> None:
    view = view_of(TOWN, [one for one in WALK if one[0] != "c"] + CROWD)
    hops = searched(learnt(TOWN, view), view, query_of(view)).trajectory().hops
    assert [hop.camera for hop in hops] == ["b", "d", "e"]
    assert hops[1].missed == ("c",)


def test_backwards_the_way_to_the_query_is_found_and_both_together_the_whole() -> None:
    view = view_of(TOWN, WALK + CROWD)
    site = learnt(TOWN, view)
    back = replace(query_of(view, "4"), forwards=False, backwards=True)
    assert names(searched(site, view, back)) == ["0", "1", "2", "3"]
    both = searched(site, view, replace(query_of(view, "2"), backwards=True))
    assert names(both) == ["0", "1", "3", "4"]
    assert [hop.time_s for hop in both.trajectory().hops] == [START + at for at in (0.0, 100.0, 300.0, 410.0)]


def test_only_the_cameras_of_the_case_are_searched() -> None:
    view = view_of(TOWN, WALK + CROWD)
    query = replace(query_of(view), cameras=frozenset({0, 1, 3}))
    search = searched(learnt(TOWN, view), view, query)
    assert {hop.camera for hop in search.trajectory().hops} <= {"a", "b", "d"}
    assert {"b", "d"} <= {hop.camera for hop in search.trajectory().hops}
    told = search.trajectory().tasks
    assert {task.camera for task in told if not task.reason} <= {"a", "b", "d"}
    assert {task.camera for task in told if task.reason == "camera not in the case"} >= {"c"}


def test_a_camera_that_is_removed_is_searched_no_more_and_what_was_seen_there_stays() -> None:
    view = view_of(TOWN, WALK[:4] + CROWD)
    search = BestFirst(learnt(TOWN, view), view, query_of(view))
    search.remove_camera(view.cameras.index("c"))
    while not search.found():
        assert search.advance(1)
    search.remove_camera(view.cameras.index("b"))
    while search.advance():
        pass
    cameras = [hop.camera for hop in search.trajectory().hops]
    assert cameras[0] == "b"
    assert "c" not in cameras
    assert any(task.reason == "camera removed" for task in search.trajectory().tasks)


def test_a_cancelled_search_says_so_and_keeps_what_it_found() -> None:
    view = view_of(TOWN, WALK + CROWD)
    search = BestFirst(learnt(TOWN, view), view, query_of(view))
    while not search.found():
        search.advance(1)
    found = search.found()
    search.cancel()
    assert not search.advance()
    assert (search.found(), search.progress().ended) == (found, "cancelled")
    assert any(task.reason == "cancelled" for task in search.trajectory().tasks)
    assert search.progress().unexplored > 0.01


@pytest.mark.parametrize(("limits", "why"), [(Limits(tasks=2), "tasks"), (Limits(compared=1), "compared"),
                                             (Limits(seconds=0.0), "seconds")])  # fmt: skip
def test_limits_end_a_search_and_are_named(limits: Limits, why: str) -> None:
    view = view_of(TOWN, WALK + CROWD)
    search = searched(learnt(TOWN, view), view, query_of(view), limits)
    assert search.progress().ended == why
    assert search.progress().tasks <= limits.tasks


def test_in_a_view_without_detections_nothing_is_found() -> None:
    view = FolderView.of_arrays(TOWN.names, np.zeros(0, np.int32), np.zeros(0), np.zeros((0, 64), np.float32))
    query = replace(query_of(view_of(TOWN, WALK)), row=None)
    search = searched(learnt(TOWN, view), view, query)
    assert (search.found(), search.progress().compared, search.trajectory().hops) == ([], 0, ())


@pytest.mark.parametrize("width", [2, 128, 512])
def test_vectors_of_any_width_will_do(width: int) -> None:
    town = Town(width=width)
    seen = [one for one in WALK if one[2] == 1]
    view = view_of(town, seen, noise=0.2)
    assert names(searched(learnt(town, view), view, query_of(view))) == ["1", "2", "3", "4"]


def test_clocks_that_are_off_are_corrected_by_what_is_stated() -> None:
    late = [(camera, at + 30.0 * (camera in "ce"), person) for camera, at, person in WALK]
    view = view_of(TOWN, late + CROWD)
    search = searched(learnt(TOWN, view, c=30.0, e=30.0), view, query_of(view))
    assert names(search) == ["1", "2", "3", "4"]
    assert [round(hop.seconds) for hop in search.trajectory().hops] == [100, 105, 95, 110]


def test_a_target_that_comes_back_to_a_camera_is_found_there_again_and_no_sighting_twice() -> None:
    view = view_of(TOWN, [("d", 0.0, 1), ("e", 100.0, 1), ("d", 205.0, 1), ("e", 300.0, 1)])
    assert names(searched(learnt(TOWN, view), view, query_of(view))) == ["1", "2", "3"]


@pytest.mark.parametrize("later", [10.0, 25.0, 90.0])
def test_who_is_seen_again_by_the_same_camera_alone_is_found_there(later: float) -> None:
    view = view_of(TOWN, [("a", 0.0, 1), ("b", 100.0, 1), ("b", 100.0 + later, 1), *CROWD])
    assert names(searched(learnt(TOWN, view), view, query_of(view))) == ["1", "2"]


def test_a_pause_is_waited_for() -> None:
    view = view_of(TOWN, [("a", 0.0, 1), ("b", 100.0, 1), ("c", 700.0, 1), *CROWD])
    assert names(searched(learnt(TOWN, view), view, query_of(view))) == ["1", "2"]


def test_pictures_without_vectors_match_nobody() -> None:
    view = view_of(TOWN, WALK + CROWD)
    blank = replace(query_of(view), body=np.zeros((0, 64), np.float32))
    assert all(hop.posterior < 0.999 for hop in searched(learnt(TOWN, view), view, blank).trajectory().hops)


def test_what_a_target_carries_leads_to_where_it_was_read() -> None:
    badge = CarriedThing(kind="badge", value="17")
    seen = [one for one in WALK if one[0] != "c"]
    plain = view_of(TOWN, seen)
    view = FolderView.of_arrays(
        TOWN.names, np.array([0, 1, 3, 4]), np.array([START + at for _, at, _ in seen]),
        np.array([TOWN.look(1, seed=place) for place in range(4)]), ids=["0", "1", "2", "3"],
        carried={badge: [(2, START + 205.0)]},
    )  # fmt: skip
    query = replace(query_of(plain), carried=(badge,))
    search = searched(learnt(TOWN, view), view, query)
    assert names(search) == ["1", "2", "3"]
    assert [(hop.camera, hop.carried) for hop in search.trajectory().hops if hop.carried] == [("c", "badge 17")]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"camera": 9}, "camera"), ({"came_from": 9}, "came_from"), ({"time_s": float("nan")}, "time_s"),
        ({"horizon_s": 0.0}, "horizon_s"), ({"forwards": False}, "forwards"),
        ({"body": np.ones((1, 32), np.float32)}, "body"), ({"body": np.ones(64, np.float32)}, "body"),
        ({"body": np.full((1, 64), np.inf, np.float32)}, "body"),
    ],
)  # fmt: skip
def test_a_query_that_does_not_fit_is_refused_by_name(change: dict[str, Any], path: str) -> None:
    view = view_of(TOWN, WALK)
    with pytest.raises(InvalidInput, match=path) as refused:
        BestFirst(learnt(TOWN, view), view, replace(query_of(view), **change))
    assert [fault[0] for fault in refused.value.faults] == [path]


def test_a_site_that_was_learnt_of_other_cameras_is_refused() -> None:
    view = view_of(TOWN, WALK)
    other = Town(names=("e", "d", "c", "b", "a"))
    with pytest.raises(InvalidInput, match="learn the site again"):
        BestFirst(learnt(other, view_of(other, WALK)), view, query_of(view))
