"""How simulated people walk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from daemon.errors import InvalidInput
from daemon.inference.association.folders.streets import Streets, StreetSettings, lay_streets
from daemon.inference.association.folders.walkers import Visits, Walkers, WalkSettings, turn_table

DAY_S = 86_400.0
USUAL = WalkSettings(returns=0.0)
SQUARE = lay_streets(StreetSettings(cameras=400, jitter_m=0.0, removed=0.0), np.random.default_rng(1))


def walk(
    settings: WalkSettings = USUAL, people: int = 2_000, streets: Streets = SQUARE, end_s: float = DAY_S
) -> Visits:
    return Walkers(streets, settings, end_s).walk(people, np.random.default_rng(7))


def hops(visits: Visits) -> tuple[np.ndarray, np.ndarray]:
    """Return the seconds and metres of each hop to another camera."""
    to = np.flatnonzero(visits.came_from[1:] >= 0) + 1
    origins, targets = visits.cameras[to - 1], visits.cameras[to]
    slots = np.argmax(SQUARE.neighbours[origins] == targets[:, None], axis=1)
    return visits.times[to] - visits.times[to - 1], SQUARE.metres[origins, slots]


def test_people_go_from_camera_to_neighbour_and_are_told_in_order() -> None:
    visits = walk()
    assert np.all(np.diff(visits.persons) >= 0)
    appeared = visits.came_from < 0
    assert np.array_equal(np.unique(visits.persons), np.arange(2_000))
    assert np.array_equal(np.flatnonzero(appeared), np.searchsorted(visits.persons, np.arange(2_000)))
    to = np.flatnonzero(~appeared)
    assert np.array_equal(visits.came_from[to], visits.cameras[to - 1])
    assert np.all((SQUARE.neighbours[visits.came_from[to]] == visits.cameras[to, None]).any(axis=1))
    assert np.all(visits.times[to] > visits.times[to - 1])
    assert visits.times.max() < DAY_S


def test_speed_is_log_normal_by_person_and_a_little_by_hop() -> None:
    visits = walk(replace(USUAL, pauses=0.0, leaves=0.02))
    seconds, metres = hops(visits)
    speeds = np.log(metres / seconds)
    assert np.exp(np.median(speeds)) == pytest.approx(1.35, rel=0.02)
    assert speeds.std() == pytest.approx(np.hypot(0.18, 0.10), rel=0.05)
    persons = visits.persons[visits.came_from >= 0]
    means = np.bincount(persons, speeds) / np.maximum(np.bincount(persons), 1)
    assert (speeds - means[persons]).std() == pytest.approx(0.10, rel=0.1)


def test_one_hop_in_twenty_has_a_pause_of_three_minutes_on_average() -> None:
    seconds, metres = hops(walk(replace(USUAL, person_deviation=0.0, hop_deviation=0.0)))
    pauses = seconds - metres / 1.35
    paused = pauses > 1e-6
    assert paused.mean() == pytest.approx(0.05, rel=0.1)
    assert pauses[paused].mean() == pytest.approx(180.0, rel=0.1)


def test_people_prefer_to_go_straight_on_and_seldom_turn_back() -> None:
    visits = walk()
    turns = np.flatnonzero((visits.came_from[1:] >= 0) & (visits.came_from[:-1] >= 0)) + 1
    inside = turns[(SQUARE.neighbours[visits.cameras[turns - 1]] >= 0).all(axis=1)]
    angle = np.round((visits.headings[inside] - visits.headings[inside - 1]) % 360).astype(int)
    shares = {turned: float((angle == turned).mean()) for turned in (0, 90, 180, 270)}
    weights = {turned: np.exp(1.6 * np.cos(np.radians(turned))) for turned in shares}
    whole = sum(weights.values())
    assert shares == pytest.approx({turned: weight / whole for turned, weight in weights.items()}, abs=0.02)


def test_six_in_a_hundred_leave_at_each_crossing() -> None:
    lengths = np.bincount(walk(end_s=30 * DAY_S).persons)
    assert lengths.mean() == pytest.approx(1 / 0.06, rel=0.06)


def test_some_of_those_who_left_come_back_to_the_same_crossing() -> None:
    visits = walk(replace(USUAL, returns=0.5, absence_s=600.0), end_s=30 * DAY_S)
    again = np.flatnonzero((visits.came_from[1:] < 0) & (np.diff(visits.persons) == 0)) + 1
    assert np.array_equal(visits.cameras[again], visits.cameras[again - 1])
    absences = visits.times[again] - visits.times[again - 1]
    assert absences.mean() == pytest.approx(600.0, rel=0.1)
    left = len(again) + 2_000
    assert len(again) / left == pytest.approx(0.5, abs=0.03)


def test_headings_where_people_appear_are_those_of_the_way_that_they_take() -> None:
    visits = walk()
    first = np.flatnonzero(visits.came_from < 0)
    goes_on = first[
        (first + 1 < len(visits.persons)) & (visits.came_from[np.minimum(first + 1, len(visits.persons) - 1)] >= 0)
    ]
    assert np.array_equal(visits.headings[goes_on], visits.headings[goes_on + 1])
    stays = np.setdiff1d(first, goes_on)
    assert np.isnan(visits.headings[stays]).all()


def test_no_way_that_is_none_is_ever_chosen() -> None:
    table = turn_table(SQUARE, straight_on=20.0)
    ways = (SQUARE.neighbours >= 0).sum(axis=1)
    for slot in range(table.shape[2]):
        assert np.all(table[ways <= slot + 1, :, slot] == 1.0)
    assert np.all(np.diff(table, axis=2) >= 0)


def test_two_cameras_are_walked_to_and_fro() -> None:
    pair = lay_streets(StreetSettings(cameras=2), np.random.default_rng(1))
    visits = walk(streets=pair, people=50)
    to = np.flatnonzero(visits.came_from >= 0)
    assert np.array_equal(visits.cameras[to], 1 - visits.came_from[to])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("speed_m_s", 0.0),
        ("pauses", 1.5),
        ("leaves", 0.0),
        ("returns", 1.0),
        ("absence_s", 0.0),
        ("hop_deviation", -1.0),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidInput, match=rf"{name}: .*; expected "):
        WalkSettings(**{name: value})
