"""How good searches were: precision, recall, F1, and whether stated probabilities came true."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Bins of equal width from 0 to 1 of the calibration error.
BINS: Final = 15


@dataclass(slots=True)
class Counts:
    """Detections over many queries (micro-average). right: found and true."""

    right: int = 0
    found: int = 0
    true: int = 0

    def add(self, found: Collection[str], true: Collection[str]) -> None:
        """Count those of one query, the query's own detection left out of both."""
        self.right += len(set(found) & set(true))
        self.found += len(set(found))
        self.true += len(set(true))

    @property
    def recall(self) -> float:
        """Share of the true ones that were found; 1 where there are none."""
        return self.right / self.true if self.true else 1.0

    @property
    def precision(self) -> float:
        """Share of those found that are true; 1 where nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both; 1 where there was nothing to be found and nothing was."""
        total = self.found + self.true
        return 2 * self.right / total if total else 1.0


def calibration_error(stated: Iterable[float], right: Iterable[bool], below: float = 2.0) -> float | None:
    """Return the expected calibration error over bins of equal width, of what was stated below a probability.

    The mean over all, weighted by bin, of the distance between mean stated probability and share that was right
    (Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015).
    None where nothing was stated.
    """
    bins = reliability(stated, right, below)
    total = sum(count for _, _, count in bins)
    return sum(count * abs(mean - share) for mean, share, count in bins) / total if total else None


def reliability(
    stated: Iterable[float], right: Iterable[bool], below: float = 2.0
) -> tuple[tuple[float, float, int], ...]:
    """Return mean stated probability, share that was right and count of each bin that is not empty, rising."""
    chances: NDArray[Any] = np.fromiter(stated, np.float64)
    came_true: NDArray[Any] = np.fromiter(right, np.float64)
    kept = chances < below
    chances, came_true = chances[kept], came_true[kept]
    places = np.minimum((chances * BINS).astype(int), BINS - 1)
    return tuple(
        (float(chances[here].mean()), float(came_true[here].mean()), int(here.sum()))
        for here in (places == place for place in range(BINS))
        if here.any()
    )
