"""How much likelier a cosine is of one target than of two: calibrated log-likelihood ratios, by a template's size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Pictures that a template holds at most.
MOST_PICTURES = 8
#: Points of a table over cosines from -1 to 1.
GRID = 81
#: No single comparison counts for more than this, whatever the table was fitted to (natural logarithm).
STRONGEST = 9.0
_PAIRS = 12_000
_OTHERS = 20
_DEGREE = 3
_STEPS = 50
_SHORTEST = 1e-4
#: Coefficients, from the constant on, where no targets are known: of common re-identification networks.
_PRIOR = (-5.5, 15.0, 0.0, 0.0)
#: Pairs that those are worth.
_WORTH = 60.0


def unlearnt() -> NDArray[np.float32]:
    """Return the table (pictures, grid) for vectors of which no two are known to be of one target."""
    return np.stack([_table(np.array(_PRIOR) * (1.0 + 0.1 * n)) for n in range(MOST_PICTURES)])


def learnt(vectors: NDArray[np.float32], target: NDArray[np.int32], seed: int = 0) -> NDArray[np.float32]:
    """Return the table (pictures, grid) from vectors (n, d), unit, centred, of known targets (n,)."""
    rng = np.random.default_rng(seed)
    groups = _groups(target)
    tables = unlearnt()
    coefficients = np.array(_PRIOR)
    for pictures in range(1, MOST_PICTURES + 1):
        able = [group for group in groups if len(group) > pictures]
        if len(able) >= 2:
            same, other = _cosines(vectors, target, able, pictures, rng)
            coefficients = _logistic(same, other, coefficients)
        tables[pictures - 1] = _table(coefficients)
    return tables


def _groups(target: NDArray[np.int32]) -> list[NDArray[np.int64]]:
    order = np.argsort(target, kind="stable")
    return [part for part in np.split(order, np.flatnonzero(np.diff(target[order])) + 1) if len(part) > 1]


def _cosines(
    vectors: NDArray[np.float32],
    target: NDArray[np.int32],
    groups: list[NDArray[np.int64]],
    pictures: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cosines of templates with another picture of the same target, and with pictures of others."""
    size = np.array([len(group) for group in groups])
    starts = np.cumsum(size) - size
    pool = np.concatenate(groups)
    draws = int(min(_PAIRS, 8 * size.sum()))
    chosen = rng.choice(len(groups), draws, p=size / size.sum())
    shuffled = np.argsort(rng.random((draws, int(size.max()))) + 9.0 * (np.arange(size.max()) >= size[chosen][:, None]))
    members = pool[starts[chosen][:, None] + shuffled[:, : pictures + 1]]
    template = vectors[members[:, 1]]
    for place in range(2, pictures + 1):
        template = template + vectors[members[:, place]]
    template = template / np.maximum(np.linalg.norm(template, axis=1, keepdims=True), 1e-6)
    same = np.einsum("nd,nd->n", template, vectors[members[:, 0]])
    strangers = rng.integers(len(vectors), size=(draws, _OTHERS))
    others = [
        np.einsum("nd,nd->n", template, vectors[strangers[:, k]])[target[strangers[:, k]] != target[members[:, 0]]]
        for k in range(_OTHERS)
    ]
    return same.astype(np.float64), np.concatenate(others).astype(np.float64)


def _logistic(same: NDArray[np.float64], other: NDArray[np.float64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression on powers of the cosine, both sides weighing alike (Brummer and du Preez 2006), by Newton."""
    cosine = np.concatenate([same, other])
    label = np.concatenate([np.ones(len(same)), np.zeros(len(other))])
    weight = np.concatenate([np.full(len(same), 0.5), np.full(len(other), 0.5 * len(same) / max(len(other), 1))])
    features = cosine[:, None] ** np.arange(_DEGREE + 1)
    trust = _WORTH * np.array([0.002, 0.002, 0.002, 0.002])

    def worth(fit: NDArray[np.float64]) -> float:
        odds = features @ fit
        return float(weight @ (label * odds - np.logaddexp(0.0, odds)) - 0.5 * (trust * (fit - prior) ** 2).sum())

    fit = prior.copy()
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(features @ fit, -30, 30)))
        slope = features.T @ (weight * (label - chance)) - trust * (fit - prior)
        curve = (features * (weight * chance * (1 - chance))[:, None]).T @ features + np.diag(trust)
        step = np.linalg.solve(curve, slope)
        length = 1.0  # far from the best fit a whole step leads away from it, and the next one farther
        while length > _SHORTEST and worth(fit + length * step) < worth(fit):
            length /= 2
        fit = fit + length * step
        if np.abs(length * step).max() < 1e-5:
            break
    return fit


def _table(coefficients: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values over the grid, never falling as the cosine grows."""
    grid = np.linspace(-1.0, 1.0, GRID)
    values = np.clip((grid[:, None] ** np.arange(_DEGREE + 1)) @ coefficients, -STRONGEST, STRONGEST)
    middle = GRID // 2
    values[middle:] = np.maximum.accumulate(values[middle:])
    values[:middle] = np.minimum.accumulate(values[:middle][::-1])[::-1]
    least = np.append(np.full(middle, values[middle]), values[middle:])
    rising: NDArray[np.float32] = np.minimum(values, least).astype(np.float32)
    return rising
