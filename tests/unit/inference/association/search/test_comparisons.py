"""The two searches that best-first is compared with, on cases made by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from daemon.inference.association.folders.view import FolderView
from daemon.inference.association.search.correlations import learn_correlations
from daemon.inference.association.search.exhaustive import Exhaustive
from daemon.inference.association.search.found import Found
from daemon.inference.association.search.greedy import Greedy
from daemon.inference.association.search.pair_likeness import learn_likeness
from daemon.inference.association.search.tuning import examples, tuned_exhaustive, tuned_greedy
from tests.unit.inference.association.search.small_city import CAMERAS, PLAIN, city, ways

WALK = [("a", 1000.0, 0), ("b", 1100.0, 0), ("c", 1200.0, 0), ("d", 1300.0, 0)]
STRANGERS = [("b", 1099.0, 1), ("c", 1205.0, 2), ("e", 1050.0, 3), ("a", 1110.0, 4)]


def names(view: FolderView, found: Found) -> list[str]:
    return [view.id_of(row) for row in found.rows]


def greedy(view: FolderView, threshold: float = 1.0) -> Greedy:
    return Greedy(view, PLAIN, learn_correlations(view, ways(), []), threshold)


def test_exhaustive_search_compares_all_within_the_horizon_and_takes_those_alike() -> None:
    view = city([*WALK, *STRANGERS, ("a", 900.0, 0), ("e", 4600.0, 0), ("e", 4599.0, 1)])
    found = Exhaustive(view, PLAIN, 1.0).find(view.query(view.row_of("a1000"), 3_600.0))
    assert names(view, found) == ["b1100", "c1200", "d1300"]
    assert found.compared == 8  # not itself, what was before it, nor what is at the horizon
    assert found.rounds == 1


def test_exhaustive_search_keeps_to_the_cameras_it_may_search() -> None:
    view = city([*WALK, *STRANGERS])
    query = dataclasses.replace(view.query(view.row_of("a1000"), 3_600.0), cameras=frozenset({2}))
    found = Exhaustive(view, PLAIN, 1.0).find(query)
    assert names(view, found) == ["c1200"]
    assert found.compared == 2


def test_exhaustive_search_of_an_empty_hour_finds_nothing() -> None:
    view = city([("a", 1.0, 0)])
    assert Exhaustive(view, PLAIN).find(view.query(0, 60.0))[:3] == ((), 0, 1)


def test_greedy_search_looks_where_people_go_next_and_while_they_arrive() -> None:
    elsewhere = [("abcde"[n % 5], 2000.0 + n, 5) for n in range(100)]
    view = city([*WALK, *STRANGERS, *elsewhere])
    found = greedy(view).find(view.query(view.row_of("a1000"), 3_600.0))
    assert names(view, found) == ["b1100", "c1200", "d1300"]
    assert 10 * found.compared < Exhaustive(view, PLAIN).find(view.query(view.row_of("a1000"), 3_600.0)).compared


def test_greedy_search_takes_the_best_of_those_that_reach_the_threshold() -> None:
    body = np.array([[1, 0], [0.8, 0.6], [0.99, 0.14], [0, 1]], float)
    view = FolderView.of_arrays(CAMERAS, np.array([0, 1, 1, 1]), np.array([0.0, 90, 100, 110]), body)
    assert greedy(view).find(view.query(0, 150.0)).rows == (2,)
    assert greedy(view, threshold=9.9).find(view.query(0, 150.0)).rows == ()


def test_greedy_search_that_lost_its_target_replays_what_it_passed_over() -> None:
    missed = [sighting for sighting in WALK if sighting[0] != "b"]
    view = city([*missed, *STRANGERS])
    found = greedy(view).find(view.query(view.row_of("a1000"), 3_600.0))
    assert names(view, found) == ["c1200", "d1300"]


def test_greedy_search_counts_no_detection_twice_from_one_sighting() -> None:
    view = city([("a", 1000.0, 0), ("b", 1100.0, 1)])
    found = greedy(view).find(view.query(view.row_of("a1000"), 3_600.0))
    assert (found.rows, found.compared, found.rounds) == ((), 1, 2)


def test_greedy_search_ends_with_the_horizon() -> None:
    view = city(WALK)
    found = greedy(view).find(view.query(view.row_of("a1000"), 200.0))
    assert names(view, found) == ["b1100"]


def test_greedy_search_keeps_to_the_cameras_it_may_search() -> None:
    view = city(WALK)
    query = dataclasses.replace(view.query(view.row_of("a1000"), 3_600.0), cameras=frozenset({1, 3}))
    assert names(view, greedy(view).find(query)) == ["b1100", "d1300"]


def test_greedy_search_comes_to_an_end_where_a_target_goes_to_and_fro() -> None:
    view = city([("ab"[turn % 2], 1000.0 + 100 * turn, 0) for turn in range(30)])
    found = greedy(view).find(view.query(view.row_of("a1000"), 100_000.0))
    assert len(found.rows) == len(set(found.rows)) == 29


def test_confirmed_passages_tell_where_people_go_and_how_long_they_take() -> None:
    walks = [[("a", 1000.0 * n, 0), ("b", 1000.0 * n + 300 + n % 7, 0)] for n in range(100)]
    turns = [[("b", 1000.0 * n + 500, 0), ("c", 1000.0 * n + 590, 0)] for n in range(100)]
    view = city(sighting for passage in (*walks, *turns) for sighting in passage)
    passages = [[view.row_of(f"{camera}{time:g}") for camera, time, _ in passage] for passage in (*walks, *turns)]
    first, *_ = learn_correlations(view, ways(), passages).from_camera(0)
    assert first.camera == 1
    assert first.share > 0.9
    low, high = first.near
    assert 250 < low <= 300
    assert 306 <= high < 340
    assert first.far[0] <= low < high <= first.far[1]


def test_likeness_is_learnt_from_passages_and_is_calibrated() -> None:
    draw = np.random.default_rng(5)
    people = np.repeat(np.arange(400), 5)
    body = draw.standard_normal((400, 16))[people] + 1.2 * draw.standard_normal((2000, 16))
    view = FolderView.of_arrays(CAMERAS, people % 5, np.arange(2000.0), body)
    passages = [[view.row_of(str(row)) for row in range(5 * person, 5 * person + 5)] for person in range(400)]
    likeness = learn_likeness(view, passages)
    units = body / np.linalg.norm(body, axis=1, keepdims=True)
    left, right = draw.integers(0, 2000, (2, 400_000))
    cosines = np.einsum("ij,ij->i", units[left], units[right])
    same = people[left] == people[right]
    for low in (-2.0, 0.0, 2.0):
        llr = likeness.body.llr(cosines.astype(np.float32))
        here = (llr >= low) & (llr < low + 1)
        observed = np.log((same & here).sum() / same.sum()) - np.log((~same & here).sum() / (~same).sum())
        assert observed == pytest.approx(low + 0.5, abs=0.6)


def test_likeness_without_passages_rises_with_the_cosine() -> None:
    draw = np.random.default_rng(5)
    view = FolderView.of_arrays(CAMERAS, np.zeros(500, int), np.arange(500.0), draw.standard_normal((500, 32)))
    curve = learn_likeness(view, []).body
    low, high = curve.llr(np.array([0.0, 0.9], np.float32))
    assert low < 0 < high


def test_thresholds_are_those_that_find_confirmed_passages_best() -> None:
    draw = np.random.default_rng(7)
    centres = draw.standard_normal((60, 8))
    seen = [(step, 1000.0 * (person % 20) + 100 * step + person) for person in range(60) for step in range(4)]
    body = np.repeat(centres, 4, axis=0) + 0.6 * draw.standard_normal((240, 8))
    view = FolderView.of_arrays(CAMERAS, np.array([s for s, _ in seen]), np.array([t for _, t in seen]), body)
    passages = [[view.row_of(str(4 * person + step)) for step in range(4)] for person in range(60)]
    likeness, given = learn_likeness(view, passages), examples(view, passages, 3_600.0)
    correlations = learn_correlations(view, ways(), passages)

    def right(search: Exhaustive | Greedy) -> float:
        found = [(set(search.find(one.query).rows), one.rows) for one in given]
        return sum(len(rows & true) for rows, true in found) / sum(len(rows) + len(true) for rows, true in found)

    assert right(tuned_exhaustive(view, likeness, given)) >= max(
        right(Exhaustive(view, likeness, threshold)) for threshold in (0.5, 2.0, 4.0, 6.0)
    )
    assert right(tuned_greedy(view, likeness, correlations, given)) >= max(
        right(Greedy(view, likeness, correlations, threshold)) for threshold in (0.0, 3.0, 8.0)
    )


def test_an_example_asks_from_its_first_half_on_and_within_the_horizon() -> None:
    view = city([("ab"[turn % 2], 1000.0 + 100 * turn, 0) for turn in range(10)])
    rows = [view.row_of(f"{'ab'[turn % 2]}{1000 + 100 * turn}") for turn in range(10)]
    (one,) = examples(view, [rows, [rows[0]]], 250.0)
    assert one.query.time_s <= 1500.0
    assert len(one.rows) == 2
