"""What a crop is worth to an embedder: as much as the worst of its size, contrast and sharpness.

A flat crop has a vector too, with a cosine of up to .5 to people: only its picture tells that it shows nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daemon.inference.association.pictures.preparation import Crop, check_crops

#: Below it a vector is not worth keeping.
LEAST: Final = 0.1
_MOST: Final = 128, 256  # width and height to look at: detail beyond them is not read by a network either
_SMALL_PX, _LARGE_PX = 8.0, 90.0  # square roots of areas that are worth 0 and 1; the second is of 64 x 128
_CONTRAST: Final = 32.0  # standard deviation of the luminance, of 255, that is worth 1
_ROUNDING: Final = 2 * (4 + 4**2) / 12  # variance of the Laplacian of a smooth picture, its levels rounded twice
_SHARPNESS: Final = 0.4  # deviation of the Laplacian over that of the luminance that is worth 1


def quality(crops: Sequence[Any]) -> NDArray[np.float32]:
    """Return 0 to 1 for each crop, uint8 RGB (h, w, 3). Raises InvalidInput naming one that is no picture."""
    check_crops(crops)
    return np.array([_quality(crop) for crop in crops], np.float32)


def _quality(crop: Crop) -> float:
    grey = _luminance(crop)
    spread = float(grey.std())
    size = (np.sqrt(crop.shape[0] * crop.shape[1]) - _SMALL_PX) / (_LARGE_PX - _SMALL_PX)
    sharpness = _detail(grey) / (_SHARPNESS * spread) if spread else 0.0
    return float(np.clip(min(size, spread / _CONTRAST, sharpness), 0.0, 1.0))


def _luminance(crop: Crop) -> NDArray[np.float32]:
    picture = Image.fromarray(np.ascontiguousarray(crop), "RGB").convert("L")
    picture.thumbnail(_MOST, Image.Resampling.BOX)
    return np.asarray(picture, np.float32)


def _detail(grey: NDArray[np.float32]) -> float:
    """Return the standard deviation of the Laplacian (Pech-Pacheco et al., 2000, section 3), 0 where there is none."""
    if min(grey.shape) < 3:
        return 0.0
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float(np.sqrt(max(0.0, (around - 4 * grey[1:-1, 1:-1]).var() - _ROUNDING)))
