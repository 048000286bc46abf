"""From pictures of people who were not learned to what a cosine means."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.calibration import Calibration, Spread

_KNOTS: Final = 16
_PAIRS_A_KNOT: Final = 8
_MOST_PICTURES: Final = 3000  # whose pairs are looked at: 4.5 million
_PSEUDO: Final = 0.5  # pairs added to each side of each knot: no number of pairs proves that there are no others


def calibration_of(
    vectors: NDArray[np.float32], identities: NDArray[np.int64], cameras: NDArray[np.int64]
) -> Calibration:
    """Return the calibration that all pairs of some pictures give, those by two cameras where there are any.

    Likelihood ratios of bins with about as many pairs each, neighbours pooled until the ratio rises: the pool adjacent
    violators algorithm, as Brümmer and du Preez (2006), section 6, calibrate speaker detection. Raises InvalidInput
    where there is no pair of one kind.
    """
    kept = _some(identities)
    vectors, identities, cameras = vectors[kept], identities[kept], cameras[kept]
    left, right = np.triu_indices(len(vectors), 1)
    across = (cameras[left] != cameras[right]) | (cameras[left] < 0)
    same = identities[left] == identities[right]
    if (across & same).any():
        left, right, same = left[across], right[across], same[across]
    cosines = (vectors @ vectors.T)[left, right].astype(np.float64)
    return fit(cosines[same], cosines[~same])


def _some(identities: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numbers of pictures, all of some people, so that their pairs fit into memory."""
    people = np.random.default_rng(0).permutation(np.unique(identities))
    counts = np.bincount(identities)[people]
    chosen = people[: max(2, int(np.searchsorted(np.cumsum(counts), _MOST_PICTURES, side="right")))]
    return np.flatnonzero(np.isin(identities, chosen))


def fit(same: NDArray[np.float64], different: NDArray[np.float64]) -> Calibration:
    """Return the calibration of cosines of pairs of one person and of two. Raises InvalidInput without any of them."""
    if not (len(same) and len(different)):
        raise InvalidInput(f"{len(same)} pairs of one person and {len(different)} of two cannot calibrate anything")
    counts, centres = _binned(np.sort(same), np.sort(different))
    pooled = _pooled([(*pair, centre) for pair, centre in zip(counts, centres, strict=True)])
    shares = np.array([pair[:2] for pair in pooled]) + _PSEUDO
    llr = np.log(shares[:, 0] / shares[:, 0].sum()) - np.log(shares[:, 1] / shares[:, 1].sum())
    knots = [centre for *_, centre in pooled]
    if len(pooled) == 1:  # nothing tells them apart
        knots, llr = [knots[0], knots[0] + 1e-6], np.zeros(2)
    return Calibration(
        same=_spread(same), different=_spread(different),
        cosines=tuple(round(float(one), 6) for one in knots),
        llr=tuple(round(float(one), 4) for one in np.maximum.accumulate(llr)),
    )  # fmt: skip


def _binned(
    same: NDArray[np.float64], different: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return counts (k, 2) and mean cosines (k,) of bins in which both kinds together have the same share."""
    both = np.concatenate([same, different])
    weight = np.concatenate([np.full(len(same), 0.5 / len(same)), np.full(len(different), 0.5 / len(different))])
    order = np.argsort(both, kind="stable")
    wanted = int(np.clip(min(len(same), len(different)) // _PAIRS_A_KNOT, 2, _KNOTS))
    place = np.minimum((np.cumsum(weight[order]) * wanted * (1 - 1e-12)).astype(int), wanted - 1)
    counts, centres = np.zeros((wanted, 2)), np.zeros(wanted)
    np.add.at(counts, (place, (order >= len(same)).astype(int)), 1)
    np.add.at(centres, place, both[order] * weight[order])
    totals = np.bincount(place, weight[order], wanted)
    filled = totals > 0
    return counts[filled], centres[filled] / totals[filled]


def _pooled(bins: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Join neighbours until the ratio of same to different rises and their cosines do too."""
    found: list[tuple[float, float, float]] = []
    for one in bins:
        last = one
        while found and (_ratio(found[-1]) >= _ratio(last) or round(found[-1][2], 6) >= round(last[2], 6)):
            before = found.pop()
            size, more = before[0] + before[1], last[0] + last[1]
            centre = (before[2] * size + last[2] * more) / (size + more)
            last = (before[0] + last[0], before[1] + last[1], centre)
        found.append(last)
    return found


def _ratio(counts: tuple[float, float, float]) -> float:
    return (counts[0] + _PSEUDO) / (counts[1] + _PSEUDO)


def _spread(cosines: NDArray[np.float64]) -> Spread:
    return Spread(mean=round(float(cosines.mean()), 6), sd=round(float(cosines.std()), 6), pairs=len(cosines))
