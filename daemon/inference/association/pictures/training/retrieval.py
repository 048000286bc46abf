"""How well vectors find a person's other pictures: rank-1 and mean average precision."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Retrieval(NamedTuple):
    """rank1: share of queries whose first finding is right. mean_ap: mean average precision. queries: that had any."""

    rank1: float
    mean_ap: float
    queries: int


def retrieval(vectors: NDArray[np.float32], identities: NDArray[np.int64], cameras: NDArray[np.int64]) -> Retrieval:
    """Measure as Market-1501 is measured (Zheng et al., 2015, section 5.1): every picture queries all others.

    vectors: (n, d), unit length. A person's other pictures by the query's own camera are left out, where it is known:
    they are too easy. A query without any other picture is not counted.
    """
    precisions, first = [], []
    for query in range(len(vectors)):
        same = identities == identities[query]
        left_out = same & (cameras == cameras[query]) & (cameras[query] >= 0)
        left_out[query] = True
        order = np.argsort(-(vectors @ vectors[query]), kind="stable")
        right = same[order[~left_out[order]]]
        if right.any():
            places = np.flatnonzero(right) + 1
            precisions.append(float((np.arange(1, len(places) + 1) / places).mean()))
            first.append(bool(right[0]))
    if not precisions:
        return Retrieval(0.0, 0.0, 0)
    return Retrieval(float(np.mean(first)), float(np.mean(precisions)), len(precisions))
