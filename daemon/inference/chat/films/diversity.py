"""Choosing films that are good and not all alike."""

from __future__ import annotations

import numpy as np

from daemon.inference.chat.films.content import Content
from daemon.inference.chat.steps import Floats, Ints


def diverse(scores: Floats, rows: Ints, content: Content, count: int, pool: int, variety: float) -> list[int]:
    """Return up to `count` of some rows, best first, by maximal marginal relevance.

    Carbonell and Goldstein, "The Use of MMR", SIGIR 1998, section 2: each next film is the one with the greatest
    (1 - variety) * score - variety * likeness to the most alike film chosen before. scores: [films]; rows: which of
    them may be chosen; pool: how many of the best are considered, or `count` if that is more.
    """
    best = rows[np.lexsort((rows, -scores[rows]))][: max(pool, count)]
    if not count or not best.size:
        return []
    alike = content.among([int(row) for row in best])
    worth = (1 - variety) * _spread(scores[best])
    chosen: list[int] = []
    nearest = np.zeros(best.size, dtype=np.float32)
    left = np.ones(best.size, dtype=np.bool_)
    while len(chosen) < min(count, best.size):
        place = int(np.argmax(np.where(left, worth - variety * nearest, -np.inf)))
        left[place] = False
        chosen.append(place)
        nearest = np.maximum(nearest, alike[place])
    return [int(best[place]) for place in chosen]


def _spread(scores: Floats) -> Floats:
    """Return scores stretched over 0 to 1."""
    low, high = float(scores.min()), float(scores.max())
    return (scores - low) / (high - low) if high > low else np.zeros_like(scores)
