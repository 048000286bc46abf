from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from daemon.inference.chat.films.item_model import ItemModel

sparse = pytest.importorskip("scipy.sparse")


def likes(people: int, films: int, seed: int = 0) -> Any:
    drawn = np.random.default_rng(seed).random((people, films)) < 0.3
    return sparse.csr_matrix(drawn.astype(np.float32))


@pytest.mark.parametrize("films", [2, 3, 255, 256, 257, 520])
def test_the_weights_are_those_of_equation_8(films: int) -> None:
    given = likes(60, films)
    dense = given.toarray().astype(np.float64)
    inverse = np.linalg.inv(dense.T @ dense + 7.0 * np.eye(films))
    expected = inverse / -np.diag(inverse)
    np.fill_diagonal(expected, 0.0)
    model = ItemModel.fitted(given, l2=7.0, fewest=0)
    for row in range(0, films, 50):
        history = np.zeros(films, dtype=np.float32)
        history[row] = 1.0
        np.testing.assert_allclose(model.scores(history, films), expected[row], atol=1e-6)


def test_films_that_go_together_speak_for_each_other_and_none_for_itself() -> None:
    given = np.zeros((20, 4), dtype=np.float32)
    given[:10, :2] = 1
    given[10:, 2:] = 1
    model = ItemModel.fitted(sparse.csr_matrix(given), l2=1.0)
    assert model.weight(0, 1) > 0.5
    assert abs(model.weight(0, 2)) < 1e-6
    assert model.weight(0, 0) == 0.0
    assert model.known(0) == 10


def test_only_films_with_most_people_are_in_the_model() -> None:
    given = np.triu(np.ones((6, 6), dtype=np.float32))  # film n has n + 1 people
    model = ItemModel.fitted(sparse.csr_matrix(given), most=3)
    assert model.rows.tolist() == [3, 4, 5]
    assert model.weight(0, 5) == 0.0
    assert model.known(0) == 0
    assert model.scores(np.ones(6, dtype=np.float32), 6)[:3].tolist() == [0, 0, 0]


@pytest.mark.parametrize("shape", [(1, 0), (1, 1), (1, 5), (0, 3)])
def test_with_too_little_to_learn_from_nothing_is_scored(shape: tuple[int, int]) -> None:
    model = ItemModel.fitted(sparse.csr_matrix(shape, dtype=np.float32))
    assert not model.scores(np.ones(shape[1], dtype=np.float32), shape[1]).any()
