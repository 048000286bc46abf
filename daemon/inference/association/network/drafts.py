"""Cameras and ways out of the values that a file holds for them, with the place of whatever is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, NamedTuple

from daemon.inference.association.network.camera_columns import KILOMETRES
from daemon.inference.association.network.draft_values import Draft, DraftValues
from daemon.inference.association.network.geodesy import line_between
from daemon.inference.association.network.validation import Finding, Findings, check_network
from daemon.ports.sightings import Camera, Way

#: Two cameras on one mast are some way apart for who walks from one view into the other.
_SHORTEST_M: Final = 1.0
_NUMBERS: Final = ("heading_deg", "field_of_view_deg", "clock_offset_s", "clock_rate", "clock_sd_s")


class _Point(NamedTuple):
    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Drafted:
    """The cameras and ways that could be read, and what is wrong.

    back: the ways back of those that count in both directions. broken: ids of cameras that could not be read.
    """

    cameras: list[Camera] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    camera_drafts: list[Draft] = field(default_factory=list)
    way_drafts: list[Draft] = field(default_factory=list)
    back: list[Way] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    findings: Findings = field(default_factory=Findings)

    def check(self) -> Findings:
        """Return all findings: those of reading, and those of the network that was read."""
        found = check_network(
            self.cameras,
            self.ways,
            camera_places=[draft.place for draft in self.camera_drafts],
            way_places=[draft.place for draft in self.way_drafts],
            back=self.back,
            broken=self.broken,
        )
        by_place = {draft.place: draft for draft in (*self.camera_drafts, *self.way_drafts)}
        return Findings(
            self.findings.faults + [_as_in_file(fault, by_place) for fault in found.faults],
            self.findings.warnings + [_as_in_file(warning, by_place) for warning in found.warnings],
        )


def _as_in_file(finding: Finding, drafts: Mapping[str, Draft]) -> Finding:
    """Call the field of a finding what the file calls it."""
    place, _, name = finding.place.rpartition(".")
    return finding._replace(place=drafts[place].at(name)) if place in drafts else finding


def read_drafts(drafts: Sequence[Draft]) -> Drafted:
    """Return the cameras and ways of drafts.

    A way counts in both directions unless it says `one_way` or the other direction stands by itself. Where no metres
    are stated they are the length of its line, or of the straight line between its cameras.
    """
    drafted = Drafted()
    for draft in drafts:
        if not draft.is_way() and not drafted.findings.hopeless:
            _read_camera(draft, drafted)
    places = {camera.id: camera for camera in drafted.cameras}
    one_way: list[bool | None] = []
    for draft in drafts:
        if draft.is_way() and not drafted.findings.hopeless:
            _read_way(draft, places, drafted, one_way)
    _add_ways_back(drafted, one_way)
    return drafted


def _read_camera(draft: Draft, drafted: Drafted) -> None:
    reader = DraftValues(draft, drafted.findings.faults)
    longitude, latitude = reader.position()
    numbers = {name: reader.number(name) for name in _NUMBERS}
    if numbers["heading_deg"] == 360:
        numbers["heading_deg"] = 0.0
    camera_id, since = reader.id("id"), reader.time("clock_since")
    name = reader.text("name")
    if reader.failed or longitude is None or latitude is None:
        drafted.broken.add(camera_id)
        return
    optional: dict[str, Any] = {name: number for name, number in numbers.items() if number is not None}
    drafted.cameras.append(
        Camera(id=camera_id, longitude=longitude, latitude=latitude, clock_since=since, name=name, **optional)
    )
    drafted.camera_drafts.append(draft)


def _read_way(draft: Draft, places: Mapping[str, Camera], drafted: Drafted, one_way: list[bool | None]) -> None:
    reader = DraftValues(draft, drafted.findings.faults)
    origin, target = reader.id("origin"), reader.id("target")
    metres, kilometres = reader.number("metres"), reader.number(KILOMETRES)
    only = reader.flag("one_way")
    if reader.failed:
        return
    if metres is None and kilometres is not None:
        metres = kilometres * 1000
    if metres is None:
        metres = _measured(draft.line, places.get(origin), places.get(target))
    drafted.ways.append(Way(origin=origin, target=target, metres=metres))
    drafted.way_drafts.append(draft)
    one_way.append(only)


def _measured(line: Sequence[tuple[float, float]], origin: Camera | None, target: Camera | None) -> float:
    """Return the length along a line, or straight between cameras; of unknown cameras, which are a fault anyway, 1."""
    straight = line_between(origin, target).metres if origin and target else 0.0
    points = [_Point(*point) for point in line]
    along = sum(line_between(first, second).metres for first, second in pairwise(points))
    return round(max(straight, along, _SHORTEST_M), 1)


def _add_ways_back(drafted: Drafted, one_way: Sequence[bool | None]) -> None:
    stated = {(way.origin, way.target) for way in drafted.ways}
    mixed = any(origin != target and (target, origin) in stated for origin, target in stated)
    for way, draft, only in zip(drafted.ways, drafted.way_drafts, one_way, strict=True):
        if only or way.origin == way.target or (way.target, way.origin) in stated:
            continue
        if mixed and only is None:
            message = "its way back is not in the file as that of others is; it counts both ways unless it is one_way"
            drafted.findings.warnings.append(Finding(draft.place, message))
        stated.add((way.target, way.origin))
        drafted.back.append(Way(origin=way.target, target=way.origin, metres=way.metres))
