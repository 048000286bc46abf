"""The part of a network around a trajectory, with the trajectory on it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import drawsvg as draw

from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.result.following import Stop, along, leg_hop, stops
from daemon.inference.association.result.svg_labels import draw_labels
from daemon.inference.association.result.svg_marks import MARK, arrow, draw_north, draw_scale, missed_mark, stop_mark
from daemon.inference.association.result.svg_parts import (
    FAINT,
    INNER,
    NETWORK,
    PAPER,
    RULE,
    SEARCHED,
    dots,
    polyline,
    sureness,
    titled,
)
from daemon.inference.association.result.svg_view import Point, View
from daemon.inference.association.result.words import Words
from daemon.inference.association.search.trajectory import Hop, Trajectory

#: Legs go on the right, so that ways there and back stay apart; each further one goes beside the one before.
_ASIDE: Final = 3.0
_FURTHER: Final = 5.0
_BESIDE: Final = 4


def draw_map(trajectory: Trajectory, graph: CameraGraph, view: View, words: Words) -> draw.Group:
    """Return the panel, its upper left corner at 0, 0."""
    way = stops(trajectory)
    lines = _leg_lines(trajectory, graph, view, way)
    clip = draw.ClipPath()
    clip.append(draw.Rectangle(0, 0, INNER, round(view.height, 1)))
    inside = draw.Group(clip_path=clip)
    inside.append(draw.Rectangle(0, 0, INNER, round(view.height, 1), fill="#fbfbfa"))
    _draw_network(inside, trajectory, graph, view)
    _draw_legs(inside, lines, view.mark / MARK, words)
    _draw_missed(inside, way, view)
    _draw_stops(inside, way, view, words)
    draw_labels(inside, way, view, [points for points, _ in lines], words)
    panel = draw.Group()
    panel.append(inside)
    panel.append(draw.Rectangle(0, 0, INNER, round(view.height, 1), fill="none", stroke=RULE))
    draw_scale(panel, view.height, view.pixels_a_metre, words)
    draw_north(panel, words)
    return panel


def _draw_network(panel: draw.Group, trajectory: Trajectory, graph: CameraGraph, view: View) -> None:
    seen = view.seen()
    ways = draw.Path(fill="none", stroke=NETWORK, stroke_width=1.2)
    drawn: set[frozenset[str]] = set()
    for camera, (x, y) in seen.items():
        for other in (*graph.neighbours(camera), *graph.origins(camera)):
            pair = frozenset({camera, other})
            if pair not in drawn:
                drawn.add(pair)
                ways.M(round(x, 1), round(y, 1)).L(*(round(part, 1) for part in view.places[other]))
    panel.append(ways)
    size = 5.0 if len(seen) <= 300 else 3.0 if len(seen) <= 1_000 else 2.0
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
            points += _aside(view.places[pair[0]], view.places[pair[1]], _ASIDE + _FURTHER * (gone[pair] % _BESIDE))
            gone[pair] += 1
        lines.append((points, hop))
    return lines


def _aside(start: Point, end: Point, pixels: float) -> list[Point]:
    """Return a line some pixels to the right of where it leads."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = math.hypot(across, down) or 1.0
    right = -down / length * pixels, across / length * pixels
    return [(start[0] + right[0], start[1] + right[1]), (end[0] + right[0], end[1] + right[1])]


def _draw_legs(panel: draw.Group, lines: Sequence[tuple[list[Point], Hop | None]], size: float, words: Words) -> None:
    for points, _ in lines:
        panel.append(polyline(points, stroke=PAPER, stroke_width=round(7 * size, 1), stroke_linejoin="round"))
    for points, hop in lines:
        look = sureness(hop.posterior if hop else 0.0)
        line = draw.Group()
        line.append(
            polyline(
                points,
                stroke=look.colour,
                stroke_width=round(3.5 * size, 1),
                stroke_linejoin="round",
                stroke_dasharray=look.dash or None,
            )
        )
        line.append(arrow(points[-2], points[-1], look.colour, size))
        panel.append(titled(line, words.hop(hop)) if hop else line)


def _draw_missed(panel: draw.Group, way: Sequence[Stop], view: View) -> None:
    stopped = {stop.camera for stop in way}
    missed = {camera for stop in way if stop.hop for camera in stop.hop.missed} & view.places.keys()
    for camera in sorted(missed - stopped):
        panel.append(missed_mark(*view.places[camera], view.mark / MARK))


def _draw_stops(panel: draw.Group, way: Sequence[Stop], view: View, words: Words) -> None:
    for stop in sorted(way, key=lambda stop: stop.hop is None):  # the query on top, whatever came back to its camera
        if stop.camera not in view.places:
            continue
        mark = draw.Group()
        mark.append(stop_mark(*view.places[stop.camera], stop.hop, view.mark))
        told = words.hop(stop.hop) if stop.hop else words.say("query")
        panel.append(titled(mark, f"{stop.number}: {words.camera(stop.camera)}, {words.time(stop.time_s)}: {told}"))
