"""Whole simulated worlds, in memory."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from daemon.errors import InvalidInput
from daemon.inference.association.folders.appearance import AppearanceSettings
from daemon.inference.association.folders.clockwork import ClockSettings
from daemon.inference.association.folders.simulating import simulate
from daemon.inference.association.folders.streets import StreetSettings
from daemon.inference.association.folders.walkers import WalkSettings
from daemon.inference.association.folders.world import COLUMNS, World, WorldSettings

SMALL = WorldSettings(detections=8_000, streets=StreetSettings(cameras=49))
RIGHT_CLOCKS = ClockSettings(deviation_s=0.0, wrong=0.0)


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(SMALL)


@pytest.fixture(scope="module")
def repeated() -> World:
    return simulate(replace(SMALL, repeats=1.5, columns=COLUMNS, clocks=RIGHT_CLOCKS))


def test_rows_are_camera_by_camera_in_order_of_their_clocks(world: World) -> None:
    assert world.starts[0] == 0
    assert world.starts[-1] == len(world.times) == len(world.persons) == len(world.face_rows)
    assert len(world.starts) == 50
    for start, end in zip(world.starts[:-1], world.starts[1:], strict=True):
        assert np.all(np.diff(world.times[start:end]) >= 0)
    assert np.array_equal(world.times, np.round(world.times, 3))


def test_a_world_of_so_many_detections_ends_with_a_whole_person(world: World) -> None:
    last = len(world.trail_starts) - 2
    assert 8_000 <= len(world.times) < 8_000 + len(world.trail(last))
    assert len(world.trail(last)) > 0


def test_a_world_of_so_many_people_has_so_many() -> None:
    made = simulate(replace(SMALL, detections=None, people=300))
    assert len(made.trail_starts) == 301
    assert made.persons.max() < 300
    assert len(made.times) == pytest.approx(300 * 15, rel=0.2)


def test_many_people_walk_in_several_groups_and_keep_their_numbers() -> None:
    made = simulate(replace(SMALL, detections=None, people=40_000, hours=1.0, walks=WalkSettings(leaves=0.5)))
    assert len(made.trail_starts) == 40_001
    assert np.array_equal(np.unique(made.persons), np.flatnonzero(np.diff(made.trail_starts)))
    assert made.persons.max() > 39_900


def test_trails_are_each_persons_rows_in_order_of_true_time() -> None:
    made = simulate(replace(SMALL, clocks=RIGHT_CLOCKS))
    assert np.array_equal(np.sort(made.trails), np.arange(len(made.times)))
    for person in range(0, len(made.trail_starts) - 1, 7):
        trail = made.trail(person)
        assert np.all(made.persons[trail] == person)
        assert np.all(np.diff(made.times[trail]) >= 0)


def test_one_passage_in_ten_is_missed_and_three_in_ten_show_a_face(world: World) -> None:
    none_missed = simulate(replace(SMALL, detections=None, people=len(world.trail_starts) - 1, missed=0.0))
    some_missed = simulate(replace(SMALL, detections=None, people=len(world.trail_starts) - 1))
    assert len(some_missed.times) / len(none_missed.times) == pytest.approx(0.9, abs=0.01)
    assert (world.face_rows >= 0).mean() == pytest.approx(0.3, abs=0.02)
    shown = world.face_rows[world.face_rows >= 0]
    assert np.array_equal(shown, np.arange(len(world.face_scales)))


def test_answers_are_the_later_sightings_of_the_person_within_the_horizon() -> None:
    made = simulate(replace(SMALL, clocks=RIGHT_CLOCKS))
    assert len(made.questions) == 200
    for asked in made.questions:
        trail = made.trail(int(made.persons[asked.row]))
        later = made.times[trail] - made.times[asked.row]
        expected = trail[(later > 1e-9) & (later <= 3_600.0)]
        assert np.array_equal(asked.answers, expected)
        assert len(asked.answers) >= made.settings.least_answers
        assert asked.came_from in made.streets.neighbours[made.camera_of[asked.row]]


def test_nobody_is_asked_for_twice_or_learnt_from(world: World) -> None:
    asked = [int(world.persons[one.row]) for one in world.questions]
    assert len(set(asked)) == len(asked)
    assert not set(asked) & set(world.confirmed.tolist())
    seen_twice = np.flatnonzero(np.diff(world.trail_starts) >= 2)
    assert len(world.confirmed) == round(0.3 * len(seen_twice))


def test_a_world_with_too_few_people_has_fewer_queries_and_says_no_more_than_it_has() -> None:
    made = simulate(replace(SMALL, detections=None, people=20))
    assert 0 < len(made.questions) < 20


def test_some_who_left_come_back_unless_it_is_settled_otherwise() -> None:
    def at_once_again(made: World) -> float:
        """Return the share of sightings that the same camera has of the same person next."""
        same = (np.diff(made.camera_of[made.trails]) == 0) & (np.diff(made.persons[made.trails]) == 0)
        return float(same.mean())

    many = replace(SMALL, detections=100_000)
    returning, leaving = (simulate(replace(many, walks=WalkSettings(returns=share))) for share in (0.10, 0.0))
    assert SMALL.walks == returning.settings.walks
    # six in a hundred leave, one in ten of them comes back, and is seen again nine times in ten
    assert at_once_again(returning) - at_once_again(leaving) == pytest.approx(0.06 * 0.10 * 0.9, abs=0.0015)


def test_repeats_of_a_passage_are_about_a_second_apart_and_no_answers_to_it(repeated: World) -> None:
    order = np.lexsort((repeated.times, repeated.passages))
    same = np.diff(repeated.passages[order]) == 0
    assert np.bincount(repeated.passages).mean() == pytest.approx(2.5, abs=0.1)
    assert np.all(np.diff(repeated.camera_of[order])[same] == 0)
    assert np.diff(repeated.times[order])[same].max() < 30
    for asked in repeated.questions:
        assert repeated.passages[asked.row] not in repeated.passages[asked.answers]
        assert len(np.unique(repeated.passages[asked.answers])) >= repeated.settings.least_answers


def test_a_world_of_repeats_has_about_as_many_detections_as_asked_for(repeated: World) -> None:
    assert len(repeated.times) == pytest.approx(8_000, rel=0.05)


def test_columns_are_told_when_they_are_asked_for(world: World, repeated: World) -> None:
    assert np.isnan(world.quality).all()
    assert np.isnan(world.direction_deg).all()
    assert world.boxes is None
    assert repeated.boxes is not None
    assert np.all((repeated.quality > 0) & (repeated.quality < 1))
    assert np.nanmin(repeated.direction_deg) >= 0
    assert np.nanmax(repeated.direction_deg) < 360
    left, top, width, height = repeated.boxes.T
    assert min(left.min(), top.min()) >= 0
    assert min(width.min(), height.min()) > 0
    assert np.all(left + width <= 1_920.2)
    assert np.all(top + height <= 1_080.2)


def test_quality_tells_how_much_of_a_vector_is_noise(repeated: World) -> None:
    body, persons = repeated.body().astype(np.float32), repeated.persons
    sums = np.zeros((int(persons.max()) + 1, body.shape[1]), dtype=np.float32)
    np.add.at(sums, persons, body)
    others = sums[persons] - body
    likeness = (body * others).sum(axis=1) / np.maximum(np.linalg.norm(others, axis=1), 1e-6)
    good, poor = (likeness[low] for low in (repeated.quality > 0.6, repeated.quality < 0.4))
    assert good.mean() > poor.mean() + 0.15


def test_the_same_settings_make_the_same_world(world: World) -> None:
    again, other = simulate(SMALL), simulate(replace(SMALL, seed=2))
    for field in fields(World):
        first, second = getattr(world, field.name), getattr(again, field.name)
        if isinstance(first, np.ndarray):
            assert first.tobytes() == second.tobytes(), field.name
    assert [one.row for one in again.questions] == [one.row for one in world.questions]
    assert world.body().tobytes() == again.body().tobytes()
    assert world.faces().tobytes() == again.faces().tobytes()
    assert world.times[:100].tobytes() != other.times[:100].tobytes()


def test_another_width_changes_nothing_but_the_vectors(world: World) -> None:
    wide = simulate(replace(SMALL, body=AppearanceSettings(width=128)))
    assert np.array_equal(wide.times, world.times)
    assert np.array_equal(wide.face_rows, world.face_rows)
    assert [one.row for one in wide.questions] == [one.row for one in world.questions]
    assert wide.body().shape == (len(world.times), 128)


def test_body_and_face_vectors_are_drawn_apart() -> None:
    made = simulate(replace(SMALL, face=AppearanceSettings(), face_visible=1.0))
    assert not np.array_equal(made.body(), made.faces())


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"detections": None}, "detections and people"),
        ({"people": 10}, "detections and people"),
        ({"detections": 0}, "detections: 0"),
        ({"detections": 10**9}, "detections: 1000000000"),
        ({"detections": None, "people": 0}, "people: 0"),
        ({"hours": 0.0}, "hours: 0.0"),
        ({"hours": float("nan")}, "hours: nan"),
        ({"seed": -1}, "seed: -1"),
        ({"missed": 1.0}, "missed: 1.0"),
        ({"face_visible": -0.1}, "face_visible: -0.1"),
        ({"repeats": float("inf")}, "repeats: inf"),
        ({"queries": -1}, "queries: -1"),
        ({"horizon_s": 0.0}, "horizon_s: 0.0"),
        ({"columns": frozenset({"colour"})}, "columns: colour"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^{named}.*expected"):
        replace(SMALL, **settings)


@pytest.mark.parametrize(("cameras", "detections"), [(1_024, 980_000), (100, 980_000)])
@pytest.mark.slow
def test_worlds_of_the_research_have_its_densities(cameras: int, detections: int) -> None:
    made = simulate(
        WorldSettings(
            detections=detections,
            streets=StreetSettings(cameras=cameras),
            walks=WalkSettings(returns=0.0),
            queries=1_000,
        )
    )
    rows = [one.row for one in made.questions]
    times = np.sort(made.times)
    within = np.searchsorted(times, made.times[rows] + 3_600) - np.searchsorted(times, made.times[rows], "right")
    assert within.mean() == pytest.approx(41_200, rel=0.03)
    assert 13 < np.mean([len(one.answers) for one in made.questions]) < 14.5
