"""Detections arranged in memory: slices of time, tracks as one row, models kept apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import InvalidInput, NotFound
from daemon.inference.association.folders.folder import DataFolder
from daemon.inference.association.folders.view import FolderView
from daemon.ports.sightings import CarriedThing
from tests.unit.inference.association.folders.folder_files import DETECTIONS, write_folder, write_lines

MIDNIGHT = 1_772_323_200.0


def view_of(detections: list[tuple[int, float]], **more: Any) -> FolderView:
    camera, times = np.array(detections).reshape(-1, 2).T
    body = np.eye(len(detections), max(1, len(detections)))
    return FolderView.of_arrays(["a", "b", "c"], camera.astype(int), times, body, **more)


def test_a_window_is_what_one_camera_saw_from_a_time_to_before_another() -> None:
    view = view_of([(1, 30.0), (0, 10.0), (1, 10.0), (1, 20.0), (2, 15.0)])
    window = view.window(1, 10.0, 30.0)
    assert window.times.tolist() == [10.0, 20.0]
    assert [view.id_of(row) for row in window.rows] == ["2", "3"]
    assert window.body.argmax(axis=1).tolist() == [2, 3]
    assert [view.camera_of(row) for row in range(view.size)] == [0, 1, 1, 1, 2]


def test_a_window_is_a_slice_and_no_copy() -> None:
    view = view_of([(0, 1.0), (0, 2.0), (0, 3.0)])
    window = view.window(0, 1.5, 9.0)
    assert all(np.shares_memory(one, whole) for one, whole in zip(window[:3], view.columns[:3], strict=True))
    assert window.body.flags.c_contiguous
    assert window.body.dtype == np.float16


@pytest.mark.parametrize("span", [(5.0, 5.0), (9.0, 1.0), (100.0, 200.0), (-2.0, -1.0)])
def test_a_window_may_be_empty(span: tuple[float, float]) -> None:
    assert len(view_of([(0, 5.0)]).window(0, *span).rows) == 0
    assert len(view_of([(0, 5.0)]).window(2, 0.0, 10.0).rows) == 0


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20)), max_size=30), st.integers(0, 20), st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_windows_hold_what_a_look_at_every_detection_finds(seen: list[tuple[int, int]], start: int, end: int) -> None:
    view = view_of([(camera, float(time)) for camera, time in seen])
    for camera in range(3):
        window = view.window(camera, start, end)
        expected = sorted(time for place, time in seen if place == camera and start <= time < end)
        assert window.times.tolist() == expected
        assert {view.row_of(view.id_of(row)) for row in window.rows} == set(window.rows.tolist())


def test_faces_are_found_by_their_rows() -> None:
    faces = np.array([[0.0, 2.0], [5.0, 0.0]])
    view = view_of([(1, 1.0), (0, 1.0), (0, 2.0)], faces=faces, face_rows=np.array([1, -1, 0]))
    first, second = view.window(0, 0, 9), view.window(1, 0, 9)
    assert first.face_rows[0] == -1
    assert first.faces[first.face_rows[1]].tolist() == [0.0, 1.0]
    assert second.faces[second.face_rows[0]].tolist() == [1.0, 0.0]


def test_sightings_of_a_track_are_one_row_with_the_best_picture_and_the_first_time() -> None:
    view = view_of(
        [(0, 3.0), (0, 1.0), (0, 2.0), (1, 2.0), (0, 4.0)], tracks=["t", "t", "t", "t", None],
        quality=np.array([0.2, 0.4, 0.9, 0.5, np.nan]), ids=["d0", "d1", "d2", "d3", "d4"],
    )  # fmt: skip
    window = view.window(0, 0.0, 10.0)
    assert window.times.tolist() == [1.0, 4.0]
    assert window.body.argmax(axis=1).tolist() == [2, 4]
    assert window.quality[0] == pytest.approx(0.9)
    assert view.size == 3
    assert view.id_of(0) == "d1"
    assert view.ids_of(0) == ("d1", "d2", "d0")
    assert {view.row_of(name) for name in ("d0", "d1", "d2")} == {0}
    assert view.ids_of(2) == ("d3",)


def test_the_face_of_a_track_is_that_of_its_best_picture_that_has_one() -> None:
    view = view_of(
        [(0, 1.0), (0, 2.0), (0, 3.0)], tracks=["t"] * 3, quality=np.array([0.9, 0.2, 0.5]),
        faces=np.eye(2), face_rows=np.array([-1, 0, 1]),
    )  # fmt: skip
    window = view.window(0, 0.0, 9.0)
    assert window.faces[window.face_rows[0]].tolist() == [0.0, 1.0]


def test_a_track_of_another_day_is_another_unless_it_goes_on_over_midnight() -> None:
    view = view_of([(0, MIDNIGHT - 5), (0, MIDNIGHT + 5), (0, MIDNIGHT + 90_000)], tracks=["t", "t", "t"])
    assert view.columns.times.tolist() == [MIDNIGHT - 5, MIDNIGHT + 90_000]


def test_a_camera_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="none of 0 to 2"):
        view_of([(3, 1.0)])


def test_a_detection_that_is_not_there_is_told() -> None:
    with pytest.raises(NotFound, match="'x'"):
        view_of([(0, 1.0)]).row_of("x")


def test_vectors_of_several_models_are_in_views_of_their_own(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "world")
    models = ["m", "m", "n", "m"]
    write_lines(
        path / "detections.jsonl", [one | {"model": model} for one, model in zip(DETECTIONS, models, strict=True)]
    )
    folder = DataFolder.read(path)
    assert FolderView.of(folder).size == 3
    other = FolderView.of(folder, "n")
    assert [other.id_of(row) for row in range(other.size)] == ["d2"]
    with pytest.raises(NotFound, match="'d2'"):
        FolderView.of(folder).row_of("d2")
    with pytest.raises(NotFound, match="body model 'x'"):
        FolderView.of(folder, "x")


def test_things_that_were_read_are_told_with_place_and_time(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "world")
    badge = {"carried": {"kind": "badge", "value": "a1"}, "body": None, "face": None}
    write_lines(path / "detections.jsonl", [DETECTIONS[0], *(one | badge for one in DETECTIONS[1:])])
    view = FolderView.of(DataFolder.read(path))
    seen = view.carried(CarriedThing("badge", "A1"))
    assert [camera for camera, _ in seen] == [1, 1, 2]
    assert seen[1][1] - seen[0][1] == 3660.0
    assert view.size == 1
    assert view.carried(CarriedThing("plate", "A1")) == ()


def test_a_query_knows_what_its_target_carried(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "world")
    write_lines(
        path / "detections.jsonl", [DETECTIONS[0] | {"carried": {"kind": "plate", "value": "b x1"}}, *DETECTIONS[1:]]
    )
    view = FolderView.of(DataFolder.read(path))
    assert view.query(view.row_of("d0"), 60.0).carried == (CarriedThing("plate", "B X1"),)
    assert view.query(view.row_of("d1"), 60.0).carried == ()


def test_a_query_has_the_vectors_of_its_detection(tmp_path: Path) -> None:
    view = FolderView.of(DataFolder.read(write_folder(tmp_path / "world")))
    query = view.query(view.row_of("d3"), 60.0, 0)
    assert (query.camera, query.row, query.came_from, query.horizon_s) == (1, view.row_of("d3"), 0, 60.0)
    assert np.allclose(query.body, [[0, 1, 0]])
    assert np.allclose(query.face, [[0, 1]])
    assert view.query(view.row_of("d1"), 60.0).face.shape == (0, 2)


def test_a_folder_without_detections_has_an_empty_view(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "world")
    for name in ("detections", "passages", "queries", "truth"):
        (path / f"{name}.jsonl").write_text("")
    view = FolderView.of(DataFolder.read(path))
    assert view.size == 0
    assert len(view.window(1, 0.0, 1e12).rows) == 0
