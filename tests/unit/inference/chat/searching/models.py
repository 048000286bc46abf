"""Models over a few tokens, for which everything can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

import numpy as np
from hypothesis import strategies as st

from daemon.inference.chat.search_settings import Settings
from daemon.inference.chat.steps import Candidates, Floats, Ints

BEGIN, END = 0, 1
Past = tuple[tuple[int, ...], tuple[int, ...]]
#: From a source and the tokens after it to the log-probability of each next token.
Rule = Callable[[Past], Floats]


class HistorySteps:
    """Follows a rule that sees the whole past of a row, and keeps book of what it was asked."""

    def __init__(self, rule: Rule, size: int) -> None:
        self.rule = rule
        self.size = size
        self.asked: list[tuple[list[Past], int]] = []

    def start(self, sources: Sequence[Sequence[int]]) -> list[Past]:
        assert len(sources)
        return [(tuple(source), ()) for source in sources]

    def step(self, state: list[Past], parents: Ints, tokens: Ints, k: int) -> tuple[Candidates, list[Past]]:
        assert parents.dtype == tokens.dtype == np.int64
        assert parents.shape == tokens.shape
        assert parents.size
        assert 0 < k <= self.size
        pasts = [(state[row][0], (*state[row][1], token)) for row, token in zip(parents, tokens.tolist(), strict=True)]
        self.asked.append((pasts, k))
        scores = np.array([self.rule(past) for past in pasts])
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        candidates = Candidates(order, np.take_along_axis(scores, order, axis=1))
        for array in candidates:
            array.setflags(write=False)  # they may be the model's own, and used again
        return candidates, pasts


class JoiningHistorySteps(HistorySteps):
    """One whose states may be joined."""

    def join(self, first: list[Past], second: list[Past]) -> list[Past]:
        return first + second


class Model(NamedTuple):
    """What makes a model: seed, number of tokens, and kind of scores."""

    seed: int
    size: int
    kind: str

    def steps(self, *, joining: bool = True) -> HistorySteps:
        return (JoiningHistorySteps if joining else HistorySteps)(self.rule, self.size)

    def rule(self, past: Past) -> Floats:
        return scores_after(self, past)


@lru_cache(maxsize=200_000)
def scores_after(model: Model, past: Past) -> Floats:
    """Scores by a hash of the past. "tied": a few values only, for equal sums; "holed": some tokens impossible."""
    hashes = np.array([crc32(repr((model.seed, past, token)).encode()) for token in range(model.size)])
    if model.kind == "tied":
        return (-(hashes % 3) / 2).astype(np.float32)
    logits = (hashes % 100_003) / 25_000
    if model.kind == "holed":
        logits[hashes % 3 == 0] = -np.inf
    with np.errstate(invalid="ignore"):
        scores = logits - np.logaddexp.reduce(logits)
    return np.where(np.isneginf(logits), -np.inf, scores).astype(np.float32)


def models(most: int = 7, kinds: Sequence[str] = ("smooth", "tied", "holed")) -> st.SearchStrategy[Model]:
    return st.builds(Model, seed=st.integers(0, 10_000), size=st.integers(2, most), kind=st.sampled_from(kinds))


ALPHAS = (-1.5, -0.4, 0.0, 0.6, 1.0, 3.0)
SOURCES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=5)


@st.composite
def settings_of(draw: st.DrawFn, size: int, *, widest: int = 5, longest: int = 7, width: int | None = None) -> Settings:
    """Settings that make sense for a model of so many tokens."""
    others = [token for token in range(size) if token != END]
    width = width or draw(st.integers(1, widest))
    max_length = draw(st.integers(1, longest))
    return Settings(
        begin=BEGIN,
        end=END,
        width=width,
        n_best=draw(st.integers(1, width)),
        max_length=max_length,
        min_length=draw(st.just(0) | st.integers(0, max_length)),
        length_penalty=draw(st.sampled_from(ALPHAS)),
        no_repeat_ngram=draw(st.just(0) | st.integers(0, 3)),
        banned=draw(st.just(frozenset[int]()) | st.frozensets(st.sampled_from(others))),
    )
