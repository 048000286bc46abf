"""Colour histograms of horizontal stripes: for trying things out where there are no weights.

Of people in unseen clothes under another light it finds about a quarter: it is no substitute for a trained network,
and its model id says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daemon.inference.association.pictures.calibration import Calibration
from daemon.inference.association.pictures.preparation import Crop, check_crops, resized, unit
from daemon.inference.association.pictures.quality import quality

NAME: Final = "stripe-histogram"
_WIDTH, _HEIGHT = 32, 64
_STRIPES: Final = 4
_HUES, _SATURATIONS, _VALUES = 12, 4, 4
_BINS: Final = _HUES * _SATURATIONS * _VALUES


class StripeHistogram:
    """Port Embedder. The same crop has the same vector on every machine.

    Each stripe is a histogram of hue, saturation and value; roots of the counts make a cosine the coefficient of
    Bhattacharyya. Pixels count by how near the middle they are, for at the sides there is background.
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
        hsv = np.asarray(Image.fromarray(resized(crop, _WIDTH, _HEIGHT), "RGB").convert("HSV"), np.int64)
        hue, saturation, value = (hsv[:, :, channel].ravel() for channel in range(3))
        bins = hue * _HUES // 256
        bins = (bins * _SATURATIONS + saturation * _SATURATIONS // 256) * _VALUES + value * _VALUES // 256
        counts = np.bincount(self._stripe + bins, self._weights, self.width)
        return counts.astype(np.float64)
