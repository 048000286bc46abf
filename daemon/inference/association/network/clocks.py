"""Clocks of cameras: how far each is ahead of UTC, from what was stated and from the passages between cameras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.ports.sightings import Camera

#: Weight of a difference that is far from what is expected falls off beyond so many standard deviations (Student's t).
_FREEDOM = 3.0
_ROUNDS = 6
_LOOSE = 15.0
_STEPS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Offset of each camera's clock. offset_s: ahead of UTC at `since_s`, float64 (cameras,). rate: seconds a second.

    sd_s: how sure the offsets are.
    """

    offset_s: NDArray[np.float64]
    rate: NDArray[np.float64]
    since_s: NDArray[np.float64]
    sd_s: NDArray[np.float64]


def stated(cameras: Sequence[Camera]) -> Clocks:
    """Return the clocks as the operator states them."""
    return Clocks(
        offset_s=np.array([camera.clock_offset_s for camera in cameras], dtype=np.float64),
        rate=np.array([camera.clock_rate if camera.clock_since else 0.0 for camera in cameras], dtype=np.float64),
        since_s=np.array([c.clock_since.timestamp() if c.clock_since else 0.0 for c in cameras], dtype=np.float64),
        sd_s=np.array([max(camera.clock_sd_s, 0.1) for camera in cameras], dtype=np.float64),
    )


def measured(
    prior: Clocks,
    origin: NDArray[np.int64],
    target: NDArray[np.int64],
    lateness_s: NDArray[np.float64],
    sd_s: NDArray[np.float64],
) -> Clocks:
    """Return the clocks after what passages show.

    lateness_s: for each pair of cameras, how much later than expected its median passage arrives, which is the
    target's offset less the origin's; sd_s: how sure that is. Solves the weighted least squares over all pairs with
    the stated offsets as prior; both sides are reweighted as Student's t, since few clocks are far off.
    """
    change = np.zeros_like(prior.offset_s)
    if not len(origin):
        return prior
    # begun far from the prior: from zero, a clock that is half a minute off would be held there by its own trust
    precision = np.zeros_like(change)
    for round_ in range(_ROUNDS):
        weight = _robust(lateness_s - change[target] + change[origin], sd_s)
        trust = _robust(change, prior.sd_s if round_ else prior.sd_s * _LOOSE)
        precision = trust + _sums(origin, weight, len(change)) + _sums(target, weight, len(change))
        pull = _sums(target, weight * lateness_s, len(change)) - _sums(origin, weight * lateness_s, len(change))
        change = _solve(origin, target, weight, precision, pull, change)
    return Clocks(
        offset_s=prior.offset_s + change,
        rate=prior.rate,
        since_s=prior.since_s,
        sd_s=np.minimum(prior.sd_s, np.sqrt(1.0 / precision) + 0.3),
    )


def _robust(value: NDArray[np.float64], sd: NDArray[np.float64]) -> NDArray[np.float64]:
    weight: NDArray[np.float64] = (_FREEDOM + 1.0) / (_FREEDOM + (value / sd) ** 2) / sd**2
    return weight


def _sums(at: NDArray[np.int64], value: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    sums: NDArray[np.float64] = np.bincount(at, value, size).astype(np.float64)
    return sums


def _solve(
    origin: NDArray[np.int64],
    target: NDArray[np.int64],
    weight: NDArray[np.float64],
    diagonal: NDArray[np.float64],
    pull: NDArray[np.float64],
    start: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Conjugate gradients with the diagonal as preconditioner (Shewchuk 1994, B3)."""

    def times(x: NDArray[np.float64]) -> NDArray[np.float64]:
        size = len(x)
        return diagonal * x - _sums(origin, weight * x[target], size) - _sums(target, weight * x[origin], size)

    x = start.copy()
    residual = pull - times(x)
    z = residual / diagonal
    direction, product = z.copy(), float(residual @ z)
    for _ in range(_STEPS):
        if product < 1e-12:
            break
        image = times(direction)
        step = product / float(direction @ image)
        x += step * direction
        residual -= step * image
        z = residual / diagonal
        following = float(residual @ z)
        direction = z + (following / product) * direction
        product = following
    return x
