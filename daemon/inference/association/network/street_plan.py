"""The network as arrays, for one direction of time: ways by the camera they leave, and the turns between them.

Who stays, or comes back to a camera past no other, takes its way to itself: every camera that has ways in and ways out
has one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InvalidInput
from daemon.ports.sightings import Camera, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetPlan:
    """n cameras and e ways, sorted by origin and then target.

    first: int32 (n + 1,), the ways that leave camera c are first[c] to first[c + 1]. origin, target: int32 (e,).
    metres, bearing_deg: float64 (e,), bearings at the origin, from north. turns_first: int64 (n + 1,), where camera c's
    turns stand in an array of all of them: for each way in, by `arrival`, and once more for an unknown one, the ways
    out. arrival: int32 (e,), the place of a way among those that arrive at its target. arriving: int32 (n,), how many.
    """

    first: NDArray[np.int32]
    origin: NDArray[np.int32]
    target: NDArray[np.int32]
    metres: NDArray[np.float64]
    bearing_deg: NDArray[np.float64]
    turns_first: NDArray[np.int64]
    arrival: NDArray[np.int32]
    arriving: NDArray[np.int32]

    @property
    def staying(self) -> NDArray[np.bool_]:
        """Tell which ways lead to where they begin."""
        stays: NDArray[np.bool_] = self.origin == self.target
        return stays

    @property
    def cameras(self) -> int:
        """How many cameras there are."""
        return len(self.arriving)

    def ways_of(self, origin: NDArray[np.int32], target: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the number of the way between each two cameras, -1 where there is none."""
        if not len(self.origin):
            return np.full(len(origin), -1, dtype=np.int64)
        keys = self.origin.astype(np.int64) * self.cameras + self.target
        asked = origin.astype(np.int64) * self.cameras + target
        at = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
        return np.where(keys[at] == asked, at, -1)

    def reversed(self) -> StreetPlan:
        """Return the plan with every way walked from its end."""
        return arranged(self.cameras, self.target, self.origin, self.metres, (self.bearing_deg + 180.0) % 360.0)


#: What the way of a camera to itself is long, in metres of a usual walk; the time it takes varies by far.
STAYING = 30.0


def plan(cameras: Sequence[Camera], ways: Sequence[Way]) -> StreetPlan:
    """Arrange a network. Raises InvalidInput for a way between cameras that are not there, or without a length."""
    number = {camera.id: place for place, camera in enumerate(cameras)}
    for place, way in enumerate(ways):
        for end in (way.origin, way.target):
            if end not in number:
                message = f"way {place} from {way.origin!r} to {way.target!r}: there is no camera {end!r}"
                raise InvalidInput(message, ((f"ways.{place}", f"no camera {end!r}"),))
        if not 0.0 < way.metres < 1e7:
            message = f"way {place} from {way.origin!r} to {way.target!r}: {way.metres} metres, expected more than 0"
            raise InvalidInput(message, ((f"ways.{place}.metres", f"{way.metres}, expected more than 0"),))
    shortest: dict[tuple[int, int], float] = {}
    for way in ways:
        key = number[way.origin], number[way.target]
        if key[0] != key[1]:
            shortest[key] = min(way.metres, shortest.get(key, np.inf))
    through = {origin for origin, _ in shortest} & {target for _, target in shortest}
    shortest |= {(camera, camera): STAYING for camera in sorted(through)}
    ends = np.array(list(shortest), dtype=np.int32).reshape(-1, 2)
    metres = np.array(list(shortest.values()), dtype=np.float64)
    return arranged(len(cameras), ends[:, 0], ends[:, 1], metres, _bearings(cameras, ends))


def _bearings(cameras: Sequence[Camera], ends: NDArray[np.int32]) -> NDArray[np.float64]:
    """Bearings over the short distances between cameras, where the sphere is as good as flat."""
    if not len(ends):
        return np.zeros(0)
    place = np.array([(camera.longitude, camera.latitude) for camera in cameras], dtype=np.float64)
    east = (place[ends[:, 1], 0] - place[ends[:, 0], 0] + 540.0) % 360.0 - 180.0
    north = place[ends[:, 1], 1] - place[ends[:, 0], 1]
    bearings: NDArray[np.float64] = np.degrees(np.arctan2(east * np.cos(np.radians(place[ends[:, 0], 1])), north)) % 360
    return bearings


def arranged(
    cameras: int,
    origin: NDArray[np.int32],
    target: NDArray[np.int32],
    metres: NDArray[np.float64],
    bearing_deg: NDArray[np.float64],
) -> StreetPlan:
    """Sort ways into a plan."""
    order = np.lexsort((target, origin))
    origin, target = origin[order], target[order]
    first = np.searchsorted(origin, np.arange(cameras + 1)).astype(np.int32)
    arriving = np.bincount(target, minlength=cameras).astype(np.int32)
    by_target = np.lexsort((origin, target))
    starts = np.concatenate([[0], np.cumsum(arriving)])
    arrival = np.zeros(len(origin), dtype=np.int32)
    arrival[by_target] = np.arange(len(origin)) - starts[target[by_target]]
    blocks = (arriving.astype(np.int64) + 1) * np.diff(first)
    return StreetPlan(
        first=first,
        origin=origin,
        target=target,
        metres=metres[order],
        bearing_deg=bearing_deg[order],
        turns_first=np.concatenate([[0], np.cumsum(blocks)]).astype(np.int64),
        arrival=arrival,
        arriving=arriving,
    )
