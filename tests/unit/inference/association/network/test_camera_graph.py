"""The camera graph: ways, bearings, turns, rings, shortest ways, and networks that change."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import InvalidInput, NotFound
from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.ports.sightings import Camera, Way

STEP = 0.001  # degrees: 111 m at the equator
METRES = 120.0


def camera(east: int, north: int) -> Camera:
    return Camera(id=f"{east}-{north}", longitude=east * STEP, latitude=north * STEP)


def both(origin: Camera, target: Camera, metres: float = METRES) -> list[Way]:
    return [
        Way(origin=origin.id, target=target.id, metres=metres),
        Way(origin=target.id, target=origin.id, metres=metres),
    ]


def grid(size: int) -> tuple[list[Camera], list[Way]]:
    cameras = {(east, north): camera(east, north) for east in range(size) for north in range(size)}
    ways = [
        way
        for (east, north), here in cameras.items()
        for there in (cameras.get((east + 1, north)), cameras.get((east, north + 1)))
        if there is not None
        for way in both(here, there)
    ]
    return list(cameras.values()), ways


@pytest.fixture
def graph() -> CameraGraph:
    return CameraGraph.of(*grid(4))


def test_neighbours_are_where_ways_lead(graph: CameraGraph) -> None:
    assert set(graph.neighbours("1-1")) == {"0-1", "2-1", "1-0", "1-2"}
    assert graph.metres("1-1", "1-2") == METRES
    assert graph.metres("0-0", "3-3") is None
    assert len(graph) == 16
    assert "0-0" in graph
    assert "9-9" not in graph


def test_a_way_that_leads_one_way_only_is_no_way_back() -> None:
    one, two = camera(0, 0), camera(1, 0)
    graph = CameraGraph.of([one, two], [Way(origin=one.id, target=two.id, metres=METRES)])
    assert graph.neighbours(two.id) == ()
    assert graph.origins(two.id) == (one.id,)
    assert graph.shortest(two.id, one.id) == (math.inf, ())


@pytest.mark.parametrize(("to", "turn"), [("2-1", 0.0), ("1-0", 90.0), ("1-2", -90.0), ("0-1", 180.0)])
def test_turns_are_told_by_where_one_came_from(graph: CameraGraph, to: str, turn: float) -> None:
    assert graph.turn_deg("0-1", "1-1", to) == pytest.approx(turn, abs=0.01)


def test_turns_are_told_by_a_direction_of_movement(graph: CameraGraph) -> None:
    assert graph.turn_from_deg(0.0, "1-1", "2-1") == pytest.approx(90, abs=0.01)
    assert graph.turn_from_deg(None, "1-1", "2-1") is None


def test_who_came_from_a_camera_that_is_no_neighbour_turns_by_the_straight_line(graph: CameraGraph) -> None:
    assert graph.turn_deg("0-0", "2-2", "3-3") == pytest.approx(0, abs=0.1)


def test_no_turn_is_known_between_cameras_on_one_mast() -> None:
    one, twin, other = camera(0, 0), Camera(id="twin", longitude=0, latitude=0), camera(1, 0)
    graph = CameraGraph.of([one, twin, other], [*both(one, twin, 3.0), *both(twin, other)])
    assert graph.bearing_deg(one.id, "twin") is None
    assert graph.turn_deg(one.id, "twin", other.id) is None
    assert graph.turn_deg(one.id, "twin", one.id) == 180


def test_rings_are_the_cameras_so_many_ways_away(graph: CameraGraph) -> None:
    rings = graph.rings("0-0", 2)
    assert [set(ring) for ring in rings] == [{"1-0", "0-1"}, {"2-0", "1-1", "0-2"}]
    assert sum(map(len, graph.rings("0-0", 99))) == 15
    assert graph.rings("0-0", 0) == ()


def test_what_lies_around_counts_ways_in_either_direction() -> None:
    one, two, three = camera(0, 0), camera(1, 0), camera(2, 0)
    ways = [Way(origin=one.id, target=two.id, metres=METRES), Way(origin=three.id, target=two.id, metres=METRES)]
    graph = CameraGraph.of([one, two, three], ways)
    assert graph.around([two.id], 1) == {one.id, two.id, three.id}
    assert graph.around(["gone"], 3) == frozenset()
    assert graph.around([two.id, "gone"], 0) == {two.id}


def test_shortest_ways_add_up(graph: CameraGraph) -> None:
    metres, cameras = graph.shortest("0-0", "3-3")
    assert metres == 6 * METRES
    assert (cameras[0], cameras[-1], len(cameras)) == ("0-0", "3-3", 7)
    assert graph.distances("0-0")["3-3"] == metres
    assert set(graph.distances("0-0", METRES)) == {"0-0", "1-0", "0-1"}


def test_parts_are_what_hangs_together() -> None:
    cameras, ways = grid(3)
    far, off = Camera(id="far", longitude=1, latitude=1), Camera(id="off", longitude=1.001, latitude=1)
    graph = CameraGraph.of([*cameras, far, off], [*ways, *both(far, off)])
    assert graph.parts() == (frozenset(one.id for one in cameras), frozenset({"far", "off"}))


def test_a_camera_more_leaves_the_graph_before_as_it_was(graph: CameraGraph) -> None:
    new = camera(4, 0)
    wider = graph.with_camera(new, both(camera(3, 0), new))
    assert wider.neighbours(new.id) == ("3-0",)
    assert new.id not in graph
    assert new.id not in graph.neighbours("3-0")
    assert graph == CameraGraph.of(*grid(4))


def test_a_camera_less_takes_its_ways_along(graph: CameraGraph) -> None:
    smaller = graph.without_camera("1-1")
    assert "1-1" not in smaller.neighbours("1-0")
    assert len(smaller.ways) == len(graph.ways) - 8
    assert graph.neighbours("1-1")
    with pytest.raises(NotFound, match='there is no camera "1-1"'):
        smaller.without_camera("1-1")


def test_a_camera_that_moves_has_its_new_ways_alone(graph: CameraGraph) -> None:
    moved = Camera(id="0-0", longitude=STEP * 4, latitude=STEP * 3)
    changed = graph.with_camera(moved, both(camera(3, 3), moved))
    assert changed.neighbours("0-0") == ("3-3",)
    assert changed.bearing_deg("3-3", "0-0") == pytest.approx(90, abs=0.01)
    assert len(changed) == len(graph)
    assert graph.camera("0-0").longitude == 0


def test_a_camera_is_added_only_with_ways_of_its_own(graph: CameraGraph) -> None:
    with pytest.raises(InvalidInput, match="one of two others"):
        graph.with_camera(camera(4, 0), both(camera(0, 0), camera(0, 1)))
    with pytest.raises(InvalidInput, match='there is no camera "9-9"'):
        graph.with_camera(camera(4, 0), both(camera(4, 0), camera(9, 9)))


def test_the_insides_cannot_be_changed(graph: CameraGraph) -> None:
    with pytest.raises(TypeError):
        graph.cameras["new"] = camera(9, 9)  # type: ignore[index]
    with pytest.raises(Exception, match="Frozen"):
        graph._graph.add_edge("0-0", "3-3")


def test_unknown_cameras_are_named(graph: CameraGraph) -> None:
    for ask in (graph.camera, graph.neighbours, graph.origins, graph.distances):
        with pytest.raises(NotFound, match='there is no camera "<script>"'):
            ask("<script>")
    with pytest.raises(NotFound):
        graph.rings("gone", 1)
    with pytest.raises(NotFound):
        graph.shortest("0-0", "gone")
    with pytest.raises(NotFound):
        graph.turn_deg("gone", "0-0", "gone")


def test_a_network_with_faults_is_refused_with_all_of_them() -> None:
    cameras, ways = grid(2)
    bad = [*ways, Way(origin="0-0", target="gone", metres=5.0), Way(origin="0-0", target="1-1", metres=20.0)]
    with pytest.raises(InvalidInput) as refused:
        CameraGraph.of(cameras, bad)
    assert dict(refused.value.faults).keys() == {"ways.8.target", "ways.9.metres"}


def test_graphs_of_one_content_are_equal_in_whatever_order() -> None:
    cameras, ways = grid(3)
    assert CameraGraph.of(cameras, ways) == CameraGraph.of(cameras[::-1], ways[::-1])
    assert CameraGraph.of(cameras, ways) != CameraGraph.of(cameras, ways[:-1])


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12))
def test_whatever_is_taken_out_and_put_back_the_network_is_the_same(removed: Sequence[tuple[int, int]]) -> None:
    cameras, ways = grid(4)
    whole = graph = CameraGraph.of(cameras, ways)
    for east, north in removed:
        name = f"{east}-{north}"
        if name in graph:
            graph = graph.without_camera(name)
    for one in cameras:
        if one.id not in graph:
            known = {*graph.cameras, one.id}
            own = [way for way in ways if one.id in {way.origin, way.target} and {way.origin, way.target} <= known]
            graph = graph.with_camera(one, own)
    assert graph == whole
