"""How good searches were: precision, recall, F1, and whether stated probabilities came true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Mean stated probability, share that was right and count of each bin that is not empty, rising.
Bins: TypeAlias = tuple[tuple[float, float, int], ...]
#: Bins of equal width from 0 to 1 of the calibration error.
BINS: Final = 10


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
    return error_of(reliability(stated, right, below))


def error_of(*worlds: Bins) -> float | None:
    """Return the same of bins, those of several worlds thrown together; None where all are empty."""
    sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    total = 0
    for mean, share, count in (one for bins in worlds for one in bins):
        both = sums[min(int(mean * BINS), BINS - 1)]
        both[0] += count * mean
        both[1] += count * share
        total += count
    return sum(abs(stated - right) for stated, right in sums.values()) / total if total else None


def reliability(stated: Iterable[float], right: Iterable[bool], below: float = 2.0) -> Bins:
    """Return what was stated and what was right, by bin, of what was stated below a probability."""
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
