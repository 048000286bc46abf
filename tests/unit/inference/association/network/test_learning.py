"""Learning a site: it recovers what walkers were made with, and does without what is not there."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from daemon.errors import InvalidInput
from daemon.inference.association.folders.clockwork import ClockSettings
from daemon.inference.association.folders.simulating import simulate
from daemon.inference.association.folders.streets import StreetSettings
from daemon.inference.association.folders.view import FolderView
from daemon.inference.association.folders.world import World, WorldSettings
from daemon.inference.association.network import clocks
from daemon.inference.association.network.learning import learn
from daemon.inference.association.network.site_model import SiteModel
from daemon.ports.sightings import Camera, Way
from tests.unit.inference.association.search.towns import Town, view_of

TOWN = Town()


@cache
def world() -> World:
    return simulate(
        WorldSettings(
            people=500, hours=6.0, seed=3, queries=0, learnt=0.9, streets=StreetSettings(cameras=25),
            clocks=ClockSettings(deviation_s=2.0),
        )
    )  # fmt: skip


@cache
def site() -> SiteModel:
    found = world()
    view = FolderView.of_arrays(
        [camera.id for camera in found.cameras], found.camera_of, found.times, found.body(), faces=found.faces(),
        face_rows=found.face_rows,
    )  # fmt: skip
    passages = [[str(row) for row in rows] for rows in found.confirmed_passages()]
    return learn(found.cameras, found.ways, view, passages, calibrate=False)


def test_speed_pauses_misses_and_exits_are_those_of_the_walkers() -> None:
    times, turns = site().forwards.times, site().forwards.turns
    assert times.person_sd == pytest.approx(0.18, abs=0.05)
    assert times.hop_sd == pytest.approx(0.12, abs=0.05)
    assert times.pause == pytest.approx(0.05, abs=0.02)
    assert times.pause_s == pytest.approx(180.0, rel=0.4)
    assert float(turns.missing.mean()) == pytest.approx(0.10, abs=0.03)
    assert float(turns.leaving.mean()) == pytest.approx(0.06, abs=0.03)


def test_turns_of_each_way_in_sum_to_one_and_prefer_straight_on() -> None:
    plan, turn = site().forwards.plan, site().forwards.turns.turn
    straight: list[float] = []
    back: list[float] = []
    for way in range(len(plan.origin)):
        here = int(plan.target[way])
        ways = slice(int(plan.first[here]), int(plan.first[here + 1]))
        degree = ways.stop - ways.start
        at = int(plan.turns_first[here]) + int(plan.arrival[way]) * degree
        chances = turn[at : at + degree]
        assert chances.sum() == pytest.approx(1.0)
        angle = np.abs((plan.bearing_deg[ways] - plan.bearing_deg[way] + 180.0) % 360.0 - 180.0)
        if degree >= 3 and angle.min() < 20:
            straight.append(float(chances[angle.argmin()]))
            back.append(float(chances[plan.target[ways] == plan.origin[way]].sum()))
    assert np.mean(straight) > 2 * np.mean(back)


def test_backwards_the_times_are_the_same() -> None:
    one, other = site().forwards.times, site().backwards.times
    assert (other.person_sd, other.pause) == pytest.approx((one.person_sd, one.pause), rel=0.05)


def test_likelihoods_rise_with_the_cosine_and_more_pictures_say_more() -> None:
    table = site().appearance.body
    assert (np.diff(table, axis=1) >= 0).all()
    assert table[0, 40] < -2.0  # at right angles
    assert table[7, 40] < table[0, 40]


def test_offsets_of_clocks_are_found_though_a_few_are_far_off() -> None:
    rng = np.random.default_rng(4)
    true = rng.normal(0.0, 2.0, 30)
    true[[3, 17]] = 31.0, -28.0
    pairs = np.array([(k, (k + step) % 30) for k in range(30) for step in (1, 2, 28, 29)])
    origin, target = pairs[:, 0], pairs[:, 1]
    late = true[target] - true[origin] + rng.normal(0.0, 1.5, len(origin))
    prior = clocks.stated([Camera(id=str(k), longitude=0.0, latitude=0.0) for k in range(30)])
    found = clocks.measured(prior, origin, target, late, np.full(len(origin), 1.5)).offset_s
    assert np.abs(found - true).max() < 4.0
    assert (clocks.measured(prior, origin[:0], target[:0], late[:0], late[:0]).offset_s == 0.0).all()


def test_without_passages_distances_and_common_speeds_stand_in() -> None:
    found = learn(TOWN.cameras(), TOWN.ways(), view_of(TOWN, [("a", 0.0, 1)]), [])
    away = ~found.forwards.plan.staying
    assert np.exp(found.forwards.times.log_median)[away] == pytest.approx(135.0 / 1.34)
    assert found.passages == 0


@pytest.mark.parametrize("count", [1, 2, 5])
def test_with_few_passages_nothing_is_far_from_what_is_common(count: int) -> None:
    seen = [
        (camera, 1_000.0 * k + at, k) for k in range(count) for camera, at in (("a", 0.0), ("b", 60.0), ("c", 900.0))
    ]
    passages = [[str(3 * k + place) for place in range(3)] for k in range(count)]
    found = learn(TOWN.cameras(), TOWN.ways(), view_of(TOWN, seen), passages)
    seconds = np.exp(found.forwards.times.log_median)[~found.forwards.plan.staying]
    assert ((seconds > 70.0) & (seconds < 130.0)).all()
    for turns in (found.forwards.turns, found.backwards.turns):
        assert np.isfinite(turns.turn).all()
        assert ((turns.leaving > 0) & (turns.leaving < 0.5)).all()


def test_a_camera_without_ways_and_a_view_without_vectors_will_do() -> None:
    cameras = [*TOWN.cameras(), Camera(id="f", longitude=1.0, latitude=1.0)]
    view = FolderView.of_arrays(TOWN.names, np.zeros(0, np.int32), np.zeros(0), np.zeros((0, 4), np.float32))
    assert learn(cameras, [], view, []).cameras == ("a", "b", "c", "d", "e", "f")


@pytest.mark.parametrize(
    ("ways", "passages", "named"),
    [
        ([Way(origin="a", target="x", metres=1.0)], [], "'x'"),
        ([Way(origin="a", target="b", metres=0.0)], [], "metres"),
        ([], [["0", "99"]], "'99'"),
    ],
)
def test_what_names_nothing_is_refused_and_named(ways: list[Way], passages: list[list[str]], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        learn(TOWN.cameras(), ways, view_of(TOWN, [("a", 0.0, 1)]), passages)


def test_a_site_is_kept_as_bytes() -> None:
    again = SiteModel.from_bytes(site().to_bytes())
    assert again.cameras == site().cameras
    assert (again.rate == site().rate).all()
    assert (again.forwards.turns.turn == site().forwards.turns.turn).all()
    assert again.to_bytes() == site().to_bytes()


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04 broken"])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="no site model"):
        SiteModel.from_bytes(content)


def test_a_model_of_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.inference.association.network.site_model._VERSION", 2)
    later = replace(site()).to_bytes()
    monkeypatch.undo()
    with pytest.raises(InvalidInput, match="version 2"):
        SiteModel.from_bytes(later)
