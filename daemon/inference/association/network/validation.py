"""What is wrong with a network of cameras: faults, with which it cannot be used, and warnings, with which it can."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, NamedTuple

import msgspec

from daemon.errors import InvalidInput
from daemon.inference.association.network.geodesy import SPHERE_ERROR, line_between, rough_metres
from daemon.ports.sightings import Camera, Way
from daemon.products.plain_text import plain

#: By how much stated metres may be below the straight line: positions are rounded, and a view reaches some way.
_SHORTER: Final = 0.05
_SHORTER_M: Final = 5.0
#: How many ways, and which share of all, must be too short before a whole network is thought to be swapped.
_FEWEST_SHORT: Final = 3
_MANY_SHORT: Final = 0.1
#: Detours beyond which a way is doubted.
_DETOUR: Final = 10.0
_DOUBTED_M: Final = 1_000.0
_LONGEST_M: Final = 100_000.0
_LONGEST_ID: Final = 200
#: Clocks further off than that are of another zone, or were never set; faster or slower ones are broken.
_OFFSET_DOUBTED_S: Final = 12 * 3_600.0
_MOST_OFFSET_S: Final = 100 * 366 * 86_400.0
_MOST_RATE: Final = 0.1
#: Degrees within which a whole network lies, where one camera is far from all others.
_NEAR_DEG: Final = 1.0
_MOST_FAULTS: Final = 100
_HOPELESS: Final = 1_000


class Finding(NamedTuple):
    """Where something is wrong, as a dotted path such as "cameras.3.longitude", and what."""

    place: str
    message: str


@dataclass(frozen=True, slots=True)
class Findings:
    """All that is wrong with a network."""

    faults: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)

    @property
    def hopeless(self) -> bool:
        """Tell whether there are so many faults that reading on tells nobody anything."""
        return len(self.faults) >= _HOPELESS

    def refuse(self, name: str) -> None:
        """Raise InvalidInput with every fault, the first hundred, when there is one."""
        if not self.faults:
            return
        first, more = self.faults[0], len(self.faults) - 1
        tail = (
            f", and {more:,}{'' if more < _HOPELESS - 1 else ' or'} more fault{'s' if more > 1 else ''}" if more else ""
        )
        where = f", {first.place}" if first.place else ""
        raise InvalidInput(f"{name}{where}: {first.message}{tail}", tuple(self.faults[:_MOST_FAULTS]))


def check_network(
    cameras: Sequence[Camera],
    ways: Sequence[Way],
    *,
    camera_places: Sequence[str] | None = None,
    way_places: Sequence[str] | None = None,
    back: Sequence[Way] = (),
    broken: Collection[str] = (),
) -> Findings:
    """Return what is wrong with cameras and ways, each told by its place in a file or else by its number.

    back: ways that are there because others count in both directions. broken: ids of cameras that could not be read.
    """
    findings = Findings()
    camera_places = camera_places or [f"cameras.{number}" for number in range(len(cameras))]
    for place, camera in zip(camera_places, cameras, strict=True):
        if findings.hopeless:
            break
        findings.faults.extend(_under(place, *found) for found in _camera_faults(camera))
        findings.warnings.extend(_under(place, *found) for found in _camera_warnings(camera))
    findings.faults.extend(_repeated_ids(cameras, camera_places))
    findings.faults.extend(_strays(cameras, camera_places))
    by_id = {camera.id: camera for camera in cameras}
    places = way_places or [f"ways.{number}" for number in range(len(ways))]
    known = by_id.keys() | set(broken)
    straights = [_straight_beyond(way, by_id) for way in ways]
    for place, way, straight in zip(places, ways, straights, strict=True):
        if findings.hopeless:
            break
        findings.faults.extend(_unknown_ends(place, way, known))
        findings.faults.extend(_under(place, *found) for found in _way_faults(way, straight))
        findings.warnings.extend(_under(place, *found) for found in _way_warnings(way, by_id))
    findings.faults.extend(_swapped_network(ways, by_id, sum(straight is not None for straight in straights)))
    _repeated_ways(ways, places, findings)
    findings.warnings.extend(_one_way_only(ways, back, places))
    findings.warnings.extend(_lonely(cameras, ways, camera_places))
    return findings


def _under(place: str, name: str, message: str) -> Finding:
    return Finding(f"{place}.{name}", message)


def _camera_faults(camera: Camera) -> Iterator[tuple[str, str]]:
    if not camera.id.strip() or len(camera.id) > _LONGEST_ID or not camera.id.isprintable():
        yield "id", f"an id of 1 to {_LONGEST_ID} visible characters is expected, found {quoted(camera.id)}"
    yield from _position_faults(camera)
    if camera.heading_deg is not None and not 0 <= camera.heading_deg < 360:
        yield "heading_deg", f"0 to under 360 degrees from north are expected, found {camera.heading_deg:g}"
    if camera.field_of_view_deg is not None and not 0 < camera.field_of_view_deg <= 360:
        yield "field_of_view_deg", f"over 0 to 360 degrees are expected, found {camera.field_of_view_deg:g}"
    if not abs(camera.clock_offset_s) <= _MOST_OFFSET_S:
        yield "clock_offset_s", f"seconds ahead of UTC are expected, found {camera.clock_offset_s:g}"
    if not abs(camera.clock_rate) <= _MOST_RATE:
        yield "clock_rate", f"seconds gained in a second, {_MOST_RATE} at most, are expected: {camera.clock_rate:g}"
    if camera.clock_since is not None and camera.clock_since.tzinfo is None:
        yield "clock_since", "a time with its zone is expected"
    if not 0 <= camera.clock_sd_s < math.inf:
        yield "clock_sd_s", f"seconds from 0 on are expected, found {camera.clock_sd_s:g}"


def _position_faults(camera: Camera) -> Iterator[tuple[str, str]]:
    longitude, latitude = camera.longitude, camera.latitude
    if 90 < abs(latitude) <= 180 and abs(longitude) <= 90:
        yield "latitude", f"{latitude:g} is no latitude; longitude and latitude seem to be swapped"
        return
    if not abs(longitude) <= 180:
        yield "longitude", f"-180 to 180 degrees are expected, found {longitude:g}"
    if not abs(latitude) <= 90:
        yield "latitude", f"-90 to 90 degrees are expected, found {latitude:g}"


def _camera_warnings(camera: Camera) -> Iterator[tuple[str, str]]:
    if _OFFSET_DOUBTED_S < abs(camera.clock_offset_s) <= _MOST_OFFSET_S:
        yield "clock_offset_s", f"a clock that is {camera.clock_offset_s / 3600:.1f} hours off; is it of another zone?"
    if camera.clock_rate and camera.clock_since is None:
        yield "clock_rate", "without clock_since nobody knows from when on the clock gains"


def _repeated_ids(cameras: Sequence[Camera], places: Sequence[str]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for place, camera in zip(places, cameras, strict=True):
        if camera.id in first:
            yield _under(place, "id", f"{quoted(camera.id)} is the id of {first[camera.id]} too")
        first.setdefault(camera.id, place)


def _strays(cameras: Sequence[Camera], places: Sequence[str]) -> Iterator[Finding]:
    """Find single cameras whose longitude and latitude are swapped, which lie in range and far from all others."""
    if len(cameras) < 3:
        return
    longitude = median(camera.longitude for camera in cameras)
    latitude = median(camera.latitude for camera in cameras)
    for place, camera in zip(places, cameras, strict=True):
        away = max(abs(camera.longitude - longitude), abs(camera.latitude - latitude))
        swapped = max(abs(camera.latitude - longitude), abs(camera.longitude - latitude))
        if away > 10 * _NEAR_DEG and swapped < _NEAR_DEG and abs(camera.latitude) <= 90:
            yield _under(place, "longitude", "longitude and latitude seem to be swapped: the others are far from here")


def _unknown_ends(place: str, way: Way, known: Collection[str]) -> Iterator[Finding]:
    for name, end in (("origin", way.origin), ("target", way.target)):
        if end not in known:
            yield _under(place, name, f"there is no camera {quoted(end)}")


def _way_faults(way: Way, straight: float | None) -> Iterator[tuple[str, str]]:
    if way.origin == way.target:
        yield "target", f"a way from {quoted(way.origin)} to itself"
    elif not 0 < way.metres < math.inf:
        yield "metres", f"a length over 0 is expected, found {way.metres:g}"
    elif straight is not None:
        yield "metres", f"{way.metres:g} m are stated, but the straight line has {straight:,.0f} m"


def _straight_beyond(way: Way, by_id: Mapping[str, Camera]) -> float | None:
    """Return the length of the straight line where a way claims to be shorter than that by more than is allowed."""
    origin, target = by_id.get(way.origin), by_id.get(way.target)
    if origin is None or target is None or any(_position_faults(origin)) or any(_position_faults(target)):
        return None
    if way.metres >= rough_metres(origin, target) * (1 + SPHERE_ERROR) * (1 - _SHORTER):
        return None
    straight = line_between(origin, target).metres
    return straight if way.metres < min(straight * (1 - _SHORTER), straight - _SHORTER_M) else None


def _swapped_network(ways: Sequence[Way], by_id: Mapping[str, Camera], too_short: int) -> Iterator[Finding]:
    """Find a network that is swapped as a whole and in range: many of its ways are too short, and swapped none is."""
    if too_short < _FEWEST_SHORT or too_short < _MANY_SHORT * len(ways):
        return
    swapped = {
        camera.id: msgspec.structs.replace(camera, longitude=camera.latitude, latitude=camera.longitude)
        for camera in by_id.values()
        if abs(camera.longitude) <= 90
    }
    if len(swapped) == len(by_id) and all(_straight_beyond(way, swapped) is None for way in ways):
        yield Finding("", "longitude and latitude of all cameras seem to be swapped: else ways are too short")


def _way_warnings(way: Way, by_id: Mapping[str, Camera]) -> Iterator[tuple[str, str]]:
    if _LONGEST_M < way.metres < math.inf:
        yield "metres", f"{way.metres / 1000:,.0f} km are a long way on foot"
        return
    origin, target = by_id.get(way.origin), by_id.get(way.target)
    if way.metres <= _DOUBTED_M or origin is None or target is None:
        return
    if any(_position_faults(origin)) or any(_position_faults(target)):
        return
    straight = rough_metres(origin, target)
    if _DETOUR * max(straight, 1.0) < way.metres < math.inf:
        yield "metres", f"{way.metres:g} m are stated where the straight line has {straight:,.0f} m"


def _repeated_ways(ways: Sequence[Way], places: Sequence[str], findings: Findings) -> None:
    first: dict[tuple[str, str], tuple[str, float]] = {}
    for place, way in zip(places, ways, strict=True):
        known_place, metres = first.setdefault((way.origin, way.target), (place, way.metres))
        if known_place == place:
            continue
        message = f"the way from {quoted(way.origin)} to {quoted(way.target)} is in {known_place} too"
        if metres == way.metres:
            findings.warnings.append(Finding(place, message))
        else:
            findings.faults.append(_under(place, "metres", f"{message}, with {metres:g} m, not {way.metres:g}"))


def _one_way_only(ways: Sequence[Way], back: Sequence[Way], places: Sequence[str]) -> Iterator[Finding]:
    there = {(way.origin, way.target) for way in (*ways, *back)}
    for place, way in zip(places, ways, strict=True):
        if (way.target, way.origin) not in there:
            names = f"from {quoted(way.origin)} to {quoted(way.target)}"
            yield Finding(place, f"a way {names} alone; who goes back there is found only by another way")


def _lonely(cameras: Sequence[Camera], ways: Sequence[Way], places: Sequence[str]) -> Iterator[Finding]:
    joined = Counter(end for way in ways if way.origin != way.target for end in (way.origin, way.target))
    for place, camera in zip(places, cameras, strict=True):
        if camera.id not in joined:
            yield Finding(place, f"no way leads from or to {quoted(camera.id)}; no search will come to it")


def quoted(text: str) -> str:
    """Return a name that somebody wrote, fit to stand in a message."""
    return f'"{plain(text, 60)}"'
