"""What is written on a map: numbers and times of sightings, names of cameras."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import drawsvg as draw

from daemon.inference.association.result.following import Stop
from daemon.inference.association.result.placing import Box, Placer
from daemon.inference.association.result.svg_parts import FAINT, INNER, SOFT, fitted, halo, polyline, width_of
from daemon.inference.association.result.svg_view import Point, View
from daemon.inference.association.result.words import Words

_LABEL: Final = 12.0
_LINE: Final = 15.0
_MOST_LINES: Final = 4
#: Where there are more sightings than that, one of each camera is written; all are in the table.
_CROWDED: Final = 40
_MOST_NAMES: Final = 150
_NAME: Final = 10.0
_NAME_WIDTH: Final = 90.0
#: Points of each line that labels keep off; what is nearer together is one; of more lines than that none are.
_SAMPLES: Final = 10
_NEARLY: Final = 4.0
_MOST_SAMPLED: Final = 200


def draw_labels(panel: draw.Group, way: Sequence[Stop], view: View, lines: Sequence[list[Point]], words: Words) -> None:
    """Write what fits: the first and the last sighting first, and the other cameras last."""
    by_camera: dict[str, list[Stop]] = {}
    ends = {way[0], way[-1], *(stop for stop in way if stop.hop is None)}
    for stop in sorted(way, key=lambda stop: stop not in ends):  # what must have a place comes first
        if stop.camera in view.places:
            by_camera.setdefault(stop.camera, []).append(stop)
    size = view.mark + 1
    marks = [Box(x - size, y - size, 2 * size, 2 * size) for x, y in map(view.places.__getitem__, by_camera)]
    corner = [Box(INNER - 44, 0, 44, 62), Box(0, view.height - 44, 210, 44)]
    samples = [*_samples(lines), *view.seen().values()] if len(lines) <= _MOST_SAMPLED else []
    placer = Placer(view.frame, [*marks, *corner], samples)
    most = _MOST_LINES if len(way) <= _CROWDED else 1
    for camera, visits in by_camera.items():
        visits.sort(key=lambda stop: stop.time_s)
        rows = [f"{stop.number} · {words.time(stop.time_s)}" for stop in visits[:most]]
        if len(visits) > most:
            rows[-1] += f"  +{len(visits) - most}"
        _draw_label(panel, placer, view.places[camera], rows, fitted(words.camera(camera), 2 * _NAME_WIDTH, _LABEL))
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
    """Return points along lines, those that are nearly one as one."""
    along_lines = (
        (start[0] + (end[0] - start[0]) * step / _SAMPLES, start[1] + (end[1] - start[1]) * step / _SAMPLES)
        for points in lines
        for start, end in pairwise(points)
        for step in range(_SAMPLES + 1)
    )
    return list({(round(x / _NEARLY) * _NEARLY, round(y / _NEARLY) * _NEARLY) for x, y in along_lines})


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
