"""What most people like: what strangers are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from daemon.inference.chat.steps import Floats
from daemon.ports.films import Film

#: People who are taken to like a film because somebody chose it for the catalogue that ships.
CHOSEN: Final = 20.0


def popularity(films: Sequence[Film], likes: Any, chosen: float = CHOSEN) -> Floats:
    """Return how popular each film is, from 0 to 1: logarithms of likes over a prior.

    likes: [films] how many people like each. chosen: pseudo-counts of films of the seed catalogue, so that they are
    known before anybody has said anything, and a few likes of other films do not bury them.
    """
    prior = np.array([chosen * film.id.startswith("seed:") for film in films], dtype=np.float64)
    grown = np.log1p(np.asarray(likes, dtype=np.float64) + prior)
    most = grown.max(initial=0.0)
    scores: Floats = (grown / most if most > 0 else grown).astype(np.float32)
    return scores
