"""The part of a network around a trajectory, with the trajectory on it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import drawsvg as draw

from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.network.geodesy import LocalPlane
from daemon.inference.association.result.following import Stop, along, leg_hop, stops
from daemon.inference.association.result.placing import Box, Placer
from daemon.inference.association.result.svg_parts import (
    FAINT,
    INK,
    INNER,
    NETWORK,
    PAPER,
    RULE,
    SEARCHED,
    SOFT,
    dots,
    fitted,
    halo,
    polyline,
    sureness,
    text,
    titled,
    width_of,
)
from daemon.inference.association.result.words import Words
from daemon.inference.association.search.trajectory import Hop, Trajectory

Point = tuple[float, float]

_HEIGHTS: Final = (380.0, 860.0)
#: How much of the network is shown around a trajectory: a share of its size, and metres at least.
_AROUND: Final = 0.12
_AROUND_M: Final = 150.0
_EDGE: Final = 24.0
#: Legs go on the right, so that ways there and back stay apart; each further one goes beside the one before.
_ASIDE: Final = 3.0
_FURTHER: Final = 5.0
_LABEL: Final = 12.0
_LINE: Final = 15.0
_MOST_LINES: Final = 4
_MOST_NAMES: Final = 150
_NAME: Final = 10.0
_NAME_WIDTH: Final = 90.0
_SAMPLES: Final = 10
_MOST_SAMPLED: Final = 80


@dataclass(frozen=True, slots=True)
class View:
    """The part of the plane that is shown, and its scale."""

    places: Mapping[str, Point]
    height: float
    pixels_a_metre: float

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
    return View(places, height, scale)


def draw_map(trajectory: Trajectory, graph: CameraGraph, view: View, words: Words) -> draw.Group:
    """Return the panel, its upper left corner at 0, 0."""
    way = stops(trajectory)
    lines = _leg_lines(trajectory, graph, view, way)
    clip = draw.ClipPath()
    clip.append(draw.Rectangle(0, 0, INNER, round(view.height, 1)))
    inside = draw.Group(clip_path=clip)
    inside.append(draw.Rectangle(0, 0, INNER, round(view.height, 1), fill="#fbfbfa"))
    _draw_network(inside, trajectory, graph, view)
    _draw_legs(inside, lines, words)
    _draw_missed(inside, way, view)
    _draw_stops(inside, way, view, words)
    _draw_labels(inside, way, view, [points for points, _ in lines], words)
    panel = draw.Group()
    panel.append(inside)
    panel.append(draw.Rectangle(0, 0, INNER, round(view.height, 1), fill="none", stroke=RULE))
    _draw_scale(panel, view, words)
    _draw_north(panel, words)
    return panel


def _draw_network(panel: draw.Group, trajectory: Trajectory, graph: CameraGraph, view: View) -> None:
    seen = view.seen()
    ways = draw.Path(fill="none", stroke=NETWORK, stroke_width=1.2)
    drawn: set[frozenset[str]] = set()
    for camera, (x, y) in seen.items():
        for other in {*graph.neighbours(camera), *graph.origins(camera)}:
            pair = frozenset({camera, other})
            if pair not in drawn:
                drawn.add(pair)
                ways.M(round(x, 1), round(y, 1)).L(*(round(part, 1) for part in view.places[other]))
    panel.append(ways)
    size = 5.0 if len(seen) <= 600 else 3.0
    searched = {task.camera for task in trajectory.tasks if not task.reason} & seen.keys()
    if searched:
        panel.append(dots([seen[camera] for camera in sorted(searched)], size + 5, SEARCHED))
        panel.append(dots([seen[camera] for camera in sorted(searched)], size + 2, PAPER))
    panel.append(dots(list(seen.values()), size, FAINT))


def _leg_lines(
    trajectory: Trajectory, graph: CameraGraph, view: View, way: Sequence[Stop]
) -> list[tuple[list[Point], Hop | None]]:
    lines: list[tuple[list[Point], Hop | None]] = []
    gone: Counter[tuple[str, str]] = Counter()
    for before, after in pairwise(way):
        if before.camera == after.camera or not {before.camera, after.camera} <= view.places.keys():
            continue
        hop = leg_hop(before, after, trajectory.query_time_s)
        cameras = [camera for camera in along(before, after, hop, graph) if camera in view.places]
        points: list[Point] = []
        for pair in pairwise(cameras):
            points += _aside(view.places[pair[0]], view.places[pair[1]], _ASIDE + _FURTHER * gone[pair])
            gone[pair] += 1
        lines.append((points, hop))
    return lines


def _aside(start: Point, end: Point, pixels: float) -> list[Point]:
    """Return a line some pixels to the right of where it leads."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = math.hypot(across, down) or 1.0
    right = -down / length * pixels, across / length * pixels
    return [(start[0] + right[0], start[1] + right[1]), (end[0] + right[0], end[1] + right[1])]


def _draw_legs(panel: draw.Group, lines: Sequence[tuple[list[Point], Hop | None]], words: Words) -> None:
    for points, _ in lines:
        panel.append(polyline(points, stroke=PAPER, stroke_width=7, stroke_linejoin="round"))
    for points, hop in lines:
        look = sureness(hop.posterior if hop else 0.0)
        line = draw.Group()
        line.append(
            polyline(
                points,
                stroke=look.colour,
                stroke_width=3.5,
                stroke_linejoin="round",
                stroke_dasharray=look.dash or None,
            )
        )
        line.append(_arrow(points[-2], points[-1], look.colour))
        panel.append(titled(line, words.hop(hop)) if hop else line)


def _arrow(start: Point, end: Point, colour: str) -> draw.Lines:
    across, down = end[0] - start[0], end[1] - start[1]
    length = math.hypot(across, down) or 1.0
    x, y = across / length, down / length
    tip = start[0] + across * 0.6 + x * 5, start[1] + down * 0.6 + y * 5
    back = tip[0] - x * 11, tip[1] - y * 11
    corners = [*tip, back[0] - y * 5.5, back[1] + x * 5.5, back[0] + y * 5.5, back[1] - x * 5.5]
    return draw.Lines(*(round(part, 1) for part in corners), close=True, fill=colour, stroke=PAPER, stroke_width=0.8)


def _draw_missed(panel: draw.Group, way: Sequence[Stop], view: View) -> None:
    stopped = {stop.camera for stop in way}
    missed = {camera for stop in way if stop.hop for camera in stop.hop.missed} & view.places.keys()
    for camera in sorted(missed - stopped):
        panel.append(missed_mark(*view.places[camera]))


def missed_mark(x: float, y: float) -> draw.Group:
    """Return the mark of a camera that was passed unseen."""
    mark = draw.Group(stroke=SOFT, stroke_width=1.8)
    mark.append(draw.Circle(round(x, 1), round(y, 1), 5.5, fill=PAPER, stroke_width=1.2))
    for turn in (1, -1):
        mark.append(draw.Line(*(round(part, 1) for part in (x - 3, y - 3 * turn, x + 3, y + 3 * turn))))
    return mark


def _draw_stops(panel: draw.Group, way: Sequence[Stop], view: View, words: Words) -> None:
    for stop in way:
        if stop.camera not in view.places:
            continue
        mark = draw.Group()
        mark.append(stop_mark(*view.places[stop.camera], stop.hop))
        told = words.hop(stop.hop) if stop.hop else words.say("query")
        panel.append(titled(mark, f"{stop.number}: {words.camera(stop.camera)}, {words.time(stop.time_s)}: {told}"))


def stop_mark(x: float, y: float, hop: Hop | None) -> draw.DrawingElement:
    """Return the mark of a sighting, a disc in the colour of its posterior; a square for the query."""
    if hop is None:
        return draw.Rectangle(round(x - 7, 1), round(y - 7, 1), 14, 14, fill=INK, stroke=PAPER, stroke_width=2)
    return draw.Circle(round(x, 1), round(y, 1), 7, fill=sureness(hop.posterior).colour, stroke=PAPER, stroke_width=2)


def _draw_labels(
    panel: draw.Group, way: Sequence[Stop], view: View, lines: Sequence[list[Point]], words: Words
) -> None:
    by_camera: dict[str, list[Stop]] = {}
    for stop in way:
        if stop.camera in view.places:
            by_camera.setdefault(stop.camera, []).append(stop)
    marks = [Box(x - 8, y - 8, 16, 16) for x, y in (view.places[camera] for camera in by_camera)]
    corner = [Box(INNER - 44, 0, 44, 62), Box(0, view.height - 44, 210, 44)]
    samples = [*_samples(lines), *view.seen().values()] if len(lines) <= _MOST_SAMPLED else []
    placer = Placer(view.frame, [*marks, *corner], samples)
    for camera, visits in by_camera.items():
        rows = [f"{stop.number} · {words.time(stop.time_s)}" for stop in visits[:_MOST_LINES]]
        if len(visits) > _MOST_LINES:
            rows.append(f"+{len(visits) - _MOST_LINES}")
        _draw_label(panel, placer, view.places[camera], rows, fitted(words.camera(camera), 4 * _NAME_WIDTH, _LABEL))
    _draw_names(panel, view, placer, by_camera)


def _draw_label(panel: draw.Group, placer: Placer, point: Point, rows: Sequence[str], name: str) -> None:
    for named in (True, False):
        width = max(width_of(row, _LABEL) for row in (*rows, *([name] if named else [])))
        box = placer.place(point, width + 4, _LINE * (len(rows) + named))
        if box is None:
            continue
        near = min(max(point[0], box.x), box.x + box.width), min(max(point[1], box.y), box.y + box.height)
        if math.dist(near, point) > 14:
            panel.append(polyline([point, near], stroke=SOFT, stroke_width=0.8))
        for number, row in enumerate(rows, start=1):
            panel.append(halo(row, _LABEL, box.x + 2, box.y + _LINE * number - 3, font_weight="bold"))
        if named:
            panel.append(halo(name, _LABEL - 1, box.x + 2, box.y + _LINE * (len(rows) + 1) - 3, SOFT))
        return


def _samples(lines: Sequence[list[Point]]) -> list[Point]:
    return [
        (start[0] + (end[0] - start[0]) * step / _SAMPLES, start[1] + (end[1] - start[1]) * step / _SAMPLES)
        for points in lines
        for start, end in pairwise(points)
        for step in range(_SAMPLES + 1)
    ]


def _draw_names(panel: draw.Group, view: View, placer: Placer, named: Mapping[str, object]) -> None:
    """Name the other cameras too where there are few enough, and where that hides nothing."""
    seen = view.seen()
    if len(seen) > _MOST_NAMES:
        return
    for camera, point in seen.items():
        name = fitted(camera, _NAME_WIDTH, _NAME)
        box = None if camera in named else placer.place(point, width_of(name, _NAME), _NAME + 1, near=True)
        if box is not None:
            panel.append(halo(name, _NAME, box.x, box.y + _NAME - 1, FAINT))


def _draw_scale(panel: draw.Group, view: View, words: Words) -> None:
    most = 160 / view.pixels_a_metre
    step = 10 ** math.floor(math.log10(most))
    metres = next(step * times for times in (5, 2, 1) if step * times <= most)
    pixels, y = round(metres * view.pixels_a_metre, 1), round(view.height - 16, 1)
    panel.append(draw.Rectangle(8, y - 22, pixels + 24, 32, fill=PAPER, fill_opacity=0.85))
    panel.append(polyline([(20, y - 4), (20, y), (20 + pixels, y), (20 + pixels, y - 4)], stroke=INK, stroke_width=1.5))
    panel.append(text(words.metres(metres), 12, 20, y - 8))


def _draw_north(panel: draw.Group, words: Words) -> None:
    x = INNER - 22
    panel.append(draw.Lines(x, 14, x - 6, 32, x, 28, x + 6, 32, close=True, fill=INK))
    panel.append(text(words.say("north"), 12, x, 46, text_anchor="middle"))
