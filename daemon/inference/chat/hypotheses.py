"""Replies, and the hypotheses that may become some."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import msgspec
import numpy as np

from daemon.inference.chat.search_settings import Settings
from daemon.inference.chat.steps import Flags, Ints, Sums

Ended: TypeAlias = Literal["end", "length", "stopped"]
#: Stands in a history before the first token; no token is below 0.
_NOTHING = -1


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found. tokens: without begin and end.

    log_probability: sum over the tokens, and over the end where it ended. score: that over the length penalty. ended:
    "end" by itself; "length" for one that was cut at the most tokens, and "stopped" for one that was given up earlier:
    both may break off anywhere.
    """

    tokens: tuple[int, ...]
    score: float
    log_probability: float
    ended: Ended


class Going(NamedTuple):
    """Hypotheses that go on, [R, W] each. parents: places that they go on from, counted over all requests."""

    parents: Ints
    tokens: Ints
    sums: Sums


class Endings(NamedTuple):
    """Hypotheses that end, [endings] each, best first. parents: as in Going. sums: with the end's own score."""

    parents: Ints
    sums: Sums


class Hypotheses(NamedTuple):
    """The hypotheses of R requests in W places each, and what goes with them; every array begins with R.

    numbers: [R], the requests. ages: [R], tokens of each hypothesis. sums: [R, W] of log-probabilities, -inf where a
    place is empty. rows: [R, W], where the model's state has it. last: [R, W], its last token, or begin. history:
    [R, W, max_length], its tokens at the right. draws: [R, W, max_length] in [0, 1), or [R, 0, 0] where nothing is
    drawn. ended: [R], how many have ended. worst: [R], the score that the next one must exceed to be of use.
    """

    numbers: Ints
    ages: Ints
    sums: Sums
    rows: Ints
    last: Ints
    history: Ints
    draws: Sums
    ended: Ints
    worst: Sums

    @classmethod
    def first(cls, numbers: range, settings: Settings, live: int, draws: Sums) -> Hypotheses:
        """Return hypotheses without a token, `live` for each request, whose rows stand in order."""
        count, width = len(numbers), settings.width
        sums = np.full((count, width), -np.inf)
        sums[:, :live] = 0.0
        return cls(
            numbers=np.array(numbers, dtype=np.int64),
            ages=np.zeros(count, dtype=np.int64),
            sums=sums,
            rows=np.repeat(np.arange(count)[:, None], width, axis=1),
            last=np.full((count, width), settings.begin),
            history=np.full((count, width, settings.max_length), _NOTHING),
            draws=draws,
            ended=np.zeros(count, dtype=np.int64),
            worst=np.full(count, -np.inf),
        )

    def extended(self, going: Going, rows: Ints) -> Hypotheses:
        """Return these one token later. rows: [R * W], where the model's new state has each place of now."""
        count, width, longest = self.history.shape
        history = np.empty((count * width, longest), dtype=np.int64)
        history[:, :-1] = self.history.reshape(-1, longest)[:, 1:].take(going.parents.ravel(), axis=0)
        history[:, -1] = going.tokens.ravel()
        return self._replace(
            ages=self.ages + 1,
            sums=going.sums,
            rows=rows.take(going.parents),
            last=going.tokens,
            history=history.reshape(count, width, longest),
        )

    def kept(self, which: Flags) -> Hypotheses:
        """Return those of some requests. which: [R]."""
        return Hypotheses._make(array[which] for array in self)

    def joined(self, others: Hypotheses, rows: int) -> Hypotheses:
        """Return these and others, whose rows stand behind `rows` rows of these."""
        others = others._replace(rows=others.rows + rows)
        return Hypotheses._make(np.concatenate(pair) for pair in zip(self, others, strict=True))

    def tokens(self, place: int) -> tuple[int, ...]:
        """Return the tokens of a place, counted over all requests."""
        request, place = divmod(place, self.sums.shape[1])
        age = int(self.ages[request])
        return tuple(self.history[request, place, self.history.shape[2] - age :].tolist())
