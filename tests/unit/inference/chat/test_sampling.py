"""Replies that are drawn."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.inference.chat.hypotheses import Reply
from daemon.inference.chat.sampling import Draw, Sampling
from daemon.inference.chat.search_settings import Settings
from tests.unit.inference.chat.searching.models import BEGIN, END, SOURCES, HistorySteps, Model, models, settings_of
from tests.unit.inference.chat.searching.references import allowed, greedy, log_probability

DRAWS = st.builds(
    Draw,
    temperature=st.sampled_from([0.01, 0.5, 1.0, 3.0]),
    top_k=st.integers(1, 8),
    top_p=st.sampled_from([0.1, 0.6, 0.95, 1.0]),
)
MANY = 4000


@given(model=models(), data=st.data(), sources=SOURCES, draw=DRAWS, joining=st.booleans())
def test_what_is_drawn_does_not_depend_on_others(
    model: Model, data: Any, sources: Any, draw: Draw, joining: bool
) -> None:
    search = Sampling(model.steps(joining=joining), data.draw(settings_of(model.size)), draw)
    seeds = data.draw(st.lists(st.integers(0, 2**64), min_size=len(sources), max_size=len(sources)))
    alone = [search.run([source], seeds=[seed])[0] for source, seed in zip(sources, seeds, strict=True)]
    assert search.run(sources, seeds=seeds) == alone
    assert search.run(sources[::-1], seeds=seeds[::-1]) == alone[::-1]
    decoding, found = search.begin(sources[:1], seeds[:1]), dict[int, list[Reply]]()
    found |= decoding.advance()
    decoding.join(sources[1:], seeds[1:])
    while len(decoding):
        found |= decoding.advance()
    assert [found[number] for number in range(len(sources))] == alone


@given(model=models(), data=st.data(), draw=DRAWS, seed=st.integers(0, 1000))
def test_every_reply_is_to_the_settings_and_has_the_score_of_the_model(
    model: Model, data: Any, draw: Draw, seed: int
) -> None:
    settings = data.draw(settings_of(model.size))
    replies = Sampling(model.steps(), settings, draw).run([[4]], seeds=[seed])[0]
    assert len({one.tokens for one in replies}) == len(replies) <= settings.n_best
    for ended in (True, False):
        scores = [one.score for one in replies if (one.ended == "end") is ended]
        assert scores == sorted(scores, reverse=True)
    for one in replies:
        scored = (*one.tokens, END) if one.ended == "end" else one.tokens
        assert allowed(scored, settings)
        assert len(scored) <= settings.max_length
        assert one.ended == "end" or len(scored) == settings.max_length
        assert one.log_probability == log_probability(model, [4], scored)
        assert one.score == pytest.approx(one.log_probability / ((5 + len(scored)) / 6) ** settings.length_penalty)


@given(model=models(), data=st.data(), seed=st.integers(0, 1000))
def test_of_one_token_the_greedy_one_is_drawn(model: Model, data: Any, seed: int) -> None:
    settings = data.draw(settings_of(model.size))
    found = Sampling(model.steps(), settings, Draw(top_k=1)).run([[4]], seeds=[seed])[0]
    expected = greedy(model, [4], settings)
    assert [(one.tokens, one.ended) for one in found] == [(one.tokens, one.ended) for one in expected]


@pytest.mark.parametrize(
    "draw",
    [
        Draw(),
        Draw(temperature=0.5),
        Draw(temperature=2.0, top_k=4),
        Draw(top_p=0.7),
        Draw(temperature=1.5, top_k=5, top_p=0.6),
    ],
)
@pytest.mark.parametrize("banned", [frozenset[int](), frozenset({0, 2, 3, 4})])
def test_tokens_are_drawn_as_often_as_their_probability_says(draw: Draw, banned: frozenset[int]) -> None:
    model = Model(8, 9, "smooth")
    settings = Settings(begin=BEGIN, end=END, width=1, max_length=1, min_length=1, banned=banned)
    found = Sampling(model.steps(), settings, draw).run([[4]] * MANY, seeds=range(MANY))
    counts = Counter(replies[0].tokens[0] for replies in found)
    expected = probabilities(model, draw, banned | {END})
    assert set(counts) == set(expected)
    for token, share in expected.items():
        assert counts[token] / MANY == pytest.approx(share, abs=4 * (share * (1 - share) / MANY) ** 0.5 + 1e-9)


def probabilities(model: Model, draw: Draw, banned: frozenset[int]) -> dict[int, float]:
    """Work out what each first token is drawn with."""
    scores = model.rule(((4,), (BEGIN,)))
    best = sorted((token for token in range(model.size) if token not in banned), key=lambda token: -scores[token])
    weights = {token: float(np.exp(scores[token] / draw.temperature)) for token in best[: draw.top_k]}
    total, kept = sum(weights.values()), dict[int, float]()
    for token, weight in weights.items():
        if sum(kept.values()) < draw.top_p * total:
            kept[token] = weight
    return {token: weight / sum(kept.values()) for token, weight in kept.items()}


def test_one_token_says_nothing_of_the_next() -> None:
    steps = HistorySteps(lambda _: np.log(np.array([0.5, 0.0001, 0.5], dtype=np.float32)), 3)
    settings = Settings(begin=BEGIN, end=END, width=1, max_length=2, min_length=2)
    counts = Counter(one[0].tokens for one in Sampling(steps, settings, Draw()).run([[4]] * MANY, seeds=range(MANY)))
    assert {tokens: count / MANY for tokens, count in counts.items()} == pytest.approx(
        dict.fromkeys([(0, 0), (0, 2), (2, 0), (2, 2)], 0.25), abs=0.03
    )


def test_of_several_draws_the_best_comes_first_and_another_seed_draws_others() -> None:
    model = Model(8, 9, "smooth")
    settings = Settings(begin=BEGIN, end=END, width=8, n_best=8, max_length=6)
    search = Sampling(model.steps(), settings, Draw())
    found = search.run([[4]] * 5, seeds=range(5))
    assert all(len(replies) > 4 for replies in found)
    assert len({replies[0].tokens for replies in found}) > 1
    one = Sampling(model.steps(), Settings(begin=BEGIN, end=END, width=8, n_best=1, max_length=6), Draw())
    assert [replies[0] for replies in one.run([[4]] * 5, seeds=range(5))] == [replies[0] for replies in found]


def test_every_request_needs_a_seed() -> None:
    search = Sampling(Model(1, 9, "smooth").steps(), Settings(begin=BEGIN, end=END), Draw())
    with pytest.raises(ValueError, match="2 requests need as many seeds, not 1"):
        search.run([[1], [2]], seeds=[1])


@pytest.mark.parametrize(
    "wrong", [{"temperature": 0}, {"temperature": float("nan")}, {"top_k": 0}, {"top_p": 0.0}, {"top_p": 1.1}]
)
def test_a_draw_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Draw(**wrong)
