"""Reading a network of cameras from a file, whatever its form, and writing it as GeoJSON."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.network.camera_csv import csv_drafts
from daemon.inference.association.network.camera_json import json_drafts
from daemon.inference.association.network.draft_values import Draft
from daemon.inference.association.network.drafts import read_drafts
from daemon.inference.association.network.validation import Finding, Findings
from daemon.ports.sightings import Camera, Way
from daemon.products.feeds.encodings import HEAD, UNDECODABLE, decoder, detect_encoding

#: Largest file that is read, some 50,000 cameras with their ways.
MAX_BYTES: Final = 32 * 1024 * 1024
#: Drops the mark that Windows programs begin with.
_UTF8: Final = "utf-8-sig"


class CameraFile(NamedTuple):
    """A network as a file holds it, every way in its own direction, and what a person should know of it."""

    cameras: tuple[Camera, ...]
    ways: tuple[Way, ...]
    warnings: tuple[Finding, ...]


def read_cameras(path: Path, ways_path: Path | None = None) -> CameraFile:
    """Return the network of a GeoJSON, JSON or CSV file; with `ways_path`, the ways are in a file of their own.

    Raises UnreadableFile for what is absent, empty, huge, no text or of no known form; InvalidInput with every fault
    and its place: "features.3.properties.heading" in JSON, "cameras.csv:4.heading" in CSV.
    """
    findings = Findings()
    drafts = [draft for one in (path, ways_path) if one is not None for draft in _drafts(one, findings)]
    return _network(drafts, path.name, findings)


def parse_cameras(content: bytes, name: str = "network") -> CameraFile:
    """Return the network of GeoJSON or JSON in memory. Raises UnreadableFile, InvalidInput as `read_cameras`."""
    if len(content) > MAX_BYTES:
        raise UnreadableFile(f"{name} has {len(content):,} bytes; at most {MAX_BYTES:,} are read")
    try:
        text = content.decode(_UTF8)
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{name} is not UTF-8, which JSON is (RFC 8259): byte {error.start}") from error
    if not text.strip():
        raise UnreadableFile(f"{name} is empty")
    findings = Findings()
    return _network(list(json_drafts(text, name, findings)), name, findings)


def geojson_of(cameras: Sequence[Camera], ways: Sequence[Way]) -> dict[str, Any]:
    """Return a network as a FeatureCollection (RFC 7946), which reads back as it was.

    One line stands for both ways between two cameras where they are equally long.
    """
    places = {camera.id: [camera.longitude, camera.latitude] for camera in cameras}
    metres = {(way.origin, way.target): way.metres for way in ways}
    features = [_point(camera) for camera in cameras]
    for (origin, target), length in metres.items():
        back = metres.get((target, origin))
        if back == length and origin > target:
            continue
        properties: dict[str, Any] = {"from": origin, "to": target, "metres": length, "one_way": back != length}
        geometry = {"type": "LineString", "coordinates": [places[origin], places[target]]}
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return {"type": "FeatureCollection", "features": features}


def _point(camera: Camera) -> dict[str, Any]:
    stated = msgspec.to_builtins(camera)
    empty = msgspec.to_builtins(Camera(id="", longitude=0, latitude=0))
    optional = {
        name: value
        for name, value in stated.items()
        if name not in {"id", "longitude", "latitude"} and value != empty[name]
    }
    geometry = {"type": "Point", "coordinates": [camera.longitude, camera.latitude]}
    return {"type": "Feature", "geometry": geometry, "properties": {"camera": camera.id, **optional}}


def _network(drafts: Sequence[Draft], name: str, findings: Findings) -> CameraFile:
    drafted = read_drafts(drafts)
    found = drafted.check()
    Findings(findings.faults + found.faults).refuse(name)
    if not drafted.cameras:
        raise InvalidInput(f"{name} holds no camera", (("", "at least one camera is expected"),))
    warnings = tuple(findings.warnings + found.warnings)
    return CameraFile(tuple(drafted.cameras), (*drafted.ways, *drafted.back), warnings)


def _drafts(path: Path, findings: Findings) -> Iterator[Draft]:
    name = path.name
    try:
        _check_size(path, name)
        encoding = detect_encoding(path, name)
        with path.open("rb") as file:
            head = decoder(encoding.name).decode(file.read(HEAD)).lstrip("\ufeff \t\r\n\0")
        if not head:
            raise UnreadableFile(f"{name} is empty")
        if encoding.guessed:
            findings.warnings.append(Finding(name, f"it is not UTF-8; it was read as {encoding.name}, a guess"))
        if head[0] in "[{":
            text = _text(path, name, encoding.name)
            yield from json_drafts(text, name, findings)
        elif head[0] == "<":
            raise UnreadableFile(f"{name} is XML or a web page; GeoJSON, JSON or CSV is expected")
        else:
            yield from csv_drafts(path, name, encoding.name, findings)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise UnreadableFile(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _check_size(path: Path, name: str) -> None:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableFile(f"{name} is {'a directory' if stat.S_ISDIR(found.st_mode) else 'no regular file'}")
    if found.st_size == 0:
        raise UnreadableFile(f"{name} is empty")
    if found.st_size > MAX_BYTES:
        raise UnreadableFile(f"{name} has {found.st_size:,} bytes; at most {MAX_BYTES:,} are read")


def _text(path: Path, name: str, encoding: str) -> str:
    text = decoder(encoding).decode(path.read_bytes(), True).lstrip("\ufeff")
    if UNDECODABLE in text:
        line = text.count("\n", 0, text.index(UNDECODABLE)) + 1
        raise UnreadableFile(f"{name}, line {line}: bytes that are no text in {encoding}")
    return text
