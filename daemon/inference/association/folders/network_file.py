"""cameras.geojson of a folder: points are cameras, lines are ways between them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from daemon.errors import UnreadableFile
from daemon.inference.association.folders.faults import Faults
from daemon.inference.association.folders.lines import told
from daemon.inference.association.network.geodesy import line_between
from daemon.ports.sightings import Camera, Way

Identifier = Annotated[str, Meta(min_length=1)] | int


class _CameraProperties(msgspec.Struct):
    camera: Identifier
    heading_deg: float | None = None
    field_of_view_deg: float | None = None
    name: str = ""


class _WayProperties(msgspec.Struct, rename={"origin": "from", "target": "to"}):
    origin: Identifier
    target: Identifier
    metres: Annotated[float, Meta(gt=0)] | None = None


class _Point(msgspec.Struct, tag="Point", tag_field="type"):
    coordinates: Annotated[list[float], Meta(min_length=2)]


class _Line(msgspec.Struct, tag="LineString", tag_field="type"):
    coordinates: list[Annotated[list[float], Meta(min_length=2)]]


class _Feature(msgspec.Struct):
    geometry: _Point | _Line
    properties: msgspec.Raw


class _Collection(msgspec.Struct):
    features: list[msgspec.Raw]


def read_network(path: Path, faults: Faults) -> tuple[list[Camera], list[Way]]:
    """Return cameras and ways. Metres that are not stated are the length of the line. Raises UnreadableFile."""
    try:
        collection = msgspec.json.decode(path.read_bytes(), type=_Collection)
    except OSError as exc:
        raise UnreadableFile(f"{path}: {exc.strerror or exc}") from exc
    except (msgspec.MsgspecError, UnicodeError) as exc:
        raise UnreadableFile(f"{path}: no GeoJSON feature collection: {exc}") from exc
    cameras: dict[str, Camera] = {}
    lines: list[tuple[str, _Line, _WayProperties]] = []
    for number, raw in enumerate(collection.features):
        where = f"{path.name}: feature {number}"
        try:
            feature = msgspec.json.decode(raw, type=_Feature)
            if isinstance(feature.geometry, _Point):
                _add_camera(cameras, feature.geometry, feature.properties, where, faults)
            else:
                lines.append((where, feature.geometry, msgspec.json.decode(feature.properties, type=_WayProperties)))
        except (msgspec.MsgspecError, UnicodeError) as exc:
            faults.add(where, told(exc) if isinstance(exc, msgspec.MsgspecError) else str(exc))
    ways = [way for line in lines if (way := _way(*line, cameras, faults)) is not None]
    return list(cameras.values()), ways


def _add_camera(cameras: dict[str, Camera], point: _Point, properties: msgspec.Raw, where: str, faults: Faults) -> None:
    found = msgspec.json.decode(properties, type=_CameraProperties)
    longitude, latitude = point.coordinates[:2]
    identifier = str(found.camera)
    if identifier in cameras:
        faults.add(where, f"camera: {identifier!r} is there twice")
    if not (abs(longitude) <= 180 and abs(latitude) <= 90):
        faults.add(where, f"coordinates: [{longitude}, {latitude}]; expected longitude and latitude in degrees")
    cameras[identifier] = Camera(
        id=identifier, longitude=longitude, latitude=latitude, heading_deg=found.heading_deg,
        field_of_view_deg=found.field_of_view_deg, name=found.name,
    )  # fmt: skip


def _way(where: str, line: _Line, found: _WayProperties, cameras: dict[str, Camera], faults: Faults) -> Way | None:
    origin, target = str(found.origin), str(found.target)
    unknown = [name for name in (origin, target) if name not in cameras]
    if unknown or origin == target:
        faults.add(where, f"a way from {origin!r} to {target!r}; expected two cameras of this file")
        return None
    metres = found.metres or _length(cameras[origin], line, cameras[target])
    if metres <= 0:
        faults.add(where, f"a way of no length from {origin!r} to {target!r}; expected metres above 0")
        return None
    return Way(origin=origin, target=target, metres=metres)


def _length(origin: Camera, line: _Line, target: Camera) -> float:
    inner: list[Any] = [Camera(id="", longitude=point[0], latitude=point[1]) for point in line.coordinates[1:-1]]
    places = [origin, *inner, target]
    return sum(line_between(one, other).metres for one, other in pairwise(places))
