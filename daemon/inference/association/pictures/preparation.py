"""From crops to what a network reads: the only place where pictures are resized, reordered and scaled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.manifest import Manifest

Crop: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]


class Preparation:
    """Prepares crops as a manifest says."""

    def __init__(self, manifest: Manifest) -> None:
        self._size = manifest.width, manifest.height
        self._order = (0, 1, 2) if manifest.colour == "RGB" else (2, 1, 0)
        levels = np.arange(256) / (255 if manifest.scale == "0-1" else 1)
        mean, std = np.array(manifest.mean)[:, None], np.array(manifest.std)[:, None]
        self._table: Floats = ((levels - mean) / std).astype(np.float32)  # (3, 256), by the network's own channels

    def __call__(self, crops: Sequence[Any]) -> Floats:
        """(h, w, 3) uint8 RGB each -> (n, 3, height, width). Raises InvalidInput naming the bad one."""
        check_crops(crops)
        width, height = self._size
        prepared = np.empty((len(crops), 3, height, width), np.float32)
        for crop, channels in zip(crops, prepared, strict=True):
            picture = resized(crop, width, height)
            for channel, source, levels in zip(channels, self._order, self._table, strict=True):
                levels.take(picture[:, :, source], out=channel, mode="clip")  # "raise" would buffer
        return prepared


def resized(crop: Crop, width: int, height: int) -> Crop:
    """Return a crop of another size, by triangles that widen as it shrinks, so that nothing is aliased."""
    if crop.shape[:2] == (height, width):
        return crop
    picture = Image.fromarray(np.ascontiguousarray(crop), "RGB")
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))


def check_crops(crops: Sequence[Any]) -> None:
    """Raise InvalidInput naming the first that is no uint8 array (h, w, 3) of at least one pixel."""
    for number, crop in enumerate(crops):
        whole = isinstance(crop, np.ndarray) and crop.dtype == np.uint8 and crop.ndim == 3
        if not whole or crop.shape[2] != 3 or not crop.size:
            found = f"{crop.dtype} {crop.shape}" if isinstance(crop, np.ndarray) else type(crop).__name__
            told = f"crop {number} is {found}, and must be uint8 RGB (height, width, 3)"
            raise InvalidInput(told, ((f"crops.{number}", "not an RGB picture"),))


def unit(vectors: NDArray[Any]) -> Floats:
    """Return vectors (n, d) of unit length. Raises InvalidInput naming the first that has no direction."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    bad = np.flatnonzero(~(np.isfinite(lengths[:, 0]) & (lengths[:, 0] > 1e-12)))
    if bad.size:
        told = f"crop {bad[0]}: the network's vector is zero or not finite"
        raise InvalidInput(told, ((f"crops.{bad[0]}", "no vector"),))
    found: Floats = (vectors / lengths).astype(np.float32)
    return found
