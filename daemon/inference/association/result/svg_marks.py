"""Marks on a map: sightings, cameras that were passed unseen, arrows, the scale and north."""

from __future__ import annotations

import math
from typing import Final

import drawsvg as draw

from daemon.inference.association.result.svg_parts import INK, INNER, PAPER, SOFT, polyline, sureness, text
from daemon.inference.association.result.words import Words
from daemon.inference.association.search.trajectory import Hop

#: Radius of a sighting's mark, smaller where a long way is shown on a small scale.
MARK: Final = 7.0
_SCALE_WIDTH: Final = 160.0


def stop_mark(x: float, y: float, hop: Hop | None, radius: float = MARK) -> draw.DrawingElement:
    """Return the mark of a sighting, a disc in the colour of its posterior; a square for the query."""
    if hop is None:
        side = 2 * radius
        corner = round(x - radius, 1), round(y - radius, 1)
        return draw.Rectangle(*corner, side, side, fill=INK, stroke=PAPER, stroke_width=2)
    look = sureness(hop.posterior)
    return draw.Circle(round(x, 1), round(y, 1), radius, fill=look.colour, stroke=PAPER, stroke_width=2 * radius / MARK)


def missed_mark(x: float, y: float, size: float = 1.0) -> draw.Group:
    """Return the mark of a camera that was passed unseen."""
    mark, arm = draw.Group(stroke=SOFT, stroke_width=1.8 * size), 3 * size
    mark.append(draw.Circle(round(x, 1), round(y, 1), 5.5 * size, fill=PAPER, stroke_width=1.2 * size))
    for turn in (arm, -arm):
        mark.append(draw.Line(*(round(part, 1) for part in (x - arm, y - turn, x + arm, y + turn))))
    return mark


def arrow(start: tuple[float, float], end: tuple[float, float], colour: str, size: float) -> draw.Lines:
    """Return an arrow head a little behind the middle of a line."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = math.hypot(across, down) or 1.0
    x, y = across / length * size, down / length * size
    tip = start[0] + across * 0.6 + x * 5, start[1] + down * 0.6 + y * 5
    back = tip[0] - x * 11, tip[1] - y * 11
    corners = [*tip, back[0] - y * 5.5, back[1] + x * 5.5, back[0] + y * 5.5, back[1] - x * 5.5]
    return draw.Lines(*(round(part, 1) for part in corners), close=True, fill=colour, stroke=PAPER, stroke_width=0.8)


def draw_scale(panel: draw.Group, height: float, pixels_a_metre: float, words: Words) -> None:
    """Add a scale of a round length to the lower left corner of a panel of a height."""
    most = _SCALE_WIDTH / pixels_a_metre
    step = 10 ** math.floor(math.log10(most))
    metres = next(step * times for times in (5, 2, 1) if step * times <= most)
    pixels, y = round(metres * pixels_a_metre, 1), round(height - 16, 1)
    panel.append(draw.Rectangle(8, y - 22, pixels + 24, 32, fill=PAPER, fill_opacity=0.85))
    panel.append(polyline([(20, y - 4), (20, y), (20 + pixels, y), (20 + pixels, y - 4)], stroke=INK, stroke_width=1.5))
    told = words.say("kilometres", n=f"{metres / 1000:g}") if metres >= 1_000 else words.metres(metres)
    panel.append(text(told, 12, 20, y - 8))


def draw_north(panel: draw.Group, words: Words) -> None:
    """Add an arrow to the north to the upper right corner of a panel."""
    x = INNER - 22
    panel.append(draw.Lines(x, 14, x - 6, 32, x, 28, x + 6, 32, close=True, fill=INK))
    panel.append(text(words.say("north"), 12, x, 46, text_anchor="middle"))
