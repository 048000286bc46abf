"""How sure one may be of a difference: the paired bootstrap over dialogues (Koehn 2004; Efron and Tibshirani 1993)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

RESAMPLES: Final = 2_000


class Interval(NamedTuple):
    """low, high: of 95 %."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.4f} to {self.high:.4f}"


class Dialogues:
    """Sums over dialogues, drawn with replacement: the same draws for whatever is compared, so that it is paired.

    Replies of one dialogue are no independent samples, so dialogues are drawn and not replies.
    """

    def __init__(self, dialogues: Any, seed: int) -> None:
        self._dialogues = dialogues
        self._count = int(dialogues.max()) + 1
        self._drawn = np.random.default_rng(seed).integers(0, self._count, (RESAMPLES, self._count))

    def ratio(self, ours: Any, peer: Any) -> Interval:
        """Return the interval of the sum of ours over that of the peer's. ours, peer: one number a reply, [N]."""
        return _interval(self._sums(ours) / self._sums(peer))

    def gain(self, ours: Any, peer: Any, units: Any) -> Interval:
        """Return the interval of what the peer costs more than ours for each unit (character, token)."""
        return _interval((self._sums(peer) - self._sums(ours)) / self._sums(units))

    def _sums(self, values: Any) -> Any:
        return np.bincount(self._dialogues, values, self._count)[self._drawn].sum(axis=1)


def _interval(found: Any) -> Interval:
    low, high = np.percentile(found, (2.5, 97.5))
    return Interval(float(low), float(high))
