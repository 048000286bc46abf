"""Patterns of clothes, and how they are lit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daemon.inference.association.pictures.rendering.identities import Garment


def texture(garment: Garment, size: tuple[int, int], unit: float, narrowed: float, *, towards: float) -> Image.Image:
    """Return a sheet of the garment's stuff as large as the canvas.

    unit: pixels of a body; narrowed: how much of its breadth is seen, by which a pattern narrows too; towards: 1 from
    before, -1 from behind: a print is on one side only.
    """
    width, height = size
    across = (np.arange(width) - width / 2) / (unit * max(narrowed, 0.3))
    down = np.arange(height)[:, None] / unit
    where = _PATTERNS[garment.pattern](across[None, :], down, garment.period, towards)
    colours = np.array([garment.colour, garment.second], dtype=np.uint8)
    return Image.fromarray(colours[np.broadcast_to(where, (height, width)).astype(np.intp)])


def shaded(stuff: Image.Image, light: float) -> Image.Image:
    """Return stuff under less light, 0 to 1."""
    if light == 1:
        return stuff
    return Image.blend(Image.new("RGB", stuff.size), stuff, light)


def _plain(_x: Any, _y: Any, _period: float, _towards: float) -> Any:
    return np.zeros((1, 1), bool)


def _hoops(_x: Any, y: Any, period: float, _towards: float) -> Any:
    return y % period < period / 2


def _stripes(x: Any, _y: Any, period: float, _towards: float) -> Any:
    return x % period < period / 2


def _checks(x: Any, y: Any, period: float, _towards: float) -> Any:
    return (x % period < period / 2) ^ (y % period < period / 2)


def _dots(x: Any, y: Any, period: float, _towards: float) -> Any:
    return (x % period - period / 2) ** 2 + (y % period - period / 2) ** 2 < (0.32 * period) ** 2


def _halves(x: Any, _y: Any, _period: float, towards: float) -> Any:
    return (x > 0) == (towards >= 0)


def _band(_x: Any, y: Any, period: float, _towards: float) -> Any:
    """One broad band at the height of the chest, and of the knees."""
    return np.abs((y - 0.42 + period) % 0.42 - 0.05) < 0.045


def _print(x: Any, y: Any, _period: float, towards: float) -> Any:
    """A patch on the chest; none on the back."""
    return (np.abs(x) < 0.05) & (np.abs(y - 0.40) < 0.05) & (towards > -0.2)


_PATTERNS: Final[dict[str, Callable[[Any, Any, float, float], NDArray[np.bool_]]]] = {
    "plain": _plain,
    "hoops": _hoops,
    "stripes": _stripes,
    "checks": _checks,
    "dots": _dots,
    "halves": _halves,
    "band": _band,
    "print": _print,
}
