"""Vectors freed from what a camera adds to all of them: its light, its height, its colours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from daemon.ports.sightings import SightingsView

#: Detections that all cameras' common mean is worth against those of one camera.
_WORTH = 20.0
#: Detections of one camera that its mean is taken over, evenly over its time.
_MOST = 2_000


def camera_means(view: SightingsView) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean body and face vector of each camera, float32 (cameras, d) and (cameras, f), shrunk to the common.

    Where nothing is known, as in a view without vectors, the width is 0.
    """
    count = len(view.cameras)
    windows = [view.window(camera, -np.inf, np.inf) for camera in range(count)]
    body = [_spread(window.body) for window in windows]
    face = [_spread(window.faces) for window in windows]
    return _shrunk(body), _shrunk(face)


def _spread(vectors: NDArray[np.float16]) -> tuple[NDArray[np.float32], int]:
    some = vectors[:: max(1, len(vectors) // _MOST)].astype(np.float32)
    return some.sum(axis=0), int(some.any(axis=1).sum())


def _shrunk(sums: list[tuple[NDArray[np.float32], int]]) -> NDArray[np.float32]:
    width = max((len(total) for total, number in sums if number), default=0)
    total = np.stack([part if len(part) == width else np.zeros(width, np.float32) for part, _ in sums])
    number = np.array([number for _, number in sums], dtype=np.float32)[:, None]
    common = total.sum(axis=0) / max(float(number.sum()), 1.0)
    if number.sum() < 4 * _WORTH:
        common *= float(number.sum()) / (4 * _WORTH)  # a few detections are persons, not a camera
    means: NDArray[np.float32] = ((total + _WORTH * common) / (number + _WORTH)).astype(np.float32)
    return means


def centred(vectors: NDArray[np.float32], means: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return unit vectors (n, d) after taking away means (n, d); what was zero stays zero."""
    if not vectors.size:
        return vectors.astype(np.float32)
    moved = np.where(vectors.any(axis=1, keepdims=True), vectors - means, 0.0)
    norm = np.linalg.norm(moved, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (moved / np.maximum(norm, 1e-6)).astype(np.float32)
    return unit
