"""Distances, bearings and turns."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.inference.association.network.geodesy import (
    SPHERE_ERROR,
    LocalPlane,
    line_between,
    rough_metres,
    turn_deg,
)
from daemon.ports.sightings import Camera


def at(longitude: float, latitude: float) -> Camera:
    return Camera(id=f"{longitude},{latitude}", longitude=longitude, latitude=latitude)


PLACES = st.builds(at, st.floats(-180, 180), st.floats(-89.9, 89.9))


def test_a_degree_along_the_equator_is_as_long_as_wgs_84_says() -> None:
    line = line_between(at(0, 0), at(1, 0))
    assert line.metres == pytest.approx(111_319.49, abs=0.01)
    assert line.bearing_deg == pytest.approx(90)


def test_a_known_distance_is_met() -> None:
    """Flinders Peak to Buninyong, the example of Vincenty's paper in its WGS 84 form: 54,972.271 m, 306.868 degrees."""
    flinders = at(144 + 25 / 60 + 29.52440 / 3600, -(37 + 57 / 60 + 3.72030 / 3600))
    buninyong = at(143 + 55 / 60 + 35.38390 / 3600, -(37 + 39 / 60 + 10.15610 / 3600))
    line = line_between(flinders, buninyong)
    assert line.metres == pytest.approx(54_972.271, abs=0.01)
    assert line.bearing_deg == pytest.approx(306.868, abs=0.001)


def test_no_bearing_leads_from_a_place_to_itself() -> None:
    line = line_between(at(121.47, 31.23), at(121.47, 31.23))
    assert (line.metres, line.bearing_deg, line.arrival_deg) == (0.0, None, None)
    assert line.reversed() == line


@given(PLACES, PLACES)
def test_the_sphere_is_as_wrong_as_is_said_at_most(origin: Camera, target: Camera) -> None:
    exact = line_between(origin, target).metres
    assert abs(rough_metres(origin, target) - exact) <= SPHERE_ERROR * exact + 1e-6


@given(PLACES, PLACES)
def test_a_line_the_other_way_is_as_long_and_turned_by_half(origin: Camera, target: Camera) -> None:
    there, back = line_between(origin, target), line_between(target, origin)
    assert there.reversed().metres == pytest.approx(back.metres)
    if 1 < there.metres < 19_000_000:  # near the antipode all bearings are alike
        assert there.bearing_deg is not None
        assert back.arrival_deg is not None
        assert abs(turn_deg(there.bearing_deg, back.arrival_deg)) == pytest.approx(180, abs=0.01)


@given(st.floats(0, 360), st.floats(0, 360))
def test_a_turn_is_at_most_half_and_leads_where_it_should(arriving: float, leaving: float) -> None:
    turn = turn_deg(arriving, leaving)
    assert -180 < turn <= 180
    assert math.cos(math.radians(arriving + turn - leaving)) == pytest.approx(1)


@pytest.mark.parametrize(("arriving", "leaving", "turn"), [(0, 90, 90), (90, 0, -90), (350, 10, 20), (10, 190, 180)])
def test_right_is_positive_and_back_is_half(arriving: float, leaving: float, turn: float) -> None:
    assert turn_deg(arriving, leaving) == pytest.approx(turn)


@given(st.floats(-170, 170), st.floats(-70, 70), st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))
def test_the_plane_keeps_distances_of_a_town(longitude: float, latitude: float, east: float, north: float) -> None:
    there = at(longitude + east, latitude + north)
    flat = math.hypot(*LocalPlane(longitude, latitude).xy(there))
    assert flat == pytest.approx(line_between(at(longitude, latitude), there).metres, rel=0.01, abs=0.01)


def test_the_plane_goes_on_over_the_date_line() -> None:
    east, _ = LocalPlane(179.999, 0).xy(at(-179.999, 0))
    assert east == pytest.approx(222.6, abs=0.1)
