"""Distances and bearings between places on the ellipsoid of WGS 84, and a plane to draw a part of it on.

Exact ones are geodesics by geographiclib (C. F. F. Karney, "Algorithms for geodesics", J. Geodesy 87, 2013).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple, Protocol

from geographiclib.geodesic import Geodesic

#: Mean radius of the earth (IUGG), and by how much a sphere of it may be wrong on the ellipsoid.
_RADIUS_M: Final = 6_371_008.8
SPHERE_ERROR: Final = 0.006
#: Nearer than this two places are one, and no bearing leads from one to the other.
_SAME_PLACE_M: Final = 0.5
_SEMI_MAJOR_M: Final = 6_378_137.0
_ECCENTRICITY_SQUARED: Final = 0.006_694_379_990_14


class Place(Protocol):
    """Anything with a position in degrees, such as a Camera."""

    @property
    def longitude(self) -> float: ...  # noqa: D102
    @property
    def latitude(self) -> float: ...  # noqa: D102


class Line(NamedTuple):
    """The shortest line between two places. bearing_deg, arrival_deg: its direction at both ends, from north.

    Both are None where the two places are one.
    """

    metres: float
    bearing_deg: float | None
    arrival_deg: float | None

    def reversed(self) -> Line:
        """Return the same line the other way."""
        if self.bearing_deg is None or self.arrival_deg is None:
            return self
        return Line(self.metres, (self.arrival_deg + 180) % 360, (self.bearing_deg + 180) % 360)


def line_between(origin: Place, target: Place) -> Line:
    """Return the geodesic between two places, some 25 µs of work."""
    found = Geodesic.WGS84.Inverse(origin.latitude, origin.longitude, target.latitude, target.longitude)
    metres = float(found["s12"])
    if metres < _SAME_PLACE_M:
        return Line(metres, None, None)
    return Line(metres, float(found["azi1"]) % 360, float(found["azi2"]) % 360)


def rough_metres(origin: Place, target: Place) -> float:
    """Return the distance on a sphere (haversine): wrong by less than SPHERE_ERROR of it, some 1 µs of work."""
    first, second = math.radians(origin.latitude), math.radians(target.latitude)
    across = math.sin(math.radians(target.longitude - origin.longitude) / 2) ** 2
    half_chord = math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * across
    return 2 * _RADIUS_M * math.asin(math.sqrt(min(1.0, half_chord)))


def turn_deg(arriving_deg: float, leaving_deg: float) -> float:
    """Return the turn between two bearings in (-180, 180]: 0 straight on, positive to the right, 180 back."""
    turn = (leaving_deg - arriving_deg) % 360
    return turn - 360 if turn > 180 else turn


class LocalPlane:
    """A plane that touches the ellipsoid at a place: east and north in metres, true to 1 % within some 50 km."""

    def __init__(self, longitude: float, latitude: float) -> None:
        self._longitude = longitude
        self._latitude = latitude
        bend = 1 - _ECCENTRICITY_SQUARED * math.sin(math.radians(latitude)) ** 2
        across = _SEMI_MAJOR_M / math.sqrt(bend)
        self._east_m = math.radians(1) * across * math.cos(math.radians(latitude))
        self._north_m = math.radians(1) * across * (1 - _ECCENTRICITY_SQUARED) / bend

    def xy(self, place: Place) -> tuple[float, float]:
        """Return metres to the east and to the north of where the plane touches."""
        east_deg = (place.longitude - self._longitude + 180) % 360 - 180
        return east_deg * self._east_m, (place.latitude - self._latitude) * self._north_m
