"""Who stands before whom in a frame: of two boxes that overlap, the one that ends lower is nearer to the camera."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from daemon.inference.association.pictures.mot_lines import TrackLine


def shown_shares(lines: Iterable[TrackLine]) -> Mapping[int, float]:
    """Return by line which part of its box no nearer box covers, 0 to 1; of several, that which covers most counts."""
    frames: dict[int, list[TrackLine]] = defaultdict(list)
    for line in lines:
        frames[line.frame].append(line)
    return {
        line.line: share
        for together in frames.values()
        for line, share in zip(together, _shown(np.array([line.box for line in together])).tolist(), strict=True)
    }


def _shown(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """boxes: (n, 4), left, top, width, height."""
    low, size = boxes[:, :2], boxes[:, 2:]
    high = low + size
    shared = np.minimum(high[:, None], high[None, :]) - np.maximum(low[:, None], low[None, :])
    covered = np.clip(shared, 0, None).prod(axis=2) / size.prod(axis=1)[:, None]
    covered[high[:, None, 1] >= high[None, :, 1]] = 0  # the other is farther, or the same
    shown: NDArray[np.float64] = 1 - covered.max(axis=1)
    return shown
