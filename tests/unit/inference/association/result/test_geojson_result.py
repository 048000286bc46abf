"""Results as GeoJSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.result.geojson_result import feature_collection, to_geojson
from daemon.inference.association.search.trajectory import Trajectory
from daemon.ports.sightings import Camera, Way
from tests.unit.inference.association.result.test_json_result import TRAJECTORIES
from tests.unit.inference.association.result.trajectories import (
    ABOUT,
    SHARED,
    hop,
    realistic,
    shared_graph,
    small,
    square,
)


def collection(trajectory: Trajectory, graph: CameraGraph | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(to_geojson(feature_collection(trajectory, graph or square(), ABOUT)))
    return found


def of_kind(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [feature for feature in found["features"] if feature["properties"]["kind"] == kind]


def test_sightings_are_points_and_legs_are_lines() -> None:
    found = collection(small())
    (query,), sightings, legs = (of_kind(found, kind) for kind in ("query", "sighting", "leg"))
    assert query["geometry"] == {"type": "Point", "coordinates": [0.0, 0.0]}
    assert [one["properties"]["number"] for one in sightings] == [1, 2, 3, 4, 5]
    assert sightings[0]["properties"]["time"] == "2026-03-01T12:02:10Z"
    assert sightings[0]["properties"]["words"].startswith("body 0.81, face 0.93")
    assert sightings[4]["properties"]["alternatives"] == ["31%: d77 at 2-1, 12:19:40 (body 0.74, 2 min 0 s for 170 m)"]
    assert len(legs) == 4
    assert legs[0]["geometry"] == {"type": "LineString", "coordinates": [[0.0, 0.0], [0.0014, 0.0]]}
    assert legs[0]["properties"]["speed_m_s"] == pytest.approx(1.308)


def test_a_leg_leads_by_the_cameras_that_missed_it() -> None:
    leg = of_kind(collection(small()), "leg")[1]
    assert leg["geometry"]["coordinates"] == [[0.0014, 0.0], [0.0014, 0.0014], [0.0014, 0.0028]]


def test_it_says_who_searched_and_why() -> None:
    told = collection(small())["zhiban"]
    assert told["about"]["searcher"] == "u-7"
    assert told["about"]["case"] == "0192-case"
    assert told["about"]["purpose"] == ABOUT.purpose
    assert told["about"]["exported_at"] == "2026-03-02T08:30:05Z"
    assert told["summary"].startswith("5 sightings")


def test_what_lies_at_cameras_that_are_gone_has_no_place() -> None:
    found = collection(small(), square().without_camera("2-2"))
    assert [one["geometry"] is None for one in of_kind(found, "sighting")] == [False, False, True, True, False]
    assert [one["geometry"] is None for one in of_kind(found, "leg")] == [False, False, True, True]


def test_a_leg_over_the_date_line_is_cut_in_two() -> None:
    cameras = [
        Camera(id="west", longitude=179.999, latitude=0.0),
        Camera(id="east", longitude=-179.999, latitude=0.001),
    ]
    ways = [Way(origin="west", target="east", metres=300.0), Way(origin="east", target="west", metres=300.0)]
    way = replace(
        small(), query_camera="west", hops=(hop("east", 200, seconds=200.0, metres=300.0),), alternatives=((),)
    )  # fmt: skip
    (leg,) = of_kind(collection(way, CameraGraph.of(cameras, ways)), "leg")
    assert leg["geometry"] == {
        "type": "MultiLineString",
        "coordinates": [[[179.999, 0.0], [180.0, 0.0005]], [[-180.0, 0.0005], [-179.999, 0.001]]],
    }


@settings(max_examples=25)
@given(TRAJECTORIES)
def test_every_geometry_is_one_of_rfc_7946(trajectory: Trajectory) -> None:
    found = collection(trajectory, square(2))
    assert found["type"] == "FeatureCollection"
    for feature in found["features"]:
        assert feature["type"] == "Feature"
        geometry = feature["geometry"]
        assert geometry is None or geometry["type"] in {"Point", "LineString"}
        if geometry and geometry["type"] == "LineString":
            assert len(geometry["coordinates"]) >= 2
    assert len(of_kind(found, "sighting")) == len(trajectory.hops)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not beside the repository")
def test_a_true_way_lies_where_its_cameras_are() -> None:
    found = collection(realistic(), shared_graph())
    cameras = shared_graph().cameras
    for feature in of_kind(found, "sighting"):
        camera = cameras[feature["properties"]["camera"]]
        assert feature["geometry"]["coordinates"] == pytest.approx([camera.longitude, camera.latitude], abs=1e-7)
