"""Replies that are drawn by their probability."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from daemon.inference.chat.decoding import Choice, Search
from daemon.inference.chat.hypotheses import Endings, Going, Hypotheses
from daemon.inference.chat.offers import Offers
from daemon.inference.chat.search_settings import Settings
from daemon.inference.chat.steps import Ints, StepFunction, Sums


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """What may be drawn. Raises ValueError for what makes no sense.

    temperature: log-probabilities are divided by it. top_k: of so many of the best tokens (Fan et al. 2018, section 5).
    top_p: of these the fewest that hold this share of their probability (Holtzman et al. 2020, section 3.1).
    """

    temperature: float = 1.0
    top_k: int = 40
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not 0.01 <= self.temperature <= 100:
            raise ValueError(f"temperature {self.temperature} must be from 0.01 to 100")
        if self.top_k < 1:
            raise ValueError(f"top_k {self.top_k} must be at least 1")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p {self.top_p} must be above 0 and at most 1")


class Sampling(Search):
    """Draws `width` replies to each request; the n best of them by score come back, none twice.

    What is drawn for a request follows from its seed, its source and the settings, and nothing beside. Scores are those
    of the model, whatever the temperature. Raises ValueError when the settings name tokens that the model lacks.
    """

    def __init__(self, steps: StepFunction, settings: Settings, draw: Draw) -> None:
        super().__init__(steps, settings)
        self._draw = draw
        self.live = settings.width
        self.shown = draw.top_k + min(len(settings.banned) + 1, draw.top_k)

    def draws(self, count: int, seeds: Sequence[int]) -> Sums:
        """Return a number in [0, 1) for every token of every sample. Raises ValueError without a seed for each."""
        if len(seeds) != count:
            raise ValueError(f"{count} requests need as many seeds, not {len(seeds)}")
        shape = (self.settings.width, self.settings.max_length)
        return np.array([np.random.default_rng(seed).random(shape) for seed in seeds]).reshape(count, *shape)

    def choose(self, live: Hypotheses, offers: Offers) -> Choice:
        """Draw one token for every sample."""
        count, width = live.sums.shape
        short = (offers.hidden > -np.inf) & ((offers.scores > -np.inf).sum(axis=2) < self._draw.top_k)
        order = (-offers.scores).argsort(axis=2, kind="stable")[:, :, : self._draw.top_k]
        scores = np.take_along_axis(offers.scores, order, axis=2)
        picks = self._picks(scores, live.draws[np.arange(count), :, live.ages, None])
        tokens = np.take_along_axis(offers.tokens, np.take_along_axis(order, picks, axis=2), axis=2)[:, :, 0]
        sums = live.sums + np.take_along_axis(scores, picks, axis=2)[:, :, 0]
        ends = (tokens == self.settings.end) & (sums > -np.inf)
        places = np.arange(count * width).reshape(count, width)
        going = Going(places, tokens, np.where(ends, -np.inf, sums))
        return Choice(going, Endings(places[ends], sums[ends]), short if short.any() else None)

    def _picks(self, scores: Sums, draws: Sums) -> Ints:
        """Return which token each draw falls on, [R, W, 1]. scores: [R, W, k], best first; draws: [R, W, 1]."""
        best = np.maximum(scores[:, :, :1], np.finfo(np.float64).min)
        weights = np.exp((scores - best) / self._draw.temperature)
        above = weights.cumsum(axis=2)
        weights[above - weights >= self._draw.top_p * above[:, :, -1:]] = 0.0
        above = weights.cumsum(axis=2)
        picks = (above <= draws * above[:, :, -1:]).sum(axis=2, keepdims=True)
        last = np.count_nonzero(weights, axis=2, keepdims=True) - 1
        return np.asarray(np.clip(picks, 0, np.maximum(last, 0)))
