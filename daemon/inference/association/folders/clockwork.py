"""Clocks of cameras that are a little wrong, a few of them by much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daemon.inference.association.folders.bounds import require, require_share

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettings:
    """How far clocks are off. wrong: share of those that are off by wrong_s (deviation) besides.

    rate_ppm: deviation of the seconds that a clock gains in each million, from the start on.
    """

    deviation_s: float = 2.0
    wrong: float = 0.02
    wrong_s: float = 30.0
    rate_ppm: float = 0.0

    def __post_init__(self) -> None:
        require("deviation_s", self.deviation_s, 0.0, 3_600.0)
        require_share("wrong", self.wrong)
        require("wrong_s", self.wrong_s, 0.0, 86_400.0)
        require("rate_ppm", self.rate_ppm, 0.0, 10_000.0)


class Clocks(NamedTuple):
    """offsets: float64 (n,), seconds ahead at the start; rates: float64 (n,), seconds gained in each second."""

    offsets: NDArray[np.float64]
    rates: NDArray[np.float64]

    def read(self, cameras: NDArray[np.int32], times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the clocks of cameras show at true times, seconds since the start; to the millisecond."""
        return np.round(times * (1.0 + self.rates[cameras]) + self.offsets[cameras], 3)


def set_clocks(settings: ClockSettings, cameras: int, drawn: np.random.Generator) -> Clocks:
    """Set the clocks of a site."""
    offsets = settings.deviation_s * drawn.standard_normal(cameras)
    wrong = drawn.random(cameras) < settings.wrong
    offsets += wrong * settings.wrong_s * drawn.standard_normal(cameras)
    return Clocks(offsets, settings.rate_ppm * 1e-6 * drawn.standard_normal(cameras))
