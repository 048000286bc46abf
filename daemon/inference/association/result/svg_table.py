"""The parts of a page that are read: the sightings with their reasons, lines of text, the legend."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import drawsvg as draw

from daemon.inference.association.result.following import Stop, stops
from daemon.inference.association.result.svg_marks import missed_mark, stop_mark
from daemon.inference.association.result.svg_parts import (
    FAINT,
    INK,
    INNER,
    NETWORK,
    PAPER,
    RULE,
    SEARCHED,
    SOFT,
    SURENESS,
    dots,
    fitted,
    polyline,
    sureness,
    text,
    width_of,
    wrapped,
)
from daemon.inference.association.result.svg_tree import node_mark, window_mark
from daemon.inference.association.result.words import Words
from daemon.inference.association.search.trajectory import Hop, Trajectory

_SIZE: Final = 12.5
_LINE: Final = 17.0
_COLUMNS: Final = (("number", 0.0), ("time", 48.0), ("camera", 210.0), ("posterior", 420.0), ("why", 540.0))
_MOST: Final = 120
_BAR: Final = 56.0


def draw_sightings(trajectory: Trajectory, words: Words) -> tuple[draw.Group, float]:
    """Return a table of the sightings, its upper left corner at 0, 0, and its height."""
    panel = draw.Group()
    for name, x in _COLUMNS:
        panel.append(text(words.say(f"column.{name}"), _SIZE, x, 12, SOFT, font_weight="bold"))
    y = 20.0
    way = stops(trajectory)
    for stop in way[:_MOST]:
        others = trajectory.alternatives[stop.number - 1] if 0 < stop.number <= len(trajectory.alternatives) else ()
        y = _draw_stop(panel, stop, others, y, words)
    if len(way) > _MOST:
        panel.append(text(words.say("more_sightings", n=len(way) - _MOST), _SIZE, 0, y + _LINE, SOFT))
        y += _LINE
    return panel, y + 6


def _draw_stop(panel: draw.Group, stop: Stop, others: Sequence[Hop], y: float, words: Words) -> float:
    """Draw a row that begins at a height; return where it ends."""
    panel.append(polyline([(0, y), (INNER, y)], stroke=RULE, stroke_width=1))
    columns, base = dict(_COLUMNS), y + _LINE
    panel.append(text(str(stop.number), _SIZE, columns["number"], base, font_weight="bold"))
    panel.append(text(words.time(stop.time_s), _SIZE, columns["time"], base))
    room = columns["posterior"] - columns["camera"] - 12
    cameras = wrapped(words.camera(stop.camera), room, _SIZE)[:3]
    for number, line in enumerate(cameras):
        panel.append(text(line, _SIZE, columns["camera"], base + _LINE * number))
    if stop.hop is None:
        panel.append(text(words.say("legend.query"), _SIZE, columns["why"], base, SOFT))
        return base + _LINE * (len(cameras) - 1) + 8
    look = sureness(stop.hop.posterior)
    panel.append(draw.Rectangle(columns["posterior"], base - 9, _BAR, 9, fill="#eeeeee"))
    panel.append(
        draw.Rectangle(columns["posterior"], base - 9, round(_BAR * stop.hop.posterior, 1), 9, fill=look.colour)
    )
    panel.append(text(words.share(stop.hop.posterior), _SIZE, columns["posterior"] + _BAR + 6, base))
    lines = [(line, INK) for line in wrapped(words.hop(stop.hop), INNER - columns["why"], _SIZE)]
    for other in words.alternatives(others):
        told = f"{words.say('or')} {other}" if others else other
        lines += [(line, SOFT) for line in wrapped(told, INNER - columns["why"], _SIZE - 1)]
    for number, (line, colour) in enumerate(lines):
        panel.append(text(line, _SIZE if colour == INK else _SIZE - 1, columns["why"], base + _LINE * number, colour))
    return base + _LINE * (max(len(lines), len(cameras)) - 1) + 8


def draw_lines(lines: Iterable[str], size: float = _SIZE, colour: str = INK) -> tuple[draw.Group, float]:
    """Return lines of text, wrapped at the width of the page, and their height."""
    panel = draw.Group()
    y = 0.0
    for line in lines:
        for number, part in enumerate(wrapped(line, INNER, size)):
            y += size * 1.4
            panel.append(text(part, size, 0 if number == 0 else 14, y, colour))
        y += 2
    return panel, y + 4


def draw_columns(lines: Sequence[str], size: float = 11.5, colour: str = SOFT) -> tuple[draw.Group, float]:
    """Return lines of text in two columns where all are short enough, and their height."""
    room = INNER / 2 - 16
    if any(width_of(line, size) > room for line in lines):
        return draw_lines(lines, size, colour)
    panel, rows = draw.Group(), (len(lines) + 1) // 2
    for number, line in enumerate(lines):
        column, row = divmod(number, rows)
        panel.append(text(line, size, column * INNER / 2, (row + 1) * size * 1.5, colour))
    return panel, rows * size * 1.5 + 6


def draw_legend(words: Words) -> tuple[draw.Group, float]:
    """Return what each mark means, in rows, and their height."""
    entries: list[tuple[str, Callable[[float, float], Sequence[draw.DrawingElement]]]] = [
        (words.say("legend.query"), lambda x, y: [stop_mark(x + 10, y, None)]),
        *((words.say("legend.posterior", range=step.words), _sure_sample(step.colour, step.dash)) for step in SURENESS),
        (words.say("legend.missed"), lambda x, y: [missed_mark(x + 10, y)]),
        (words.say("legend.camera"), lambda x, y: [dots([(x + 10, y)], 5, FAINT)]),
        (
            words.say("legend.searched"),
            lambda x, y: [
                dots([(x + 10, y)], size, colour) for size, colour in ((10, SEARCHED), (7, PAPER), (5, FAINT))
            ],
        ),
        (words.say("legend.way"), lambda x, y: [polyline([(x, y), (x + 22, y)], stroke=NETWORK, stroke_width=1.2)]),
    ]
    return _laid_out(entries)


def draw_tree_legend(words: Words) -> tuple[draw.Group, float]:
    """Return what the marks of the tree mean, in rows, and their height."""
    return _laid_out(
        [
            (words.say("legend.window"), lambda x, y: [window_mark(x, y, 22, left=False)]),
            (words.say("legend.window_left"), lambda x, y: [window_mark(x, y, 22, left=True)]),
            (words.say("legend.accepted"), lambda x, y: [node_mark(x + 10, y, 1.0, taken=True)]),
            (words.say("legend.weighed"), lambda x, y: [node_mark(x + 10, y, 1.0, taken=False)]),
        ]
    )


def _sure_sample(colour: str, dash: str) -> Callable[[float, float], Sequence[draw.DrawingElement]]:
    return lambda x, y: [
        polyline([(x, y), (x + 22, y)], stroke=colour, stroke_width=3.5, stroke_dasharray=dash or None)
    ]


def _laid_out(
    entries: Iterable[tuple[str, Callable[[float, float], Sequence[draw.DrawingElement]]]],
) -> tuple[draw.Group, float]:
    panel, x, y = draw.Group(), 0.0, 12.0
    for told, sample in entries:
        width = 30 + width_of(told, 11.5)
        if x + width > INNER:
            x, y = 0.0, y + 20
        for element in sample(x, y):
            panel.append(element)
        panel.append(text(fitted(told, INNER, 11.5), 11.5, x + 28, y + 4))
        x += width + 18
    return panel, y + 14
