"""Log-likelihood ratios of cosines: rising, near nothing where nothing is told, right for what they are worth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.inference.association.matching.likelihood import GRID, MOST_PICTURES, STRONGEST, learnt, unlearnt


def people(
    noise: float, *, count: int = 25, each: int = 9, width: int = 48, seed: int = 1
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return vectors (n, width) of people, unit length, about 0 in the mean, and whose they are."""
    chance = np.random.default_rng(seed)
    target = np.repeat(np.arange(count, dtype=np.int32), each)
    vectors = chance.standard_normal((count, width))[target] + noise * chance.standard_normal((count * each, width))
    vectors -= vectors.mean(axis=0)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), target


def at(table: NDArray[np.float32], cosine: float) -> float:
    return float(np.interp(cosine, np.linspace(-1, 1, GRID), table))


@pytest.mark.parametrize("noise", [0.3, 1.0, 2.5, 4.0])
@pytest.mark.parametrize("count", [3, 25])
def test_tables_rise_and_pass_through_nothing_wherever_the_fit_begins(noise: float, count: int) -> None:
    """However good or poor vectors are: a fit that runs away calls everybody the target, or nobody."""
    tables = learnt(*people(noise, count=count))
    assert tables.shape == (MOST_PICTURES, GRID)
    for table in tables:
        assert (np.diff(table) >= 0).all()
        assert at(table, 0.0) < 1.5
        assert at(table, -0.9) < at(table, 0.9)
        assert np.abs(table).max() <= STRONGEST


def test_vectors_that_tell_nothing_weigh_nothing() -> None:
    vectors, target = people(1.0)
    mixed = np.random.default_rng(2).permutation(target)
    for table in learnt(vectors, mixed):
        assert abs(at(table, 0.0)) < 0.3
        assert abs(at(table, 0.2)) < 0.7


def test_the_ratio_is_that_of_the_pairs() -> None:
    """Of pairs with cosines about one value, as many more are of one person as the ratio says."""
    vectors, target = people(1.2, count=40)
    table = learnt(vectors, target)[0]
    cosines = vectors @ vectors.T
    above = np.triu(np.ones_like(cosines, bool), 1)
    same = target[:, None] == target[None]
    for low in (0.1, 0.25, 0.4):
        near = above & (cosines >= low) & (cosines < low + 0.1)
        shares = [(near & of).sum() / (above & of).sum() for of in (same, ~same)]
        assert at(table, low + 0.05) == pytest.approx(float(np.log(shares[0] / shares[1])), abs=0.6)


def test_without_known_targets_the_prior_stands() -> None:
    vectors, target = people(1.0, count=1)
    assert np.array_equal(learnt(vectors, target)[0], unlearnt()[0])
