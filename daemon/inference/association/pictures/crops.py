"""Cutting people out of frames by the boxes of a tracker, and saying why where one can't be cut out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.quality import LEAST, quality

Crop: TypeAlias = NDArray[np.uint8]
Quality: TypeAlias = Callable[[Sequence[Any]], NDArray[np.float32]]

#: Pixels below which no embedder tells people apart.
LEAST_WIDTH: Final = 8
LEAST_HEIGHT: Final = 16
#: Share of a box that must lie within the frame: of less than that, what is seen is rather of somebody else.
LEAST_INSIDE: Final = 0.25
_FARTHEST: Final = 1e6


def cut(frame: Crop, box: Sequence[float]) -> Crop:
    """Return what a box (left, top, width, height in pixels) shows of a frame (h, w, 3), as a copy.

    What lies outside the frame is left out. Raises InvalidInput for a box that is no box, lies outside by more than
    three quarters, or shows less than 8 x 16 pixels.
    """
    left, top, width, height = checked(box)
    rows, columns = frame.shape[:2]
    x0, x1 = max(0, math.floor(left)), min(columns, math.ceil(left + width))
    y0, y1 = max(0, math.floor(top)), min(rows, math.ceil(top + height))
    if x0 >= x1 or y0 >= y1:
        raise InvalidInput(f"box {_told(box)} lies outside the frame of {columns} x {rows} pixels")
    inside = (min(left + width, columns) - max(left, 0)) * (min(top + height, rows) - max(top, 0)) / (width * height)
    if inside < LEAST_INSIDE:
        raise InvalidInput(
            f"only {inside:.0%} of box {_told(box)} lie in the frame of {columns} x {rows} pixels; "
            f"{LEAST_INSIDE:.0%} are needed"
        )
    if x1 - x0 < LEAST_WIDTH or y1 - y0 < LEAST_HEIGHT:
        raise InvalidInput(
            f"box {_told(box)} shows {x1 - x0} x {y1 - y0} pixels; at least {LEAST_WIDTH} x {LEAST_HEIGHT} are needed"
        )
    return frame[y0:y1, x0:x1].copy()


def cut_good(
    frame: Crop, box: Sequence[float], *, grade: Quality = quality, least: float = LEAST
) -> tuple[Crop, float]:
    """Return a crop with its quality, 0 to 1. Raises InvalidInput as `cut` does, and below the least quality."""
    crop = cut(frame, box)
    return crop, good(crop, grade=grade, least=least)


def good(crop: Crop, *, grade: Quality = quality, least: float = LEAST) -> float:
    """Return the quality of a crop, 0 to 1. Raises InvalidInput below the least."""
    worth = float(grade([crop])[0])
    if not worth >= least:
        raise InvalidInput(f"the crop's quality is {worth:.2f}, below {least}: too small, flat or blurred")
    return worth


def checked(box: Sequence[float]) -> tuple[float, float, float, float]:
    """Return a box, or raise InvalidInput: four finite numbers are wanted, left, top, width and height in pixels."""
    if len(box) != 4 or not all(isinstance(part, int | float | np.number) for part in box):
        raise InvalidInput(f"a box is left, top, width and height in pixels, four numbers; this is {box!r}")
    left, top, width, height = (float(part) for part in box)
    if not all(math.isfinite(part) for part in (left, top, width, height)):
        raise InvalidInput(f"box {_told(box)} has a number that is not finite")
    if max(abs(part) for part in (left, top, width, height)) > _FARTHEST:
        raise InvalidInput(f"box {_told(box)} has a number above {_FARTHEST:g}, which is no place in a frame")
    if width < 0 or height < 0:
        raise InvalidInput(f"box {_told(box)} has a negative width or height: are its corners swapped?")
    if width == 0 or height == 0:
        raise InvalidInput(f"box {_told(box)} is empty")
    if max(abs(left), abs(top), width, height) <= 1:
        raise InvalidInput(f"box {_told(box)} seems to be in parts of the frame; pixels are wanted")
    return left, top, width, height


def _told(box: Sequence[float]) -> str:
    return "(" + ", ".join(f"{float(part):g}" for part in box) + ")"
