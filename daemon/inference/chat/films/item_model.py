"""Which films are liked together: EASE^R, a linear model of items in closed form.

Harald Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, equation 8 and algorithm 1: with the
Gram matrix G = X'X of people's likes X and P = inverse(G + l2 I), the weights are B[i, j] = -P[i, j] / P[j, j], and
0 on the diagonal, so that no film recommends itself.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daemon.inference.chat.steps import Floats, Ints

#: Films in the model at most: weights are dense, 4 bytes for each pair.
MOST: Final = 4_000
#: How strongly large weights are held down, tuned by tests/benchmarks/bench_chat_films.py.
L2: Final = 200.0
_ROWS: Final = 256


class ItemModel:
    """Weights between films.

    rows: [items] the row of each film of the model; weights: [items, items]; people: [items] who liked or saw each.
    """

    def __init__(self, rows: Ints, weights: Floats, people: Ints) -> None:
        self.rows = rows
        self._weights = weights
        self._people = people
        self._place = {int(row): place for place, row in enumerate(rows)}

    @classmethod
    def fitted(cls, likes: Any, *, l2: float = L2, most: int = MOST, fewest: int = 2) -> ItemModel:
        """Fit the weights. likes: scipy.sparse [people, films], over 0 where somebody likes or at least saw a film.

        Only the `most` films with the most people, of `fewest` at least, are in the model. Takes seconds of one
        thread and 20 bytes a pair of films at `most`.
        """
        people = np.asarray((likes > 0).sum(axis=0)).ravel()
        ranked = np.lexsort((np.arange(people.size), -people))[:most]
        rows: Ints = np.sort(ranked[people[ranked] >= fewest]).astype(np.int64)
        if rows.size < 2:
            return cls(np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.float32), np.zeros(0, dtype=np.int64))
        chosen = likes.tocsc()[:, rows]
        return cls(rows, _weights((chosen.T @ chosen).toarray().astype(np.float64), l2), people[rows])

    def scores(self, history: Floats, size: int) -> Floats:
        """Return the scores of all films for one person, 0 for those outside the model.

        history: [films] what the person likes. size: how many films there are.
        """
        scores: Floats = np.zeros(size, dtype=np.float32)
        known = history[self.rows]
        heard = np.flatnonzero(known)
        scores[self.rows] = known[heard] @ self._weights[heard]
        return scores

    def weight(self, liked: int, film: int) -> float:
        """Return how strongly liking one film speaks for another, by rows; 0 where the model does not know both."""
        first, second = self._place.get(liked), self._place.get(film)
        return 0.0 if first is None or second is None else float(self._weights[first, second])

    def known(self, row: int) -> int:
        """Return how many people tell the model of a film, 0 where it is not in the model."""
        place = self._place.get(row)
        return 0 if place is None else int(self._people[place])


def _weights(gram: NDArray[np.float64], l2: float) -> Floats:
    """Return the weights of a Gram matrix, which is overwritten: at 4,000 films every copy takes 128 MB."""
    np.fill_diagonal(gram, gram.diagonal() + l2)
    _invert(gram)
    weights: Floats = np.empty(gram.shape, dtype=np.float32)
    scale = -gram.diagonal()
    for rows in _blocks(gram.shape[0]):
        weights[rows] = gram[rows] / scale
    np.fill_diagonal(weights, 0.0)
    return weights


def _invert(matrix: NDArray[np.float64]) -> None:
    """Put the inverse of a symmetric, positive definite matrix in its place, by Gauss-Jordan elimination in blocks.

    Golub and Van Loan, "Matrix Computations", section 3.2: no pivots are needed for such a matrix. One call of LAPACK
    would hold the interpreter, and with it the event loop, for seconds; products of blocks do not.
    """
    blocks = _blocks(matrix.shape[0])
    for pivot in blocks:
        inverse = np.linalg.inv(matrix[pivot, pivot])
        across = inverse @ matrix[pivot]
        across[:, pivot] = inverse
        for rows in blocks:
            if rows != pivot:
                down = matrix[rows, pivot].copy()
                matrix[rows, pivot] = 0.0
                matrix[rows] -= down @ across
        matrix[pivot] = across


def _blocks(size: int) -> list[slice]:
    return [slice(start, min(start + _ROWS, size)) for start in range(0, size, _ROWS)]
