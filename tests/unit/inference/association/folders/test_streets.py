"""The road graphs of simulated sites."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import pytest
from geographiclib.geodesic import Geodesic

from daemon.errors import InvalidInput
from daemon.inference.association.folders.streets import Streets, StreetSettings, lay_streets


def streets(seed: int = 1, **settings: Any) -> Streets:
    return lay_streets(StreetSettings(**settings), np.random.default_rng(seed))


def graph(laid: Streets) -> nx.DiGraph:
    return nx.DiGraph([(way.origin, way.target, {"metres": way.metres}) for way in laid.ways])


@pytest.mark.parametrize("cameras", [2, 3, 7, 100, 256, 1_000])
def test_each_crossing_has_a_camera_and_all_are_connected_both_ways(cameras: int) -> None:
    laid = streets(cameras=cameras)
    assert [camera.id for camera in laid.cameras] == [f"c{n}" for n in range(cameras)]
    ways = graph(laid)
    assert len(ways) == cameras
    assert nx.is_strongly_connected(ways)
    assert all(ways.edges[b, a]["metres"] == metres for a, b, metres in ways.edges(data="metres"))


def test_an_eighth_of_the_blocks_is_closed() -> None:
    assert len(streets(cameras=256).ways) == 2 * (480 - int(0.12 * 480))


def test_closing_all_blocks_leaves_a_tree() -> None:
    laid = streets(cameras=100, removed=1.0)
    assert len(laid.ways) == 2 * 99
    assert nx.is_strongly_connected(graph(laid))


def test_ten_thousand_crossings_stay_connected() -> None:
    laid = streets(cameras=10_000)
    assert nx.is_strongly_connected(graph(laid))
    assert len(laid.ways) == 2 * (19_800 - 2_376)


def test_ways_are_longer_than_the_straight_line_by_the_detour() -> None:
    laid = streets(cameras=64, detour=1.3)
    place = {camera.id: camera for camera in laid.cameras}
    for way in laid.ways:
        one, other = place[way.origin], place[way.target]
        straight = Geodesic.WGS84.Inverse(one.latitude, one.longitude, other.latitude, other.longitude)
        assert way.metres == pytest.approx(1.3 * straight["s12"], abs=0.2)


def test_headings_are_those_on_the_globe_and_back_leads_back() -> None:
    laid = streets(cameras=64)
    for origin, slot in np.argwhere(laid.neighbours >= 0).tolist():
        target = int(laid.neighbours[origin, slot])
        assert laid.neighbours[target, laid.back[origin, slot]] == origin
        one, other = laid.cameras[origin], laid.cameras[target]
        azimuth = Geodesic.WGS84.Inverse(one.latitude, one.longitude, other.latitude, other.longitude)["azi1"]
        assert (laid.headings[origin, slot] - azimuth + 180) % 360 - 180 == pytest.approx(0, abs=0.5)


def test_crossings_are_pushed_about_their_places() -> None:
    laid, square = streets(cameras=900), streets(cameras=900, jitter_m=0.0)
    assert (laid.positions - square.positions).std() == pytest.approx(34.0, rel=0.05)
    assert {round(float(metres)) for metres in square.metres[square.neighbours >= 0]} == {184}


def test_the_same_seed_lays_the_same_streets() -> None:
    first, again, other = streets(3), streets(3), streets(4)
    assert first.ways == again.ways
    assert first.cameras == again.cameras
    assert first.ways != other.ways


@pytest.mark.parametrize(
    ("name", "value"),
    [("cameras", 1), ("cameras", 100_001), ("block_m", 0.0), ("jitter_m", 81.0), ("removed", 1.1), ("detour", 0.9)],
)
def test_settings_that_make_no_sense_are_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidInput, match=rf"{name}: .*; expected "):
        streets(**{name: value})
