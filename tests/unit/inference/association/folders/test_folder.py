"""Folders of data as they are read, and every way in which they may be wrong."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.folders.folder import DataFolder
from daemon.ports.sightings import CarriedThing
from tests.unit.inference.association.folders.folder_files import (
    DETECTIONS,
    POINTS,
    line,
    point,
    write_folder,
    write_lines,
    write_network,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "world")


def with_detections(path: Path, *changed: dict[str, Any]) -> None:
    """Write the detections with changes; a change of row `of` is merged into it."""
    rows = [dict(one) for one in DETECTIONS]
    for change in changed:
        rows[change.pop("of")] |= change
    write_lines(path / "detections.jsonl", rows)


def fault(path: Path) -> str:
    with pytest.raises((InvalidInput, UnreadableFile)) as caught:
        DataFolder.read(path)
    return str(caught.value)


def test_a_folder_is_read_whole(path: Path) -> None:
    folder = DataFolder.read(path)
    assert [camera.id for camera in folder.cameras] == ["a", "b", "c"]
    assert [(way.origin, way.target, way.metres) for way in folder.ways][:1] == [("a", "b", 70.0)]
    assert folder.rows.ids == ["d0", "d1", "d2", "d3"]
    assert folder.rows.times[2] == datetime(2026, 3, 1, 10, 2, tzinfo=UTC).timestamp()
    assert folder.passages == (("d3",),)
    assert folder.truth == {"q0": ("d1", "d2")}
    assert (folder.queries[0].id, folder.queries[0].came_from, folder.queries[0].horizon_s) == ("q0", None, 3600.0)


def test_sightings_have_vectors_of_unit_length_and_models_named_by_their_width(path: Path) -> None:
    first, second, *_ = DataFolder.read(path).sightings()
    assert first.body is not None
    assert second.body is not None
    assert np.linalg.norm(second.body) == pytest.approx(1)
    assert second.face is None
    assert first.detection.body_model == "unstated-3"
    assert first.detection.face_model == "unstated-2"
    assert second.detection.face_model == ""
    assert first.detection.time == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_what_may_be_absent_may_be_absent(path: Path) -> None:
    for name in ("face.npy", "passages.jsonl", "queries.jsonl", "truth.jsonl"):
        (path / name).unlink()
    with_detections(path, {"of": 0, "face": None}, {"of": 3, "face": None})
    folder = DataFolder.read(path)
    assert folder.truth is None
    assert (folder.passages, folder.queries) == ((), ())


def test_all_that_a_detection_may_say_is_kept(path: Path) -> None:
    said = {
        "direction": 370.0,
        "box": [1, 2, 30, 60.5],
        "quality": 0.5,
        "track": 7,
        "model": "osnet",
        "face_model": "f",
    }
    with_detections(path, {"of": 0} | said)
    detection = next(DataFolder.read(path).sightings()).detection
    assert (detection.direction_deg, detection.box, detection.quality) == (10.0, (1.0, 2.0, 30.0, 60.5), 0.5)
    assert (detection.track, detection.body_model, detection.face_model) == ("7", "osnet", "f")


def test_a_reading_of_a_badge_needs_no_vector(path: Path) -> None:
    with_detections(path, {"of": 1, "body": None, "carried": {"kind": "badge", "value": "a1"}})
    assert DataFolder.read(path).rows.carried == {1: CarriedThing("badge", "A1")}


def test_a_query_needs_a_vector(path: Path) -> None:
    with_detections(path, {"of": 0, "body": None, "face": None, "carried": {"kind": "badge", "value": "a1"}})
    assert "queries.jsonl:1: detection: 'd0' has neither a body nor a face vector" in fault(path)


def test_ids_may_be_numbers(path: Path) -> None:
    write_network(path / "cameras.geojson", [point(1, 0, 0), point(2, 0.001, 0), line(1, 2)])
    write_lines(path / "detections.jsonl", [{"id": 5, "camera": 2, "time": "2026-03-01T00:00:00Z", "body": 0}])
    write_lines(path / "queries.jsonl", [{"query": 9, "detection": 5, "came_from": 1, "horizon_s": 60}])
    write_lines(path / "passages.jsonl", [{"detections": [5]}])
    write_lines(path / "truth.jsonl", [{"query": 9, "detections": []}])
    folder = DataFolder.read(path)
    assert (folder.rows.ids, folder.passages, folder.truth) == (["5"], (("5",),), {"9": ()})
    assert folder.ways[0].origin == "1"


def test_metres_that_are_not_stated_are_those_of_the_line(path: Path) -> None:
    features = [point(name, *place) for name, place in POINTS.items()]
    bent = line("b", "c")
    bent["geometry"]["coordinates"].insert(1, (13.401, 52.501))
    write_network(path / "cameras.geojson", [*features, line("a", "b"), bent])
    metres = {(way.origin, way.target): way.metres for way in DataFolder.read(path).ways}
    assert metres["a", "b"] == metres["b", "a"] == pytest.approx(67.9, abs=0.2)
    assert metres["b", "c"] == pytest.approx(111.3 + 130.4, abs=1)


def test_a_line_is_a_way_both_ways_unless_it_says_one_way(path: Path) -> None:
    features = [point(name, *place) for name, place in POINTS.items()]
    write_network(path / "cameras.geojson", [*features, line("a", "b", metres=70), line("b", "c", one_way=True)])
    ways = {(way.origin, way.target) for way in DataFolder.read(path).ways}
    assert ways == {("a", "b"), ("b", "a"), ("b", "c")}


@pytest.mark.parametrize(
    "time",
    ["2026-03-01 10:01:00+00:00", "2026-03-01T18:01:00+0800", "20260301T100100Z", "2026-03-01T10:01Z",
     "2026-03-01T10:01:00,000Z", "2026-W09-7T10:01:00Z"],
)  # fmt: skip
def test_a_time_with_a_zone_may_have_any_form_of_iso_8601(path: Path, time: str) -> None:
    with_detections(path, {"of": 1, "time": time})
    assert DataFolder.read(path).rows.times[1] == datetime(2026, 3, 1, 10, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("dtype", ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_vectors_may_have_any_precision_and_arrangement(path: Path, dtype: str, order: Any) -> None:
    np.save(path / "body.npy", np.array([[1, 0], [0, 30000], [-2, 2], [0.0001, 0]], dtype, order=order))
    bodies = [one.body for one in DataFolder.read(path).sightings() if one.body is not None]
    assert np.allclose(bodies, [[1, 0], [0, 1], [-(0.5**0.5), 0.5**0.5], [1, 0]], atol=1e-3)


def test_lengths_that_no_square_can_hold_are_brought_to_one(path: Path) -> None:
    np.save(path / "body.npy", np.array([[1e200, 0], [0, 1e-200], [1e300, 1e300], [1, 0]]))
    lengths = [np.linalg.norm(one.body) for one in DataFolder.read(path).sightings() if one.body is not None]
    assert np.allclose(lengths, 1)


def test_blank_lines_a_byte_order_mark_and_no_last_newline_do_not_matter(path: Path) -> None:
    lines = [json.dumps(one) for one in DETECTIONS]
    (path / "detections.jsonl").write_bytes(b"\xef\xbb\xbf" + "\r\n\r\n".join(lines).encode())
    folder = DataFolder.read(path)
    assert folder.rows.ids == ["d0", "d1", "d2", "d3"]
    assert folder.rows.lines.tolist() == [1, 3, 5, 7]


def test_a_line_said_twice_counts_once(path: Path) -> None:
    write_lines(path / "detections.jsonl", [*DETECTIONS, DETECTIONS[1]])
    assert DataFolder.read(path).rows.ids == ["d0", "d1", "d2", "d3"]


def test_one_id_for_two_detections_is_refused(path: Path) -> None:
    write_lines(path / "detections.jsonl", [*DETECTIONS, DETECTIONS[1] | {"body": 0}])
    assert "detections.jsonl:5: id: 'd1' is that of line 2 already" in fault(path)


BAD_DETECTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown camera": ({"camera": "x"}, "camera: 'x' is no camera of cameras.geojson"),
    "no zone": ({"time": "2026-03-01T10:01:00"}, "time: '2026-03-01T10:01:00' has no zone; expected a time with"),
    "no time": ({"time": "yesterday"}, "time: 'yesterday': expected a time with its zone"),
    "no such day": ({"time": "2026-02-30T10:00:00Z"}, "time: '2026-02-30T10:00:00Z': expected a time with its zone"),
    "year 1": ({"time": "0001-01-01T00:00:00+14:00"}, "time: 0001-01-01T00:00:00+14:00; expected a time of this age"),
    "leap second": ({"time": "2026-06-30T23:59:60Z"}, "time: '2026-06-30T23:59:60Z': expected a time with its zone"),
    "number for a time": ({"time": 1772359260}, "time: expected a time with its zone"),
    "body beyond": ({"body": 4}, "body: 4; body.npy has 4 rows"),
    "body below": ({"body": -1}, "body: expected 'int' >= 0"),
    "body huge": ({"body": 1 << 40}, "body: expected 'int'"),
    "body no number": ({"body": "1"}, "body: expected 'int | null', got 'str'"),
    "face beyond": ({"face": 2}, "face: 2; face.npy has 2 rows"),
    "no vectors": ({"body": None}, "neither a body nor a face vector"),
    "quality": ({"quality": 1.5}, "quality: expected 'float' <= 1.0"),
    "box short": ({"box": [1, 2, 3]}, "box: expected 'array' of length 4"),
    "box without area": ({"box": [1, 2, 0, 3]}, "box: [1.0, 2.0, 0.0, 3.0]; expected left, top, width and height"),
    "two directions": ({"direction": 1, "direction_deg": 2}, "direction and direction_deg differ"),
    "empty id": ({"id": ""}, "id: expected 'str' of length >= 1"),
    "id is a list": ({"id": []}, "id: expected"),
    "carried": ({"carried": {"kind": "badge"}}, "carried: object missing required field 'value'"),
}


@pytest.mark.parametrize(("change", "expected"), BAD_DETECTIONS.values(), ids=list(BAD_DETECTIONS))
def test_a_bad_detection_is_told_with_its_line(path: Path, change: dict[str, Any], expected: str) -> None:
    with_detections(path, {"of": 1} | change)
    assert f"detections.jsonl:2: {expected}" in fault(path)


NO_DETECTIONS = {
    "broken": (b"{broken", "no JSON object on one line"),
    "no text": (b'{"id": "\xff"}', "detections.jsonl:5"),
    "list": (b"[]", "expected 'obj"),
    "id alone": (b'{"id": "d9"}', "missing required field"),
    "cut": (b'{"id": "d9", "camera": "a", "ti', "no JSON object"),
    "nested": (b'{"id": "d9", "x": ' + b"[" * 100_000, "brackets within brackets"),
    "half a character": (b'{"id": "\\ud800"}', "no JSON object"),
    "huge number": (b'{"id": "d9", "quality": ' + b"9" * 5_000 + b"}", "number out of range"),
}


@pytest.mark.parametrize(("written", "expected"), NO_DETECTIONS.values(), ids=list(NO_DETECTIONS))
def test_a_line_that_is_no_detection_is_told(path: Path, written: bytes, expected: str) -> None:
    with (path / "detections.jsonl").open("ab") as file:
        file.write(written)
    said = fault(path)
    assert "detections.jsonl:5: " in said
    assert expected in said


@pytest.mark.parametrize(("bad", "expected"), [(0.0, "is all zeros"), (np.nan, "not finite"), (np.inf, "not finite")])
def test_a_vector_without_direction_is_told_with_the_line_that_names_it(path: Path, bad: float, expected: str) -> None:
    bodies = np.load(path / "body.npy")
    bodies[2] = bad
    np.save(path / "body.npy", bodies)
    assert "detections.jsonl:3: body: row 2 of body.npy" in (said := fault(path))
    assert expected in said


def test_a_vector_without_direction_that_nobody_names_does_not_matter(path: Path) -> None:
    np.save(path / "body.npy", np.vstack([np.load(path / "body.npy"), np.zeros((1, 3), np.float16)]))
    assert len(DataFolder.read(path).bodies) == 5


def a_folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def archive() -> bytes:
    written = io.BytesIO()
    np.savez(written, a=np.ones((4, 3)))
    return written.getvalue()


BAD_VECTORS: dict[str, tuple[Callable[[Path], object], str]] = {
    "absent": (lambda p: p.unlink(), "No such file"),
    "a folder": (a_folder_instead, "Is a directory"),
    "empty": (lambda p: p.write_bytes(b""), "no whole .npy file"),
    "text": (lambda p: p.write_bytes(b"1 2 3\n"), "no whole .npy file"),
    "cut in the header": (lambda p: p.write_bytes(p.read_bytes()[:20]), "no whole .npy file"),
    "cut in the numbers": (lambda p: p.write_bytes(p.read_bytes()[:-3]), "no whole .npy file"),
    "pickled": (lambda p: np.save(p, np.array([{"a": 1}]), allow_pickle=True), "no whole .npy file"),
    "bare pickle": (lambda p: p.write_bytes(b"\x80\x04K\x01."), "no whole .npy file"),
    "archive": (lambda p: p.write_bytes(archive()), "an archive of"),
    "whole numbers": (lambda p: np.save(p, np.ones((4, 3), np.int8)), "numbers of type int8; expected float16"),
    "complex": (lambda p: np.save(p, np.ones((4, 3), np.complex64)), "numbers of type complex64"),
    "one dimension": (lambda p: np.save(p, np.ones(4)), "shape (4,); expected (vectors, width)"),
    "three dimensions": (lambda p: np.save(p, np.ones((4, 3, 1))), "expected (vectors, width)"),
    "no width": (lambda p: np.save(p, np.ones((4, 0))), "expected (vectors, width)"),
    "too few": (lambda p: np.save(p, np.ones((0, 3))), "body.npy has 0 rows"),
}


@pytest.mark.parametrize(("spoil", "expected"), BAD_VECTORS.values(), ids=list(BAD_VECTORS))
def test_a_file_that_holds_no_vectors_is_refused(path: Path, spoil: Callable[[Path], object], expected: str) -> None:
    spoil(path / "body.npy")
    assert "body.npy" in (said := fault(path))
    assert expected in said


@pytest.mark.parametrize(
    ("name", "bad", "expected"),
    [
        ("passages.jsonl", {"detections": ["d3", "d9"]}, "'d9' is no detection"),
        ("passages.jsonl", {"detections": "d3"}, "detections: expected 'array', got 'str'"),
        ("queries.jsonl", {"query": "q1", "detection": "d9", "horizon_s": 60}, "'d9' is no detection"),
        ("queries.jsonl", {"query": "q1", "detection": "d0", "horizon_s": 0}, "horizon_s: expected 'float' > 0"),
        ("queries.jsonl", {"query": "q1", "detection": "d0", "horizon_s": None}, "horizon_s: expected 'float'"),
        ("queries.jsonl", {"query": "q1", "detection": "d0"}, "missing required field 'horizon_s'"),
        ("queries.jsonl", {"query": "q0", "detection": "d0", "horizon_s": 60}, "query: 'q0' is there twice"),
        ("queries.jsonl", {"query": "q1", "detection": "d0", "horizon_s": 6, "came_from": "x"}, "came_from: 'x' is no"),
        ("truth.jsonl", {"query": "q7", "detections": []}, "query: 'q7' is no query of queries.jsonl"),
        ("truth.jsonl", {"query": "q0", "detections": []}, "query: 'q0' is there twice"),
        ("truth.jsonl", {"query": "q0"}, "missing required field 'detections'"),
    ],
)
def test_a_bad_line_of_another_file_is_told_with_its_line(path: Path, name: str, bad: Any, expected: str) -> None:
    with (path / name).open("a") as file:
        file.write(json.dumps(bad) + "\n")
    said = fault(path)
    assert f"{name}:2: " in said
    assert expected in said


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        (point("a", 0, 0), '"a" is the id of'),
        (point("d", 0, 91), "coordinates"),
        (point("d", 200, 0), "coordinates"),
        (point(None, 0, 0), "camera"),
        (line("a", "x"), 'no camera "x"'),
        (line("a", "a", metres=5), '"a" to itself'),
        (line("a", "b", metres=-5), "metres"),
        (line("a", "b", metres="far"), "metres"),
        ({"type": "Feature", "geometry": None, "properties": {}}, "geometry"),
        ({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": []}, "properties": {}}, "Polygon"),
    ],
)
def test_a_bad_camera_or_way_is_told_with_its_number(path: Path, feature: Any, expected: str) -> None:
    whole = json.loads((path / "cameras.geojson").read_text())
    write_network(path / "cameras.geojson", [*whole["features"], feature])
    said = fault(path)
    assert "cameras.geojson" in said
    assert "7" in said
    assert expected in said


@pytest.mark.parametrize("written", ["", "{", "[]", '{"type": "FeatureCollection"}', "\x00"])
def test_a_network_that_is_no_geojson_is_refused(path: Path, written: str) -> None:
    (path / "cameras.geojson").write_text(written)
    assert "cameras.geojson" in fault(path)


@pytest.mark.parametrize("name", ["cameras.geojson", "detections.jsonl"])
def test_a_file_that_must_be_there_is_named(path: Path, name: str) -> None:
    (path / name).unlink()
    assert name in fault(path)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    assert "no folder; expected one with cameras.geojson" in fault(tmp_path / "nowhere")


def test_of_many_faults_the_first_are_told_and_all_counted(path: Path) -> None:
    bad = [{"id": f"x{n}", "camera": "nowhere", "time": "2026-03-01T10:00:00Z", "body": 0} for n in range(50)]
    write_lines(path / "detections.jsonl", [*DETECTIONS, *bad])
    said = fault(path)
    assert "50 faults" in said
    assert said.count("nowhere") == 20
    assert "and 30 more" in said


def test_faults_of_several_files_are_told_together(path: Path) -> None:
    with_detections(path, {"of": 1, "camera": "x"})
    (path / "queries.jsonl").write_text("{}\n")
    said = fault(path)
    assert "detections.jsonl:2" in said
    assert "queries.jsonl:1" in said
