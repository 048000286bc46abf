"""Colour histograms of horizontal stripes: for trying things out where there are no weights.

Of drawn people at other cameras it finds one in ten first, where a network that was trained for two minutes finds
five: it is no substitute for one, and its model id says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daemon.inference.association.pictures.calibration import Calibration
from daemon.inference.association.pictures.preparation import Crop, check_crops, resized, unit
from daemon.inference.association.pictures.quality import quality

NAME: Final = "stripe-histogram"
_WIDTH, _HEIGHT = 32, 64
_STRIPES: Final = 6
_HUES, _LIGHTS, _GREYS = 12, 3, 6
_BINS: Final = _GREYS + _HUES * _LIGHTS
_COLOURED: Final = 80  # saturation, of 255, from which on a hue is taken at its word


class StripeHistogram:
    """Port Embedder. The same crop has the same vector on every machine.

    Each stripe counts its greys by lightness and its colours by hue and lightness; a pixel between two bins counts for
    both. Roots of the counts make a cosine the coefficient of Bhattacharyya. Pixels count by how near the middle they
    are, for at the sides there is background.
    """

    model_id: Final = f"{NAME}-for-trying-out-1"
    width: Final = _STRIPES * _BINS
    batch: Final = 64
    calibration: Calibration | None = None

    def __init__(self) -> None:
        middle = 1 - np.abs(np.arange(_WIDTH) - (_WIDTH - 1) / 2) / (_WIDTH / 2)
        self._weights = np.broadcast_to(middle, (_HEIGHT, _WIDTH)).ravel()
        self._stripe = np.repeat(np.arange(_HEIGHT) * _STRIPES // _HEIGHT, _WIDTH) * _BINS

    def embed(self, crops: Sequence[Any]) -> NDArray[np.float32]:
        """Return unit vectors (n, width) of n crops, uint8 RGB (h, w, 3). Raises InvalidInput naming the bad one."""
        check_crops(crops)
        if not len(crops):
            return np.empty((0, self.width), np.float32)
        return unit(np.sqrt(np.stack([self._histogram(crop) for crop in crops])))

    def quality(self, crops: Sequence[Any]) -> NDArray[np.float32]:
        """Return 0 to 1 for each crop."""
        return quality(crops)

    def _histogram(self, crop: Crop) -> NDArray[np.float64]:
        picture = Image.fromarray(resized(crop, _WIDTH, _HEIGHT), "RGB").convert("HSV")
        hue, saturation, value = np.asarray(picture, np.float64).reshape(-1, 3).T
        coloured = np.minimum(1, saturation / _COLOURED) * self._weights
        counts = np.zeros(self.width)
        for grey, share in _between(value * (_GREYS - 1) / 255):
            counts += self._counted(grey, share * (self._weights - coloured))
        for light, share in _between(value * (_LIGHTS - 1) / 255):
            for tone, part in _between(hue * _HUES / 256):  # the last lies beside the first
                counts += self._counted(_GREYS + light * _HUES + tone % _HUES, share * part * coloured)
        return counts

    def _counted(self, bins: NDArray[np.int64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(self._stripe + bins, shares, self.width).astype(np.float64)


def _between(places: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Give the bin below each place and the one above, and how much of a pixel is counted there."""
    below = np.floor(places).astype(np.int64)
    share = places - below
    yield below, 1 - share
    yield np.where(share > 0, below + 1, below), share
