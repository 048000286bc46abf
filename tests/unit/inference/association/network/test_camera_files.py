"""Networks of cameras from GeoJSON, JSON and CSV, and back."""

from __future__ import annotations

import codecs
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.network import camera_files, camera_json
from daemon.inference.association.network.camera_files import CameraFile, geojson_of, parse_cameras, read_cameras
from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.ports.sightings import Camera, Way

SHARED = Path(__file__).parents[6] / "shared" / "data" / "association" / "cameras.geojson"


def point(camera: object, longitude: object, latitude: object, /, **properties: object) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [longitude, latitude]}
    return {"type": "Feature", "geometry": geometry, "properties": {"camera": camera, **properties}}


def line(origin: object, target: object, *coordinates: list[float], **properties: object) -> dict[str, Any]:
    geometry = {"type": "LineString", "coordinates": coordinates or [[0.0, 0.0], [0.001, 0.0]]}
    return {"type": "Feature", "geometry": geometry, "properties": {"from": origin, "to": target, **properties}}


def collection(*features: object, **more: object) -> bytes:
    return msgspec.json.encode({"type": "FeatureCollection", "features": features, **more})


A, B = point("a", 0.0, 0.0), point("b", 0.001, 0.0)
THERE = line("a", "b", metres=120.0)
TWO = (
    Camera(id="a", longitude=0.0, latitude=0.0),
    Camera(id="b", longitude=0.001, latitude=0.0),
)
BOTH_WAYS = {Way(origin="a", target="b", metres=120.0), Way(origin="b", target="a", metres=120.0)}


def read(folder: Path, content: bytes | str, name: str = "cameras.csv") -> CameraFile:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_cameras(path)


def faults(content: bytes) -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        parse_cameras(content)
    return dict(refused.value.faults)


def warnings(*features: object) -> dict[str, str]:
    return {warning.place: warning.message for warning in parse_cameras(collection(*features)).warnings}


def test_a_line_stands_for_both_ways() -> None:
    found = parse_cameras(collection(A, B, THERE))
    assert found.cameras == TWO
    assert set(found.ways) == BOTH_WAYS
    assert found.warnings == ()


def test_lines_in_both_directions_are_the_same_network() -> None:
    found = parse_cameras(collection(A, B, THERE, line("b", "a", metres=120.0)))
    assert set(found.ways) == BOTH_WAYS
    assert len(found.ways) == 2


def test_both_directions_may_be_of_different_length() -> None:
    found = parse_cameras(collection(A, B, THERE, line("b", "a", metres=150.0)))
    assert {(way.origin, way.metres) for way in found.ways} == {("a", 120.0), ("b", 150.0)}


def test_a_line_of_one_way_is_one_and_is_warned_of() -> None:
    one_way = line("a", "b", metres=120.0, one_way=True)
    assert parse_cameras(collection(A, B, one_way)).ways == (Way(origin="a", target="b", metres=120.0),)
    assert "alone" in warnings(A, B, one_way)["features.2"]


def test_a_way_back_that_is_missing_where_others_have_theirs_is_warned_of() -> None:
    c = point("c", 0.002, 0.0)
    found = warnings(A, B, c, THERE, line("b", "a", metres=120.0), line("b", "c", metres=120.0))
    assert "counts both ways" in found["features.5"]


def test_what_is_optional_is_read() -> None:
    stated = point(
        "a", 0.0, 0.0, heading=90, field_of_view=75.5, clock_offset_s=-1.5, clock_rate=1e-5,
        clock_since="2026-03-01T08:00:00+08:00", clock_sd_s=0.5, name="North gate 北门",
    )  # fmt: skip
    (camera,) = parse_cameras(collection(stated)).cameras
    assert camera == Camera(
        id="a", longitude=0.0, latitude=0.0, heading_deg=90.0, field_of_view_deg=75.5, clock_offset_s=-1.5,
        clock_rate=1e-5, clock_since=datetime(2026, 3, 1, tzinfo=UTC), clock_sd_s=0.5, name="North gate 北门",
    )  # fmt: skip


def test_north_is_0_however_it_is_written() -> None:
    assert parse_cameras(collection(point("a", 0, 0, heading=360))).cameras[0].heading_deg == 0


def test_whole_numbers_are_ids() -> None:
    found = parse_cameras(collection(point(1, 0, 0), point(2, 0.001, 0), line(1, 2, metres=120)))
    assert [camera.id for camera in found.cameras] == ["1", "2"]


def test_the_id_of_a_feature_will_do() -> None:
    feature = {"type": "Feature", "id": "a", "geometry": A["geometry"], "properties": None}
    assert parse_cameras(collection(feature)).cameras[0].id == "a"


def test_metres_that_are_not_stated_are_those_of_the_straight_line() -> None:
    found = parse_cameras(collection(A, B, line("a", "b")))
    assert found.ways[0].metres == pytest.approx(111.3)


def test_metres_that_are_not_stated_follow_the_line_round_its_corners() -> None:
    found = parse_cameras(collection(A, B, line("a", "b", [0.0, 0.0], [0.0, 0.001], [0.001, 0.001], [0.001, 0.0])))
    assert found.ways[0].metres == pytest.approx(111.3 + 2 * 110.6, abs=0.3)


def test_cameras_on_one_mast_are_a_step_apart() -> None:
    twin = point("twin", 0.0, 0.0)
    assert parse_cameras(collection(A, twin, line("a", "twin", [0, 0], [0, 0]))).ways[0].metres == 1.0


@pytest.mark.parametrize(
    "content",
    [
        {"cameras": [{"id": "a", "longitude": 0, "latitude": 0}, {"id": "b", "lon": 0.001, "lat": 0}],
         "ways": [{"from": "a", "to": "b", "metres": 120}]},
        [{"id": "a", "longitude": 0, "latitude": 0}, {"id": "b", "lng": 0.001, "lat": 0},
         {"from": "a", "to": "b", "metres": 120}],
        [{"camera": "a", "position": [0, 0]}, {"camera": "b", "position": [0.001, 0]},
         {"source": "a", "target": "b", "distance": 120}],
        [A, B, THERE],
        {"nodes": [{"id": "a", "x": 0, "y": 0}, {"id": "b", "x": 0.001, "y": 0}],
         "edges": [{"from": "a", "to": "b", "distance_km": 0.12}]},
        {"相机": [{"编号": "a", "经度": 0, "纬度": 0}, {"编号": "b", "经度": 0.001, "纬度": 0}],
         "路径": [{"起点": "a", "终点": "b", "距离": 120}]},
    ],
)  # fmt: skip
def test_json_is_read_in_every_form(content: object) -> None:
    found = parse_cameras(msgspec.json.encode(content))
    assert found.cameras == TWO
    assert set(found.ways) == BOTH_WAYS


CSVS = {
    "one of both": "kind,id,longitude,latitude,from,to,metres\ncamera,a,0,0,,,\ncamera,b,0.001,0,,,\nway,,,,a,b,120\n",
    "without kinds": "id,lon,lat,from,to,metres\na,0,0,,,\nb,0.001,0,,,\n,,,a,b,120\n",
    "semicolons": "id;longitude;latitude;from;to;metres\na;0;0;;;\nb;0,001;0;;;\n;;;a;b;120,0 m\n",
    "tabs": "Camera ID\tLongitude\tLatitude\tFrom\tTo\tLength (km)\n"
    "a\t0\t0\t\t\t\nb\t0.001\t0\t\t\t\n\t\t\ta\tb\t0.12\n",
    "Chinese": "类型,相机编号,经度,纬度,起点,终点,距离(米)\n相机,a,0,0,,,\n相机,b,0.001,0,,,\n路径,,,,a,b,120\n",
    "pairs": 'id,坐标,from,to,metres\na,"0,0",,,\nb,"0.001, 0",,,\n,,a,b,120\n',
    "a spreadsheet's mark": "sep=;\r\nid;lon;lat;from;to;metres\r\na;0;0;;;\r\nb;0.001;0;;;\r\n;;;a;b;120\r\n",
}


@pytest.mark.parametrize("form", CSVS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_csv_is_read_in_every_form_and_encoding(tmp_path: Path, form: str, encoding: str) -> None:
    found = read(tmp_path, CSVS[form].encode(encoding))
    assert found.cameras == TWO
    assert set(found.ways) == BOTH_WAYS


def test_cameras_and_ways_may_be_two_files(tmp_path: Path) -> None:
    cameras, ways = tmp_path / "相机.csv", tmp_path / "ways.csv"
    cameras.write_bytes("编号,经度,纬度,名称,朝向\na,0,0,北门,90\nb,0.001,0,南门,\n".encode("gbk"))
    ways.write_text("from,to,metres,one_way\na,b,120,否\n", encoding="utf-8")
    found = read_cameras(cameras, ways)
    assert [(camera.name, camera.heading_deg) for camera in found.cameras] == [("北门", 90.0), ("南门", None)]
    assert set(found.ways) == BOTH_WAYS
    assert any("gb18030, a guess" in warning.message for warning in found.warnings)


def test_faults_of_two_files_are_told_apart_by_line(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text('id,lon,lat,heading\na,0,0,\n"b\nb",0,200,5\na,0,0,x\nc,0\n', encoding="utf-8")
    (tmp_path / "w.csv").write_text("from,to,metres\na,z,9\n,a,\n", encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        read_cameras(tmp_path / "c.csv", tmp_path / "w.csv")
    places = dict(refused.value.faults)
    assert places.keys() == {"c.csv:3.lat", "c.csv:3.id", "c.csv:5.heading", "c.csv:6", "w.csv:2.to", "w.csv:3.from"}


@pytest.mark.parametrize(
    ("features", "place", "message"),
    [
        ([A, A], "features.1.properties.camera", 'is the id of features.0 too'),
        ([point("", 0, 0)], "features.0.properties.camera", "an id is expected"),
        ([point(None, 0, 0)], "features.0.properties.camera", "found nothing"),
        ([point(True, 0, 0)], "features.0.properties.camera", "an id is expected"),
        ([point(10**400, 0, 0)], "features.0.properties.camera", "an id is expected"),
        ([point("x" * 201, 0, 0)], "features.0.properties.camera", "visible characters"),
        ([point("a\x00b", 0, 0)], "features.0.properties.camera", "visible characters"),
        ([point("a", 0, 91)], "features.0.geometry.coordinates", "seem to be swapped"),
        ([point("a", 31.2, 121.5)], "features.0.geometry.coordinates", "seem to be swapped"),
        ([point("a", 181, 0)], "features.0.geometry.coordinates", "-180 to 180 degrees"),
        ([point("a", 100, -100)], "features.0.geometry.coordinates", "-90 to 90 degrees"),
        ([point("a", "0", 0)], "features.0.geometry.coordinates", "a number is expected"),
        ([point("a", None, 0)], "features.0.geometry.coordinates", "a number is expected"),
        ([point("a", 10**400, 0)], "features.0.geometry.coordinates", "a number is expected"),
        ([point("a", 0, 0, heading=400)], "features.0.properties.heading", "0 to under 360"),
        ([point("a", 0, 0, heading=-1)], "features.0.properties.heading", "0 to under 360"),
        ([point("a", 0, 0, heading="north")], "features.0.properties.heading", "a number is expected"),
        ([point("a", 0, 0, field_of_view=0)], "features.0.properties.field_of_view", "over 0 to 360"),
        ([point("a", 0, 0, clock_rate=2)], "features.0.properties.clock_rate", "gained in a second"),
        ([point("a", 0, 0, clock_offset_s=1e12)], "features.0.properties.clock_offset_s", "ahead of UTC"),
        ([point("a", 0, 0, clock_sd_s=-1)], "features.0.properties.clock_sd_s", "from 0 on"),
        ([point("a", 0, 0, clock_since="2026-01-01")], "features.0.properties.clock_since", "with its zone"),
        ([point("a", 0, 0, name=[1])], "features.0.properties.name", "text is expected"),
        ([A, B, line("a", "c", metres=9)], "features.2.properties.to", 'there is no camera "c"'),
        ([A, B, line("<script>", "b", metres=9)], "features.2.properties.from", 'there is no camera "<script>"'),
        ([A, B, line("a", "a", metres=9)], "features.2.properties.to", "to itself"),
        ([A, B, line("a", None, metres=9)], "features.2.properties.to", "the id of a camera is expected"),
        ([A, B, line("a", "b", metres=0)], "features.2.properties.metres", "over 0 is expected"),
        ([A, B, line("a", "b", metres=-5)], "features.2.properties.metres", "over 0 is expected"),
        ([A, B, line("a", "b", metres=60)], "features.2.properties.metres", "straight line has 111 m"),
        ([A, B, line("a", "b", metres="far")], "features.2.properties.metres", "a number is expected"),
        ([A, B, line("a", "b", metres=120, one_way="maybe")], "features.2.properties.one_way", "true or false"),
        ([A, B, THERE, line("a", "b", metres=130)], "features.3.properties.metres", "with 120 m, not 130"),
        ([A, B, line("a", "b", [0.0, 0.0])], "features.2.geometry.coordinates", "a list of positions"),
        ([A, {"type": "Feature", "geometry": {"type": "Polygon"}, "properties": {}}], "features.1.geometry.type",
         'found "Polygon"'),
        ([A, {"type": "Feature", "geometry": None, "properties": {}}], "features.1", "and a geometry"),
        ([A, {"type": "Feature", "geometry": {"type": "Point"}, "properties": {"camera": "x"}}],
         "features.1.geometry.coordinates", "longitude and latitude are expected"),
        ([A, 5], "features.1", "an object is expected"),
        ([A, None], "features.1", "an object is expected"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_place(features: list[Any], place: str, message: str) -> None:
    found = faults(collection(*features))
    assert message in found[place]
    assert len(found) == 1


def test_a_way_of_a_broken_camera_is_no_fault_of_its_own() -> None:
    assert faults(collection(A, point("b", "x", 0), THERE)).keys() == {"features.1.geometry.coordinates"}


def test_all_faults_are_told_at_once_and_the_first_in_words() -> None:
    many = [point("a", 0, 0, heading=999) for _ in range(150)]
    with pytest.raises(
        InvalidInput, match=r"town\.json, features\.0\.properties\.heading: .* and 298 more faults"
    ) as all_:
        parse_cameras(collection(*many), "town.json")
    assert len(all_.value.faults) == 100


def test_a_file_that_is_wrong_throughout_is_not_read_to_its_end() -> None:
    with pytest.raises(InvalidInput, match="and 999 or more faults"):
        parse_cameras(b"[" + b"{}," * 5_000 + b"{}]")


def test_a_single_swapped_camera_among_others_is_found() -> None:
    features = [point(str(n), 51.4 + n * 0.001, 35.7) for n in range(5)] + [point("x", 35.7, 51.4)]
    assert "swapped" in faults(collection(*features))["features.5.geometry.coordinates"]


def test_a_network_that_is_swapped_as_a_whole_is_told_by_its_ways() -> None:
    """London: swapped, it lies at the equator, where a degree to the east is longer."""
    places = [(-0.12 + east * 0.002, 51.5 + north * 0.002) for east in range(3) for north in range(3)]
    ways = [(a, b) for a in range(9) for b in range(a + 1, 9) if b - a in (1, 3) and (b - a == 3 or b % 3)]
    right = parse_cameras(collection(*_town(places, ways)))
    assert len(right.ways) == 2 * len(ways)
    metres = {(way.origin, way.target): way.metres for way in right.ways}
    swapped = [point(str(n), latitude, longitude) for n, (longitude, latitude) in enumerate(places)]
    lines = [line(str(a), str(b), metres=metres[str(a), str(b)]) for a, b in ways]
    assert "of all cameras" in faults(collection(*swapped, *lines))[""]


def _town(places: list[tuple[float, float]], ways: list[tuple[int, int]]) -> list[dict[str, Any]]:
    points = [point(str(n), *place) for n, place in enumerate(places)]
    return [*points, *(line(str(a), str(b), list(places[a]), list(places[b])) for a, b in ways)]


@pytest.mark.parametrize(
    ("features", "place", "message"),
    [
        ([A, B, THERE, point("c", 0, 0.001)], "features.3", "no way leads"),
        ([A, B, THERE, THERE], "features.3", "is in features.2 too"),
        ([A, B, line("a", "b", metres=5_000)], "features.2.properties.metres", "the straight line has 111 m"),
        ([A, B, line("a", "b", metres=250_000)], "features.2.properties.metres", "250 km"),
        ([point("a", 0, 0, clock_offset_s=28_800 * 2), B, THERE], "features.0.properties.clock_offset_s", "zone"),
        ([point("a", 0, 0, clock_rate=1e-5), B, THERE], "features.0.properties.clock_rate", "without clock_since"),
        ([point("a", 0, 0, headng=5), B, THERE], "features.0.headng", 'did you mean "heading"'),
    ],
)
def test_what_is_odd_is_warned_of_and_read(features: list[Any], place: str, message: str) -> None:
    found = warnings(*features)
    assert message in found[place]
    assert len(found) == 1


def test_positions_that_are_rounded_are_forgiven() -> None:
    assert parse_cameras(collection(A, B, line("a", "b", metres=106.5))).warnings == ()
    assert faults(collection(A, B, line("a", "b", metres=105.0)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\t ", "is empty"),
        (codecs.BOM_UTF8, "is empty"),
        (b"{", "is no JSON"),
        (b"nonsense", "is no JSON"),
        (b'{"type": "FeatureCollection", "features": [NaN]}', "is no JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "nested far deeper"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested far deeper"),
        (b'{"type": "FeatureCollection", "features": {}}', "a list of features"),
        (b'{"type": "Topology", "objects": {}}', "is expected, found an object"),
        (b'{"cameras": {}}', "a list is expected in cameras"),
        (b'"text"', "an object or a list"),
        (b"5", "an object or a list"),
        ('{"相机": []}'.encode("gb18030"), "is not UTF-8"),
    ],
)
def test_what_is_no_network_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        parse_cameras(content)


@pytest.mark.parametrize("content", [b"[]", b'{"cameras": []}', collection(), b'{"ways": [], "cameras": []}'])
def test_a_network_without_cameras_is_none(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="holds no camera"):
        parse_cameras(content)


def test_other_reference_systems_are_refused() -> None:
    mercator = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    wgs84 = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert "WGS 84" in faults(collection(A, B, THERE, crs=mercator))["crs"]
    assert parse_cameras(collection(A, B, THERE, crs=wgs84)).cameras == TWO


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04rest", "ZIP archive or Excel"),
        (b"\x01\x02\x03\x04" * 100, "binary"),
        (b"<html></html>", "XML or a web page"),
        (b"", "is empty"),
        (b"\n\n\n", "is empty"),
        (b"colour,size\nred,5\n", "columns id, longitude and latitude"),
        (b'{"cameras": [{"id": "a\xff", "longitude": 0, "latitude": 0, "name": "' + "北门".encode() * 40 + b'"}]}',
         "line 1: bytes that are no text"),
    ],
)  # fmt: skip
def test_files_of_other_kinds_are_refused_by_what_they_are(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message):
        read(tmp_path, content, "file")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="a directory"):
        read_cameras(tmp_path)
    with pytest.raises(UnreadableFile, match="No such file"):
        read_cameras(tmp_path / "absent.json")
    with pytest.raises(UnreadableFile, match="null"):
        read_cameras(tmp_path / "a\0b")
    with pytest.raises(UnreadableFile, match="no regular file"):
        read_cameras(Path("/dev/null"))


def test_huge_files_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(camera_files.MAX_BYTES + 1)
    with pytest.raises(UnreadableFile, match="at most 33,554,432 are read"):
        read_cameras(tmp_path / "huge.json")
    monkeypatch.setattr(camera_files, "MAX_BYTES", 10)
    with pytest.raises(UnreadableFile, match="at most 10 are read"):
        parse_cameras(b" " * 11)
    monkeypatch.undo()
    monkeypatch.setattr(camera_json, "_MOST_VALUES", 1_000)
    with pytest.raises(UnreadableFile, match="more than 1,000 values"):
        parse_cameras(b"[" + b"0," * 1_000 + b"0]")


def test_lengths_that_may_be_thousands_are_asked_about(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="thousands or thousandths"):
        read(tmp_path, 'from,to,metres,id,lon,lat\n,,,a,0,0\n,,,b,0.001,0\na,b,"1,200",,,\n')


def test_a_row_that_cannot_be_read_is_named_and_the_next_one_is_read(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(tmp_path, 'id,lon,lat\n"a"x,0,0\nb,200,0\n')
    assert dict(refused.value.faults).keys() == {"cameras.csv:2", "cameras.csv:3.lon"}


IDS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
CAMERAS = st.builds(
    Camera,
    id=IDS,
    longitude=st.floats(10, 10.2),
    latitude=st.floats(50, 50.2),
    heading_deg=st.none() | st.floats(0, 359.9),
    field_of_view_deg=st.none() | st.floats(1, 360),
    clock_offset_s=st.floats(-1e4, 1e4),
    clock_rate=st.floats(-0.01, 0.01),
    clock_since=st.none() | st.datetimes(timezones=st.just(UTC)),
    clock_sd_s=st.floats(0, 100),
    name=st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=12),
)


@settings(max_examples=40)
@given(st.lists(CAMERAS, min_size=2, max_size=6, unique_by=lambda camera: camera.id), st.data())
def test_what_is_written_reads_back_as_it_was(cameras: list[Camera], data: st.DataObject) -> None:
    pairs = [(a.id, b.id) for a in cameras for b in cameras if a.id != b.id]
    lengths = data.draw(st.dictionaries(st.sampled_from(pairs), st.sampled_from([30_000.0, 40_000.5])))
    ways = [Way(origin=a, target=b, metres=metres) for (a, b), metres in lengths.items()]
    content = msgspec.json.encode(geojson_of(cameras, ways))
    found = parse_cameras(content)
    assert list(found.cameras) == cameras
    assert sorted(found.ways, key=repr) == sorted(ways, key=repr)
    assert not any("counts both ways" in warning.message for warning in found.warnings)


@given(st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["type", "features", "cameras", "ways", "geometry", "properties", "coordinates",
                                         "camera", "from", "to", "metres", "id", "longitude", "latitude"]),
                        inner, max_size=4), max_leaves=12))  # fmt: skip
def test_whatever_json_comes_it_is_read_or_refused(content: object) -> None:
    with suppress(InvalidInput, UnreadableFile):
        assert parse_cameras(msgspec.json.encode(content)).cameras


@given(st.binary(max_size=300))
def test_whatever_bytes_come_they_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes"
    path.write_bytes(content)
    with pytest.raises((InvalidInput, UnreadableFile)):
        read_cameras(path)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not beside the repository")
def test_the_shared_network_is_read_whole() -> None:
    found = read_cameras(SHARED)
    assert (len(found.cameras), len(found.ways), found.warnings) == (256, 2 * 423, ())
    graph = CameraGraph.of(found.cameras, found.ways)
    assert len(graph.parts()) == 1
    assert parse_cameras(msgspec.json.encode(geojson_of(found.cameras, found.ways))).cameras == found.cameras
