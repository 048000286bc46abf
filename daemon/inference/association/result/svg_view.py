"""Which part of a network is shown with a trajectory, and at what scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final, TypeAlias

from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.network.geodesy import LocalPlane
from daemon.inference.association.result.following import stops
from daemon.inference.association.result.placing import Box
from daemon.inference.association.result.svg_marks import MARK
from daemon.inference.association.result.svg_parts import INNER
from daemon.inference.association.search.trajectory import Trajectory

Point: TypeAlias = tuple[float, float]

_HEIGHTS: Final = (380.0, 860.0)
#: How much of the network is shown around a trajectory: a share of its size, and metres at least.
_AROUND: Final = 0.12
_AROUND_M: Final = 150.0
_SMALL_MARK: Final = 3.5


@dataclass(frozen=True, slots=True)
class View:
    """The part of the plane that is shown, and its scale. mark: radius of a sighting's mark in pixels."""

    places: Mapping[str, Point]
    height: float
    pixels_a_metre: float
    mark: float = MARK

    @property
    def frame(self) -> Box:
        """Return the panel as a rectangle."""
        return Box(0, 0, INNER, self.height)

    def seen(self) -> dict[str, Point]:
        """Return the cameras inside the panel."""
        return {camera: point for camera, point in self.places.items() if self.frame.holds(point)}


def view_of(trajectory: Trajectory, graph: CameraGraph) -> View | None:
    """Return what is shown; None where no camera of the trajectory is in the network any more."""
    way = stops(trajectory)
    named = [camera for stop in way for camera in (stop.camera, *(stop.hop.missed if stop.hop else ()))]
    shown = [graph.camera(camera) for camera in dict.fromkeys(named) if camera in graph]
    if not shown:
        return None
    if len(shown) == 1:
        shown = [graph.camera(camera) for camera in graph.around([shown[0].id], 2)]
    plane = LocalPlane(shown[0].longitude, shown[0].latitude)
    flat = {camera.id: plane.xy(camera) for camera in graph.cameras.values()}
    xs, ys = zip(*(flat[camera.id] for camera in shown), strict=True)
    around = max(_AROUND_M, _AROUND * max(max(xs) - min(xs), max(ys) - min(ys)))
    wide, high = max(xs) - min(xs) + 2 * around, max(ys) - min(ys) + 2 * around
    height = min(max(INNER * high / wide, _HEIGHTS[0]), _HEIGHTS[1])
    scale = min(INNER / wide, height / high)
    middle = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    places = {
        camera: (INNER / 2 + (x - middle[0]) * scale, height / 2 - (y - middle[1]) * scale)
        for camera, (x, y) in flat.items()
    }
    steps = [
        math.dist(places[before.camera], places[after.camera])
        for before, after in pairwise(way)
        if before.camera != after.camera and {before.camera, after.camera} <= places.keys()
    ]
    mark = min(max(0.25 * median(steps), _SMALL_MARK), MARK) if steps else MARK
    return View(places, height, scale, mark)
