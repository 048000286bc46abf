"""How much likelier a cosine is of one person's two pictures than of two people's."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InvalidInput


class Spread(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cosines of many pairs. mean, sd: of them; pairs: how many they were."""

    mean: float
    sd: float
    pairs: int


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What cosines of one model mean, on pictures like those that it was measured on.

    same, different: cosines of pairs of one person, and of two. cosines, llr: knots of the natural logarithm of the
    likelihood ratio, both rising; it is linear between them and level outside. Of other models and other sites the
    same cosine means something else, so that no threshold is ever taken from one to another.
    """

    same: Spread
    different: Spread
    cosines: tuple[float, ...]
    llr: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.cosines) != len(self.llr) or len(self.cosines) < 2:
            raise InvalidInput(
                f"calibration: {len(self.cosines)} cosines and {len(self.llr)} llr, must be as many, >= 2"
            )
        steps = np.diff(self.cosines)
        if not (np.isfinite([*self.cosines, *self.llr]).all() and (steps > 0).all() and (np.diff(self.llr) >= 0).all()):
            raise InvalidInput(
                "calibration: cosines must rise from knot to knot, llr must not fall, all must be finite"
            )

    def llr_of(self, cosines: NDArray[Any]) -> NDArray[np.float64]:
        """Return the log-likelihood ratio of each cosine, of any shape."""
        found: NDArray[Any] = np.interp(cosines, self.cosines, self.llr)
        return np.asarray(found, np.float64)

    def threshold(self, llr: float = 0.0) -> float:
        """Return the least cosine that speaks for one person by so much; 1 where none does."""
        if self.llr[-1] < llr:
            return 1.0
        first = next(knot for knot, one in enumerate(self.llr) if one >= llr)
        if first == 0:
            return self.cosines[0]
        low, high = self.llr[first - 1], self.llr[first]
        share = (llr - low) / (high - low)
        return self.cosines[first - 1] + share * (self.cosines[first] - self.cosines[first - 1])
