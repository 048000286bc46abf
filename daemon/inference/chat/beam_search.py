"""Beam search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from daemon.inference.chat.decoding import Choice, Search
from daemon.inference.chat.hypotheses import Endings, Going, Hypotheses
from daemon.inference.chat.offers import Offers
from daemon.inference.chat.search_settings import Settings
from daemon.inference.chat.steps import Flags, StepFunction, Sums

_LOWEST = np.finfo(np.float64).min
_NONE = Endings(np.empty(0, dtype=np.int64), np.empty(0))


class BeamSearch(Search):
    """Keeps the `width` most probable hypotheses of each request, and what ended among the best `width` of a step.

    An ended hypothesis takes no place from those that go on. A request is finished when `width` have ended, or nothing
    that goes on could still be one of its n best. So width 1 is greedy search, a width without end is exhaustive
    search, and n_best changes how many replies come back and not which. What reaches max_length is cut and says so: to
    force the end would take the scores of all tokens, and make half a sentence look like a whole one. Equal hypotheses
    stand by the place of what they go on from, then in the model's order; of equal replies the one that ended first
    stands first. Raises ValueError when the settings name tokens that the model lacks.
    """

    live = 1

    def __init__(self, steps: StepFunction, settings: Settings) -> None:
        super().__init__(steps, settings)
        self.shown = 2 * settings.width

    def draws(self, count: int, seeds: Sequence[int]) -> Sums:
        """Return none. Raises ValueError for seeds, as nothing is drawn."""
        if len(seeds):
            raise ValueError("beam search draws nothing, so takes no seeds")
        return np.empty((count, 0, 0))

    def choose(self, live: Hypotheses, offers: Offers) -> Choice:
        """Choose the best `width` that go on of each request; those that end must be among its best `width` of all."""
        count, width, shown = offers.tokens.shape
        sums = (live.sums[:, :, None] + offers.scores).reshape(count, width * shown)
        # no more than one of each place ends, so that twice the width holds `width` that go on
        order = (-sums).argsort(axis=1, kind="stable")[:, : 2 * width]
        if count > 1:
            order += np.arange(0, sums.size, width * shown)[:, None]
        best, tokens = sums.take(order), offers.tokens.take(order)
        ends = tokens == self.settings.end
        endings = _NONE
        if ends[:, :width].any():
            ended = ends[:, :width] & (best[:, :width] > -np.inf)
            endings = Endings(order[:, :width][ended] // shown, best[:, :width][ended])
            best = np.where(ends, -np.inf, best)
            picks = ends.argsort(axis=1, kind="stable")[:, :width]
            best, tokens = np.take_along_axis(best, picks, axis=1), np.take_along_axis(tokens, picks, axis=1)
            order = np.take_along_axis(order, picks, axis=1)
        going = Going(order[:, :width] // shown, tokens[:, :width], best[:, :width])
        return Choice(going, endings, self._short(live, offers, going.sums[:, -1:]))

    def _short(self, live: Hypotheses, offers: Offers, last: Sums) -> Flags | None:
        """Tell which hypotheses did not show all that could be chosen. last: [R, 1], the least that goes on."""
        if offers.scores.shape[2] > self.settings.width and offers.scores.min() > -np.inf:
            return None  # of what was shown nothing is blocked, and no more than one token of each is the end
        short: Flags = live.sums + offers.hidden >= np.maximum(last, _LOWEST)
        if not short.any():
            return None
        follows = (offers.scores > -np.inf) & (offers.tokens != self.settings.end)
        short &= follows.sum(axis=2) < self.settings.width
        return short if short.any() else None
