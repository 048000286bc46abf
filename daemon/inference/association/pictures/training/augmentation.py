"""Crops as they might have been as well: mirrored, cut out otherwise, in another light, with a part hidden."""

from __future__ import annotations

from typing import Final

import numpy as np

from daemon.inference.association.pictures.preparation import Crop, Floats
from daemon.inference.association.pictures.training.recipe import Augmentation

#: Share of the area, and ratio of the sides, of what is erased (Zhong et al., 2020, section 4.2).
_AREA: Final = 0.02, 0.4
_RATIO: Final = 0.3, 1 / 0.3
_TRIES: Final = 20


def varied(crop: Crop, how: Augmentation, chance: np.random.Generator) -> Crop:
    """Return a crop of the same size, mirrored or not, moved, lighter or darker."""
    if chance.random() < how.flip:
        crop = crop[:, ::-1]
    return _lit(_shifted(crop, how.shift, chance), how.light, chance)


def erase(prepared: Floats, share: float, chance: np.random.Generator) -> None:
    """Hide a rectangle of a prepared picture (3, h, w) behind the mean colour, in so many cases, in place."""
    if chance.random() >= share:
        return
    _, height, width = prepared.shape
    for _ in range(_TRIES):
        area = chance.uniform(*_AREA) * height * width
        ratio = np.exp(chance.uniform(*np.log(_RATIO)))
        rows, columns = round(np.sqrt(area * ratio)), round(np.sqrt(area / ratio))
        if 0 < rows < height and 0 < columns < width:
            top, left = chance.integers(0, height - rows), chance.integers(0, width - columns)
            prepared[:, top : top + rows, left : left + columns] = 0  # the mean was taken off
            return


def _shifted(crop: Crop, most: float, chance: np.random.Generator) -> Crop:
    height, width = crop.shape[:2]
    down, right = round(height * most), round(width * most)
    if not (down or right):
        return crop
    padded = np.pad(crop, ((down, down), (right, right), (0, 0)), mode="edge")
    top, left = chance.integers(0, 2 * down + 1), chance.integers(0, 2 * right + 1)
    return padded[top : top + height, left : left + width]


def _lit(crop: Crop, most: float, chance: np.random.Generator) -> Crop:
    if not most:
        return crop
    gains = (1 + chance.uniform(-most, most)) * (1 + chance.uniform(-most / 2, most / 2, 3))
    contrast = 1 + chance.uniform(-most, most)
    levels = np.arange(256)[:, None]
    table = np.clip(((levels - 128) * contrast + 128) * gains, 0, 255).astype(np.uint8)  # (256, 3)
    lit: Crop = table[crop, np.arange(3)]
    return lit
