"""Sightings that were found between two others, when nothing else was left to search."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.inference.association.folders.simulating import simulate
from daemon.inference.association.folders.streets import StreetSettings
from daemon.inference.association.folders.view import FolderView
from daemon.inference.association.folders.world import WorldSettings
from daemon.inference.association.network.learning import learn
from daemon.inference.association.search.trajectory import Trajectory
from tests.unit.inference.association.search.towns import searched


def _trajectories() -> Iterator[tuple[set[str], Trajectory]]:
    world = simulate(
        WorldSettings(people=500, hours=6.0, seed=3, queries=0, learnt=0.9, streets=StreetSettings(cameras=25))
    )
    view = FolderView.of_arrays(
        [camera.id for camera in world.cameras], world.camera_of, world.times, world.body(), faces=world.faces(),
        face_rows=world.face_rows,
    )  # fmt: skip
    passages = [[str(row) for row in rows] for rows in world.confirmed_passages()]
    site = learn(world.cameras, world.ways, view, passages, calibrate=False)
    for passage in passages:
        query = view.query(view.row_of(passage[0]), 3_600.0, None)
        yield set(passage), searched(site, view, query).trajectory()


def test_what_a_gap_was_filled_with_says_so_and_was_missed_by_the_search_before() -> None:
    for passage, trajectory in _trajectories():
        filled = [hop for hop in trajectory.hops if hop.filled and hop.detection in passage]
        if filled:
            break
    assert filled
    assert filled[0] is not trajectory.hops[-1]
    assert [hop for hop in trajectory.hops if not hop.filled]
