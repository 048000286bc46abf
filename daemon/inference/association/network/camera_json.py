"""Networks as JSON: GeoJSON (RFC 7946) and our own form, as drafts.

GeoJSON: a FeatureCollection of Points with `camera` (its id) and, where known, `heading_deg`, `field_of_view_deg`,
`clock_offset_s`, `clock_rate`, `clock_since`, `clock_sd_s`, `name`; of LineStrings with `from`, `to`, `metres`,
`one_way`. Our own: {"cameras": [{"id", "longitude", "latitude", ...}], "ways": [{"from", "to", "metres"}]}, or one list
of both. Other names that are common for these are known too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from daemon.errors import UnreadableFile
from daemon.inference.association.network.camera_columns import POSITION, fields_of, slips
from daemon.inference.association.network.draft_values import Draft
from daemon.inference.association.network.validation import Finding, Findings, quoted

#: Brackets and commas of a text, above which it is no network: values take up to a hundred bytes each once read.
_MOST_VALUES: Final = 2_000_000
#: Names of properties that are looked at for slips of the pen, and how long such a name is.
_MOST_NAMES: Final = 200
_LONGEST_NAME: Final = 40
_NOT_WGS84: Final = "coordinates are expected in WGS 84, longitude before latitude (RFC 7946)"
_WGS84: Final = ("crs84", "4326", "4979", "wgs84", "wgs 84")
_CAMERA_LISTS: Final = ("cameras", "nodes", "points", "相机", "摄像头")
_WAY_LISTS: Final = ("ways", "links", "edges", "lines", "路径", "连接")


def json_drafts(text: str, name: str, findings: Findings) -> Iterator[Draft]:
    """Return the drafts of a JSON text. Raises UnreadableFile for what is no JSON or holds no network."""
    found = _decoded(text, name)
    if isinstance(found, list):
        return _listed(found, "", "", findings)
    if not isinstance(found, dict):
        raise UnreadableFile(f"{name}: an object or a list of cameras and ways is expected, found {found!r:.40}")
    kind = found.get("type")
    if kind == "FeatureCollection" or isinstance(found.get("features"), list):
        _check_crs(found.get("crs"), findings)
        features = found.get("features")
        if not isinstance(features, list):
            raise UnreadableFile(f"{name}: a FeatureCollection with a list of features is expected")
        return _listed(features, "features", "", findings)
    if kind == "Feature":
        return _listed([found], "", "", findings)
    return _own_form(found, name, findings)


def _decoded(text: str, name: str) -> Any:
    if sum(map(text.count, ",[{")) > _MOST_VALUES:
        raise UnreadableFile(f"{name} holds more than {_MOST_VALUES:,} values; no network of cameras is that large")
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise UnreadableFile(f"{name} is no JSON: {error}") from error
    except RecursionError:
        raise UnreadableFile(f"{name} is nested far deeper than any network of cameras") from None


def _own_form(found: dict[str, Any], name: str, findings: Findings) -> Iterator[Draft]:
    lists = [(key, kind) for keys, kind in ((_CAMERA_LISTS, "camera"), (_WAY_LISTS, "way")) for key in keys]
    lists = [(key, kind) for key, kind in lists if key in found]
    if not lists:
        kinds = "a FeatureCollection, or an object with the lists cameras and ways"
        raise UnreadableFile(
            f"{name}: {kinds} is expected, found an object of {', '.join(map(quoted, list(found)[:5]))}"
        )
    for key, _ in lists:
        if not isinstance(found[key], list):
            raise UnreadableFile(f"{name}: a list is expected in {key}, found {type(found[key]).__name__}")
    return (draft for key, kind in lists for draft in _listed(found[key], key, kind, findings))


def _listed(items: list[Any], path: str, kind: str, findings: Findings) -> Iterator[Draft]:
    looked_at: set[str] = set()
    for number, item in enumerate(items):
        if findings.hopeless:
            return
        place = f"{path}.{number}" if path else str(number)
        if not isinstance(item, dict):
            findings.faults.append(Finding(place, f"an object is expected, found {type(item).__name__}"))
            continue
        is_feature = item.get("type") == "Feature" or isinstance(item.get("geometry"), dict)
        draft = _feature(item, place, findings) if is_feature else _plain(item, place, kind)
        if draft is None:
            continue
        new = [] if len(looked_at) > _MOST_NAMES else [name for name in draft[1] if name not in looked_at]
        looked_at.update(new)
        for slip, near in slips(name for name in new if len(name) <= _LONGEST_NAME):
            findings.warnings.append(Finding(f"{place}.{slip}", f'no such property; did you mean "{near}"?'))
        yield draft[0]


def _plain(item: dict[str, Any], place: str, kind: str) -> tuple[Draft, Mapping[str, Any]]:
    layout = fields_of(item)
    values = {field: item[name] for field, name in layout.items()}
    return Draft(place, values, layout, kind=kind), item


def _feature(item: dict[str, Any], place: str, findings: Findings) -> tuple[Draft, Mapping[str, Any]] | None:
    properties, geometry = item.get("properties") or {}, item.get("geometry")
    if not isinstance(properties, dict) or not isinstance(geometry, dict):
        findings.faults.append(Finding(place, "a feature with properties and a geometry is expected"))
        return None
    layout = fields_of(properties)
    values = {field: properties[name] for field, name in layout.items()}
    names = {field: f"properties.{name}" for field, name in layout.items()}
    coordinates = geometry.get("coordinates")
    match geometry.get("type"):
        case "Point":
            values[POSITION] = coordinates
            names |= dict.fromkeys((POSITION, "longitude", "latitude"), "geometry.coordinates")
            if "id" not in values and "id" in item:
                values["id"] = item["id"]
            # What stands in the properties beside the geometry may be of another datum.
            values = {field: value for field, value in values.items() if field not in {"longitude", "latitude"}}
            return Draft(place, values, {"id": "properties.camera", **names}, kind="camera"), properties
        case "LineString" if (line := _line(coordinates)) is not None:
            usual = {"origin": "properties.from", "target": "properties.to", "metres": "properties.metres"}
            return Draft(place, values, {**usual, **names}, line, kind="way"), properties
        case "LineString":
            findings.faults.append(Finding(f"{place}.geometry.coordinates", "a list of positions is expected"))
        case other:
            found = quoted(other) if isinstance(other, str) else "none"
            message = f"a Point for a camera or a LineString for a way is expected, found {found}"
            findings.faults.append(Finding(f"{place}.geometry.type", message))
    return None


def _line(coordinates: object) -> tuple[tuple[float, float], ...] | None:
    if not isinstance(coordinates, list) or len(coordinates) < 2 or not all(map(_is_position, coordinates)):
        return None
    return tuple((float(point[0]), float(point[1])) for point in coordinates)


def _is_position(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) >= 2
        and all(isinstance(part, int | float) and not isinstance(part, bool) for part in point[:2])
        and all(math.isfinite(part) and abs(part) <= 360 for part in point[:2])
    )


def _check_crs(crs: object, findings: Findings) -> None:
    """GeoJSON of before RFC 7946 names its reference system; any but WGS 84 would put all cameras elsewhere."""
    named = crs.get("properties") if isinstance(crs, dict) else None
    name = named.get("name") if isinstance(named, dict) else None
    if crs is not None and not (isinstance(name, str) and name.casefold().endswith(_WGS84)):
        findings.faults.append(Finding("crs", f"{_NOT_WGS84}, found {quoted(str(name))}"))
