"""Tokens that may not come next."""

from __future__ import annotations

import numpy as np

from daemon.inference.chat.hypotheses import Hypotheses
from daemon.inference.chat.search_settings import Settings
from daemon.inference.chat.steps import Ints, Sums


class Blocking:
    """Banned tokens, an end that would come too early, and the last token of a repeated n-gram (Paulus et al. 2017).

    size: how many tokens there are.
    """

    def __init__(self, settings: Settings, size: int) -> None:
        self._settings = settings
        self._banned: Sums | None = None
        if settings.banned:
            self._banned = np.zeros(size)
            self._banned[list(settings.banned)] = -np.inf

    def apply(self, live: Hypotheses, tokens: Ints, scores: Sums) -> None:
        """Set the scores of blocked tokens to -inf. tokens, scores: [R, W, k], what may follow each hypothesis."""
        if self._banned is not None:
            scores += self._banned.take(tokens)
        if self._settings.min_length:
            self._early_ends(live, tokens, scores)
        if self._settings.no_repeat_ngram:
            self._repeats(live, tokens, scores)

    def _early_ends(self, live: Hypotheses, tokens: Ints, scores: Sums) -> None:
        if live.ages.min() < self._settings.min_length:
            early = live.ages < self._settings.min_length
            scores[early[:, None, None] & (tokens == self._settings.end)] = -np.inf

    def _repeats(self, live: Hypotheses, tokens: Ints, scores: Sums) -> None:
        n, oldest = self._settings.no_repeat_ngram, int(live.ages.max())
        windows = oldest - n + 1
        if windows < 1:
            return
        places = live.sums.size
        # younger hypotheses are filled up at the left with what is no token, so blocks no token
        seen = live.history.reshape(places, -1)[:, -oldest:]
        same = np.ones((places, windows), dtype=np.bool_)
        for offset in range(n - 1):
            same &= seen[:, offset : offset + windows] == seen[:, windows + offset, None]
        place, window = same.nonzero()
        blocked = seen[place, window + n - 1]
        hit, which = (tokens.reshape(places, -1)[place] == blocked[:, None]).nonzero()
        scores.reshape(places, -1)[place[hit], which] = -np.inf
