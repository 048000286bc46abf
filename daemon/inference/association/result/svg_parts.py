"""What drawings of results are made of: colours, text with its width, and escapes.

drawsvg escapes text and never attributes, so no attribute here holds anything but numbers and our own words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import drawsvg as draw
from wcwidth import wcswidth

from daemon.products.plain_text import plain

INK: Final = "#1a1a1a"
SOFT: Final = "#595959"
FAINT: Final = "#8c8c8c"
RULE: Final = "#d0d0d0"
NETWORK: Final = "#b8bec6"
SEARCHED: Final = "#4a6785"
PAPER: Final = "#ffffff"
#: Widths and margin of a page, in pixels.
PAGE: Final = 1200
MARGIN: Final = 32
INNER: Final = PAGE - 2 * MARGIN
FONT: Final = "'DejaVu Sans','Noto Sans','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"
#: Width of a Latin letter as a share of the font's size, on the safe side.
_LETTER: Final = 0.6
_LONGEST: Final = 2_000
#: What no XML 1.0 text may hold (production 2), beside what `plain` takes out.
_NO_XML: Final = re.compile("[\ufffe\uffff]")


class Sureness(NamedTuple):
    """How a posterior is drawn: from `least` on; colours differ in lightness too, and doubtful lines are dashed."""

    least: float
    colour: str
    dash: str
    words: str


SURENESS: Final = (
    Sureness(0.99, "#08306b", "", "≥ 99%"),
    Sureness(0.9, "#2171b5", "", "90–99%"),
    Sureness(0.7, "#8a6d00", "", "70–90%"),
    Sureness(0.5, "#d1600b", "9 3", "50–70%"),
    Sureness(0.0, "#b2182b", "4 4", "< 50%"),
)


def sureness(posterior: float) -> Sureness:
    """Return how a posterior is drawn."""
    return next((step for step in SURENESS if posterior >= step.least), SURENESS[-1])


class Description(draw.Title):  # type: ignore[misc]  # drawsvg has no types
    """The element `desc` (SVG 2, section 5.7), which drawsvg lacks."""

    TAG_NAME = "desc"


def shown(text: str, longest: int = _LONGEST) -> str:
    """Return text as one line that XML may hold."""
    return _NO_XML.sub("\ufffd", plain(text, longest))


def width_of(text: str, size: float) -> float:
    """Return about how wide a text is; Chinese characters count as two letters."""
    return max(wcswidth(text), len(text) if wcswidth(text) < 0 else 0) * size * _LETTER


def fitted(text: str, width: float, size: float) -> str:
    """Return a text, cut to a width."""
    line = shown(text)
    while line and width_of(line, size) > width:
        line = f"{line.rstrip('…')[:-1]}…" if len(line) > 2 else ""
    return line


def wrapped(text: str, width: float, size: float) -> list[str]:
    """Return a text in lines of a width, broken at blanks, and after any character where there is none."""
    lines, line = [], ""
    for piece in re.findall(r"[^\s\u2e80-\uffff]+\s*|[\u2e80-\uffff]\s*|\s+", shown(text)):
        part = piece
        if width_of(line + part.rstrip(), size) > width and line:
            lines.append(line.rstrip())
            line = ""
        while width_of(part.rstrip(), size) > width:
            fits = max(1, int(width / (size * _LETTER)))
            lines.append(part[:fits])
            part = part[fits:]
        line += part
    return [*lines, line.rstrip()] if line.strip() else lines or [""]


def text(content: str, size: float, x: float, y: float, colour: str = INK, **more: Any) -> draw.Text:
    """Return one line of text whose base begins at a point."""
    return draw.Text(shown(content), size, round(x, 1), round(y, 1), fill=colour, **more)


def halo(content: str, size: float, x: float, y: float, colour: str = INK, **more: Any) -> draw.Text:
    """Return a line of text that can be read over lines."""
    around = {"stroke": PAPER, "stroke_width": 3, "stroke_linejoin": "round", "paint_order": "stroke"}
    return text(content, size, x, y, colour, **around, **more)


def polyline(points: Sequence[tuple[float, float]], **more: Any) -> draw.Path:
    """Return a line through points."""
    path = draw.Path(fill="none", **more)
    path.M(*_rounded(points[0]))
    for point in points[1:]:
        path.L(*_rounded(point))
    return path


def dots(points: Sequence[tuple[float, float]], width: float, colour: str) -> draw.Path:
    """Return many round dots as one element."""
    path = draw.Path(fill="none", stroke=colour, stroke_width=width, stroke_linecap="round")
    for point in points:
        path.M(*_rounded(point)).h(0)
    return path


def titled(element: draw.Group, title: str) -> draw.Group:
    """Give an element a title, which browsers show over it and which is read out."""
    element.children.insert(0, draw.Title(shown(title)))
    return element


def _rounded(point: tuple[float, float]) -> tuple[float, float]:
    return round(point[0], 1), round(point[1], 1)
