"""How a search for replies goes about it."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from daemon.inference.chat.steps import Sums


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What bounds a search. Raises ValueError for what makes no sense.

    begin, end: the tokens before a reply's first and after its last; no reply holds the end. width: hypotheses of one
    request (beams, or samples). n_best: replies wanted of them. min_length: tokens before which a reply may not end.
    max_length: tokens at which one that has not ended is cut. length_penalty: alpha of Wu et al. 2016, section 7, where
    more than 0 makes for longer replies. no_repeat_ngram: no so many tokens in a row come twice in a reply; 0: they
    may. banned: tokens that no reply holds.
    """

    begin: int
    end: int
    width: int = 5
    n_best: int = 1
    min_length: int = 0
    max_length: int = 40
    length_penalty: float = 0.0
    no_repeat_ngram: int = 0
    banned: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        wrong = [what for what, holds in self._must() if not holds]
        if wrong:
            raise ValueError("; ".join(wrong))

    def _must(self) -> tuple[tuple[str, bool], ...]:
        alpha = self.length_penalty
        return (
            (f"begin {self.begin} and end {self.end} must be tokens, from 0 on", min(self.begin, self.end) >= 0),
            (f"width {self.width} must be at least 1", self.width >= 1),
            (f"n_best {self.n_best} must be from 1 to the width, {self.width}", 1 <= self.n_best <= self.width),
            (f"min_length {self.min_length} must be at least 0", self.min_length >= 0),
            (f"max_length {self.max_length} must be at least 1", self.max_length >= 1),
            (f"max_length {self.max_length} is below min_length {self.min_length}", self.max_length >= self.min_length),
            (f"length_penalty {alpha} must be from -10 to 10", math.isfinite(alpha) and abs(alpha) <= 10),
            (f"no_repeat_ngram {self.no_repeat_ngram} must be at least 0", self.no_repeat_ngram >= 0),
            (f"the end, {self.end}, must not be banned", self.end not in self.banned),
            (f"banned {min(self.banned, default=0)} is no token", min(self.banned, default=0) >= 0),
        )

    def check_against(self, size: int) -> None:
        """Raise ValueError when these are not tokens of a vocabulary of that size."""
        largest = max(self.begin, self.end, *self.banned)
        if largest >= size:
            raise ValueError(f"token {largest} is named, but the model has only {size}, from 0 on")


class LengthPenalties:
    """What the score of a reply is divided by: lp(Y) = ((5 + |Y|) / (5 + 1)) ** alpha (Wu et al. 2016, section 7).

    |Y| counts what was scored, so the end too. of: [max_length + 1], lp by |Y|. best: [max_length + 1], the largest lp
    that a hypothesis of so many tokens may still end with. A sum of log-probabilities is never above 0 and only falls,
    so that its score at the end is at most the sum divided by that, whatever the sign of alpha.
    """

    def __init__(self, settings: Settings) -> None:
        lengths = np.arange(settings.max_length + 1)
        self.of: Sums = np.power((5.0 + lengths) / 6.0, settings.length_penalty, dtype=np.float64)
        ends = np.where(lengths > settings.min_length, self.of, -np.inf)
        reachable = np.append(np.maximum.accumulate(ends[::-1])[::-1][1:], -np.inf)
        self.best: Sums = np.where(reachable > 0, reachable, 1.0)
