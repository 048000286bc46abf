"""What a model offers as next tokens, once for every step, and again where that was too little."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from daemon.inference.chat.blocking import Blocking
from daemon.inference.chat.hypotheses import Hypotheses
from daemon.inference.chat.steps import Candidates, Flags, Ints, StepFunction, Sums

#: Sums of float32 logits and their normaliser may pass 0 by rounding; what is above this is no log-probability.
_ROUNDING = 1e-3


class Offers(NamedTuple):
    """The next tokens of the hypotheses of R requests in W places.

    tokens, scores: [R, W, k], as the model orders them, best first; -inf for what is blocked or no offer at all.
    hidden: [R, W], what the tokens that were not shown score at most; -inf where there are none. rows: [R * W], where
    `state` has each hypothesis. state: the model's, of as many rows as were `sent`.
    """

    tokens: Ints
    scores: Sums
    hidden: Sums
    rows: Ints
    state: Any
    sent: int


class Asking:
    """Asks a model for all hypotheses at once."""

    def __init__(self, steps: StepFunction, blocking: Blocking) -> None:
        self._steps = steps
        self._blocking = blocking

    def ask(self, state: Any, live: Hypotheses, shown: int) -> Offers:
        """Return the best `shown` next tokens of each hypothesis, or as many as there are.

        Raises ValueError when the model's scores are no log-probabilities, or not as many as it was asked for.
        """
        shown = min(shown, self._steps.size)
        shape = (*live.sums.shape, shown)
        sent = live.sums.size
        if live.sums.min() > -np.inf:
            candidates, state = self._step(state, live.rows.ravel(), live.last.ravel(), shown)
            tokens, scores, rows = candidates.tokens, candidates.scores.astype(np.float64), np.arange(sent)
        else:
            places = np.flatnonzero(live.sums > -np.inf)
            candidates, state = self._step(state, live.rows.take(places), live.last.take(places), shown)
            tokens = np.zeros((sent, shown), dtype=np.int64)
            scores = np.full((sent, shown), -np.inf)
            rows, sent = np.zeros(sent, dtype=np.int64), places.size
            tokens[places], scores[places], rows[places] = *candidates, np.arange(sent)
        scores = scores.reshape(shape)
        hidden = scores[:, :, -1].copy() if shown < self._steps.size else np.full(live.sums.shape, -np.inf)
        offers = Offers(tokens.reshape(shape), scores, hidden, rows, state, sent)
        self._blocking.apply(live, offers.tokens, offers.scores)
        return offers

    def ask_more(self, state: Any, live: Hypotheses, offers: Offers, of: Flags) -> Offers:
        """Return `offers` with twice as many tokens of some hypotheses. of: [R, W]. Raises ValueError as `ask` does."""
        before = offers.tokens.shape[2]
        shown = min(2 * before, self._steps.size)
        places = np.flatnonzero(of)
        tokens = np.zeros((live.sums.size, shown), dtype=np.int64)
        scores = np.full((live.sums.size, shown), -np.inf)
        tokens[:, :before] = offers.tokens.reshape(-1, before)
        scores[:, :before] = offers.scores.reshape(-1, before)
        candidates, _ = self._step(state, live.rows.take(places), live.last.take(places), shown)
        tokens[places], scores[places] = candidates
        hidden = offers.hidden.copy()
        hidden.reshape(-1)[places] = candidates.scores[:, -1] if shown < self._steps.size else -np.inf
        shape = (*live.sums.shape, shown)
        more = offers._replace(tokens=tokens.reshape(shape), scores=scores.reshape(shape), hidden=hidden)
        self._blocking.apply(live, more.tokens, more.scores)
        return more

    def _step(self, state: Any, rows: Ints, last: Ints, shown: int) -> tuple[Candidates, Any]:
        (tokens, scores), state = self._steps.step(state, rows, last, shown)
        shape = (rows.size, shown)
        if tokens.shape != shape or scores.shape != shape:
            raise ValueError(f"the model gave tokens {tokens.shape} and scores {scores.shape}; {shape} were asked for")
        best = scores.max()
        if not best <= 0:
            if not best <= _ROUNDING:
                raise ValueError(f"the model gave {best} as a log-probability, which must not be above 0")
            scores = np.minimum(scores, 0)
        return Candidates(tokens, scores), state
