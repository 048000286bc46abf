"""How common it is at a site that one passage of a target stands in the gallery twice: copies, and lost tracks."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from daemon.inference.association.matching.centring import centred
from daemon.inference.association.network.site_model import Appearance
from daemon.ports.sightings import SightingsView, Window

#: Pictures of one passage at one camera lie within so many seconds.
MOMENT_S: Final = 8.0
#: Least log-likelihood ratio of two pictures that are taken to be of one passage.
ALIKE: Final = 3.0
#: What a pair is compared with: as many seconds, so much later.
_LATER_S = 120.0
#: Cameras that are tried, detections of each, those that may be compared with them, and the share that matters.
_CAMERAS, _EACH, _MOST, _LEAST = 48, 200, 1_500, 0.03


def share(view: SightingsView, look: Appearance, seed: int = 0) -> float:
    """Return the share of detections with another picture of the same passage, 0 where that is too few to matter.

    Those that look alike within seconds are counted, less as many as look alike two minutes later.
    """
    rng = np.random.default_rng(seed)
    tried = found = 0
    for camera in rng.permutation(len(view.cameras))[:_CAMERAS].tolist():
        window = view.window(camera, -np.inf, np.inf)
        if len(window.rows) < 2:
            continue
        first = int(rng.integers(max(1, len(window.rows) - _EACH)))
        end = int(np.searchsorted(window.times, window.times[min(first + _EACH, len(window.rows)) - 1] + 2 * _LATER_S))
        part = slice(first, min(end, first + _MOST))
        times, llr = window.times[part], _llr(window, part, look, camera)
        apart = times[None, :] - times[:, None]
        later = np.triu(np.ones_like(llr, dtype=np.bool_), 1) & (llr > ALIKE)
        now = (later & (apart <= MOMENT_S))[:_EACH]
        then = (later & (apart > _LATER_S) & (apart <= _LATER_S + MOMENT_S))[:_EACH]
        found += int(np.count_nonzero(now.any(axis=1)) - np.count_nonzero(then.any(axis=1)))
        tried += min(_EACH, len(times))
    repeated = found / tried if tried else 0.0
    return repeated if repeated >= _LEAST else 0.0


def _llr(window: Window, part: slice, look: Appearance, camera: int) -> NDArray[np.float64]:
    """Log-likelihood ratios (n, n) of every two in a part of a window."""
    count = len(window.rows[part])
    llr = np.zeros((count, count))
    if window.body.shape[1] and window.body.shape[1] == look.body_mean.shape[1]:
        vectors = window.body[part].astype(np.float32)
        llr += _pairs(centred(vectors, look.body_mean[camera]), np.einsum("nd,nd->n", vectors, vectors) > 0, look.body)
    face_rows = window.face_rows[part]
    if look.face_mean.shape[1] and (face_rows >= 0).any():
        vectors = window.faces[np.maximum(face_rows, 0)].astype(np.float32)
        llr += _pairs(centred(vectors, look.face_mean[camera]), face_rows >= 0, look.face)
    return llr


def _pairs(units: NDArray[np.float32], there: NDArray[np.bool_], table: NDArray[np.float32]) -> NDArray[np.float64]:
    grid = np.linspace(-1.0, 1.0, table.shape[1])
    llr: NDArray[np.float64] = np.interp(units @ units.T, grid, table[0]) * (there[:, None] & there)
    return llr
