"""Places for labels beside their points where they hide nothing.

Greedy over fixed candidates (J. Christensen, J. Marks, S. Shieber, "An empirical study of algorithms for point-feature
label placement", ACM Transactions on Graphics 14, 1995, section 3.1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

#: Directions in which a label may stand, the preferred one first (to the right and above), and how far away.
_DIRECTIONS: Final = tuple(math.radians(degrees) for degrees in (-30, 30, 150, -150, -90, 90, 0, 180))
_DISTANCES: Final = (9.0, 20.0, 36.0, 56.0)


class Box(NamedTuple):
    """A rectangle, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Box) -> bool:
        """Tell whether two have a point in common."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def holds(self, point: tuple[float, float]) -> bool:
        """Tell whether a point lies inside."""
        return self.x <= point[0] <= self.x + self.width and self.y <= point[1] <= self.y + self.height

    def inside(self, other: Box) -> bool:
        """Tell whether all of this lies in another."""
        return other.holds((self.x, self.y)) and other.holds((self.x + self.width, self.y + self.height))


class Placer:
    """Finds places in a frame, one label after the other.

    marks: what no label may cover; points: what it better does not.
    """

    def __init__(self, frame: Box, marks: Sequence[Box], points: Sequence[tuple[float, float]]) -> None:
        self._frame = frame
        self._taken = list(marks)
        self._points = points

    def place(self, point: tuple[float, float], width: float, height: float, *, near: bool = False) -> Box | None:
        """Return where a label of a size stands beside a point, and keep that place; None where none is free.

        near: only right beside the point, and hiding nothing.
        """
        best: tuple[int, Box] | None = None
        for box in _candidates(point, width, height, _DISTANCES[:1] if near else _DISTANCES):
            if not box.inside(self._frame) or any(box.overlaps(other) for other in self._taken):
                continue
            hidden = sum(map(box.holds, self._points))
            if best is None or hidden < best[0]:
                best = hidden, box
            if hidden == 0:
                break
        if best is None or (near and best[0]):
            return None
        self._taken.append(best[1])
        return best[1]


def _candidates(point: tuple[float, float], width: float, height: float, distances: Sequence[float]) -> Iterator[Box]:
    for distance in distances:
        for angle in _DIRECTIONS:
            across, down = math.cos(angle), math.sin(angle)
            x, y = point[0] + across * distance, point[1] + down * distance
            left = x if across > 0.1 else x - width if across < -0.1 else x - width / 2
            top = y if down > 0.6 else y - height if down < -0.6 else y - height / 2
            yield Box(left, top, width, height)
