"""Beam search against searches that take their time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.inference.chat.beam_search import BeamSearch
from daemon.inference.chat.hypotheses import Reply
from daemon.inference.chat.search_settings import Settings
from tests.unit.inference.chat.searching.models import BEGIN, END, SOURCES, HistorySteps, Model, models, settings_of
from tests.unit.inference.chat.searching.references import (
    allowed,
    exhaustive,
    greedy,
    log_probability,
    one_by_one,
    repeats,
)

DATA = st.data()


def same(found: list[Reply], expected: list[Reply]) -> None:
    assert [(one.tokens, one.ended, one.log_probability) for one in found] == [
        (one.tokens, one.ended, one.log_probability) for one in expected
    ]
    assert [one.score for one in found] == pytest.approx([one.score for one in expected])


@given(model=models(), data=DATA, sources=SOURCES)
def test_a_batch_finds_what_one_hypothesis_a_call_finds(model: Model, data: Any, sources: Any) -> None:
    settings = data.draw(settings_of(model.size))
    found = BeamSearch(model.steps(), settings).run(sources)
    for source, replies in zip(sources, found, strict=True):
        same(replies, one_by_one(model.steps(), source, settings))


@given(seed=st.integers(0, 10_000), kind=st.sampled_from(["smooth", "tied"]), data=DATA, sources=SOURCES)
def test_so_it_does_where_most_of_many_tokens_are_banned(seed: int, kind: str, data: Any, sources: Any) -> None:
    model = Model(seed, 40, kind)
    settings = Settings(
        begin=BEGIN,
        end=END,
        width=data.draw(st.integers(1, 3)),
        max_length=4,
        no_repeat_ngram=data.draw(st.integers(0, 2)),
        min_length=data.draw(st.integers(0, 2)),
        banned=data.draw(st.frozensets(st.integers(2, 39), min_size=30)),
    )
    found = BeamSearch(model.steps(), settings).run(sources)
    for source, replies in zip(sources, found, strict=True):
        same(replies, one_by_one(model.steps(), source, settings))


@given(model=models(), data=DATA, sources=SOURCES)
def test_width_one_is_greedy(model: Model, data: Any, sources: Any) -> None:
    settings = data.draw(settings_of(model.size, width=1))
    found = BeamSearch(model.steps(), settings).run(sources)
    for source, replies in zip(sources, found, strict=True):
        same(replies, greedy(model, source, settings))


@given(model=models(most=4, kinds=["smooth", "holed"]), data=DATA, sources=SOURCES, n_best=st.integers(1, 400))
def test_a_width_that_holds_everything_is_exhaustive(model: Model, data: Any, sources: Any, n_best: int) -> None:
    settings = data.draw(settings_of(model.size, width=400, longest=4))
    settings = Settings(**{name: getattr(settings, name) for name in settings.__struct_fields__} | {"n_best": n_best})
    found = BeamSearch(model.steps(), settings).run(sources)
    for source, replies in zip(sources, found, strict=True):
        same(replies, exhaustive(model, source, settings)[:n_best])


@given(model=models(), data=DATA, sources=SOURCES)
def test_a_request_gets_the_same_alone_and_among_others_in_any_order(model: Model, data: Any, sources: Any) -> None:
    settings = data.draw(settings_of(model.size))
    order = data.draw(st.permutations(range(len(sources))))
    search = BeamSearch(model.steps(), settings)
    alone = [search.run([source])[0] for source in sources]
    assert search.run(sources) == alone
    assert search.run([sources[at] for at in order]) == [alone[at] for at in order]


@given(model=models(), data=DATA, sources=SOURCES)
def test_every_reply_is_to_the_settings_and_has_its_score(model: Model, data: Any, sources: Any) -> None:
    settings = data.draw(settings_of(model.size))
    for source, replies in zip(sources, BeamSearch(model.steps(), settings).run(sources), strict=True):
        assert len(replies) <= settings.n_best
        assert len({one.tokens for one in replies}) == len(replies)
        for ended in (True, False):
            scores = [one.score for one in replies if (one.ended == "end") is ended]
            assert scores == sorted(scores, reverse=True)
        for one in replies:
            scored = (*one.tokens, END) if one.ended == "end" else one.tokens
            assert END not in one.tokens
            assert not settings.banned & set(one.tokens)
            assert not repeats(one.tokens, settings.no_repeat_ngram)
            assert allowed(scored, settings)
            assert len(scored) <= settings.max_length
            assert one.ended == "end" or len(scored) == settings.max_length
            assert one.log_probability == log_probability(model, source, scored)
            lp = ((5 + len(scored)) / 6) ** settings.length_penalty
            assert one.score == pytest.approx(one.log_probability / lp)


@given(model=models(), data=DATA, sources=SOURCES)
def test_how_many_replies_are_wanted_does_not_change_which_come_first(model: Model, data: Any, sources: Any) -> None:
    given_ = data.draw(settings_of(model.size))
    fields = {name: getattr(given_, name) for name in given_.__struct_fields__}
    by_number = [
        BeamSearch(model.steps(), Settings(**fields | {"n_best": n_best})).run(sources)
        for n_best in range(1, given_.width + 1)
    ]
    for fewer, more in pairwise(by_number):
        for few, many in zip(fewer, more, strict=True):
            assert many[: len(few)] == few


@given(seed=st.integers(0, 10_000), data=DATA, sources=SOURCES)
def test_which_number_a_token_has_does_not_matter(seed: int, data: Any, sources: Any) -> None:
    model = Model(seed, data.draw(st.integers(2, 6)), "smooth")
    settings = data.draw(settings_of(model.size))
    back = model.size - 1 - np.arange(model.size)

    def turned(past: Any) -> Any:
        return model.rule((past[0], tuple(int(back[token]) for token in past[1])))[back]

    fields = {name: getattr(settings, name) for name in settings.__struct_fields__}
    fields |= {"begin": int(back[BEGIN]), "end": int(back[END])}
    fields |= {"banned": frozenset(int(back[token]) for token in settings.banned)}
    found = BeamSearch(HistorySteps(turned, model.size), Settings(**fields)).run(sources)
    expected = BeamSearch(model.steps(), settings).run(sources)
    assert [[one.score for one in replies] for replies in found] == [
        [one.score for one in replies] for replies in expected
    ]
    assert [[tuple(int(back[token]) for token in one.tokens) for one in replies] for replies in found] == [
        [one.tokens for one in replies] for replies in expected
    ]


def test_a_model_of_nothing_but_the_end_ends() -> None:
    steps = HistorySteps(lambda _: np.array([-0.5], dtype=np.float32), 1)
    found = BeamSearch(steps, Settings(begin=0, end=0, width=3, n_best=3)).run([[1]])[0]
    assert [(one.tokens, one.log_probability) for one in found] == [((), -0.5)]


def by_length(scores: dict[int, dict[int, float]], size: int = 4) -> HistorySteps:
    """Build a model for which only the number of tokens so far counts; what is not named is impossible."""

    def rule(past: Any) -> Any:
        row = np.full(size, -np.inf, dtype=np.float32)
        for token, score in scores[len(past[1]) - 1].items():
            row[token] = score
        return row

    return HistorySteps(rule, size)


def test_a_longer_reply_that_the_penalty_favours_is_waited_for() -> None:
    """As in OpenNMT-py #1320: the best reply is not the first to end."""
    steps = by_length({0: {END: -1.0, 2: -1.1}, 1: {2: -0.05}, 2: {2: -0.05}, 3: {END: -0.05}})
    settings = Settings(begin=BEGIN, end=END, width=2, max_length=4, length_penalty=2.0)
    assert BeamSearch(steps, settings).run([[7]])[0][0].tokens == (2, 2, 2)


def test_a_longer_reply_is_waited_for_though_the_penalty_favours_short_ones() -> None:
    steps = by_length({0: {END: -1.0, 2: -0.5}, 1: {END: -0.05, 2: -9.0}, 2: {END: -0.05, 2: -9.0}})
    settings = Settings(begin=BEGIN, end=END, width=2, max_length=3, length_penalty=-3.0)
    assert BeamSearch(steps, settings).run([[7]])[0][0].tokens == (2,)


@pytest.mark.parametrize("alpha", [-2.0, 0.0, 1.0])
def test_a_search_stops_as_soon_as_nothing_could_be_better(alpha: float) -> None:
    scores = {age: {2: -3.0, 3: -3.0, END: -0.1} for age in range(50)}
    steps = by_length(scores)
    settings = Settings(begin=BEGIN, end=END, width=4, max_length=50, length_penalty=alpha)
    assert BeamSearch(steps, settings).run([[7]])[0][0].tokens == ()
    # at best -3 / lp(50) with alpha 1; -0.1 / lp(1) is above it at once
    assert len(steps.asked) == 1


def test_a_search_stops_once_as_many_have_ended_as_it_is_wide() -> None:
    steps = by_length({age: {2: -0.01, END: -0.02} for age in range(50)})
    settings = Settings(begin=BEGIN, end=END, width=3, max_length=50, length_penalty=10)
    assert BeamSearch(steps, settings).run([[7]])[0][0].tokens == (2, 2)
    assert len(steps.asked) == 3


def test_a_request_that_is_finished_is_not_asked_about_again() -> None:
    def rule(past: Any) -> Any:
        row = np.full(4, -9.0, dtype=np.float32)
        row[END if len(past[1]) == past[0][0] else 2] = -0.001
        return row

    steps = HistorySteps(rule, 4)
    settings = Settings(begin=BEGIN, end=END, width=2, max_length=20)
    found = BeamSearch(steps, settings).run([[3], [12], [1]])
    assert [len(replies[0].tokens) for replies in found] == [2, 11, 0]
    last_asked: dict[int, int] = {}
    for number, (pasts, _) in enumerate(steps.asked, start=1):
        last_asked |= {past[0][0]: number for past in pasts}
    assert last_asked == {3: 3, 12: 12, 1: 1}


def test_no_more_is_asked_for_than_is_needed() -> None:
    steps = Model(5, 60, "smooth").steps()
    settings = Settings(begin=BEGIN, end=END, width=5, max_length=8, min_length=1, no_repeat_ngram=3)
    BeamSearch(steps, settings).run([[1], [2]])
    assert {k for _, k in steps.asked} == {10}
    assert len(steps.asked[0][0]) == 2
    assert all(len(pasts) <= 10 for pasts, _ in steps.asked)


def test_equal_scores_are_no_reason_to_ask_for_more() -> None:
    steps = HistorySteps(lambda _: np.full(60, -4.0, dtype=np.float32), 60)
    BeamSearch(steps, Settings(begin=BEGIN, end=END, width=3, max_length=5)).run([[1], [2]])
    assert {k for _, k in steps.asked} == {6}


def test_more_is_asked_for_only_of_hypotheses_that_showed_too_little() -> None:
    def rule(past: Any) -> Any:
        row = np.linspace(-1, -4, 40, dtype=np.float32)
        return row[::-1].copy() if past[0][0] else row

    steps = HistorySteps(rule, 40)
    settings = Settings(begin=BEGIN, end=END, width=1, max_length=1, min_length=1, banned=frozenset(range(6)) - {END})
    found = BeamSearch(steps, settings).run([[0], [1]])
    assert [replies[0].tokens for replies in found] == [(6,), (39,)]
    asked = [([past[0] for past in pasts], k) for pasts, k in steps.asked]
    assert asked == [([(0,), (1,)], 2), ([(0,)], 4), ([(0,)], 8)]


def test_a_hypothesis_that_showed_its_end_still_shows_as_many_that_go_on() -> None:
    """It shows its end, 2 and 3 that are banned, and 4; the best reply goes on with 5."""

    def rule(past: Any) -> Any:
        if past[1][-1] == 5:
            return np.array([-9, -0.01, -9, -9, -9, -9], dtype=np.float32)
        return np.array([-9, -1.0, -1.1, -1.2, -1.3, -1.4], dtype=np.float32)

    settings = Settings(begin=0, end=END, width=2, max_length=3, banned=frozenset({2, 3}), length_penalty=4)
    found = BeamSearch(HistorySteps(rule, 6), settings).run([[7]])[0]
    same(found, one_by_one(HistorySteps(rule, 6), [7], settings))
    assert found[0].tokens == (5,)


def test_of_equals_the_first_goes_on_though_it_was_not_shown_at_first() -> None:
    """Both hypotheses go on with equal sums; what the first may go on with comes behind what is banned."""

    def rule(past: Any) -> Any:
        if len(past[1]) == 1:
            return np.array([-1, -9, -9, -9, -9, -9, -9, -1], dtype=np.float32)
        if past[1][-1] == 0:
            return np.array([-9, -9, -1, -1, -1, -2, -2, -2], dtype=np.float32)
        return np.array([-9, -9, -9, -9, -9, -9, -2, -2], dtype=np.float32)

    settings = Settings(begin=7, end=END, width=2, n_best=2, max_length=2, banned=frozenset({2, 3, 4, 5}))
    found = BeamSearch(HistorySteps(rule, 8), settings).run([[1]])[0]
    assert [one.tokens for one in found] == [(0, 6), (0, 7)]


def test_where_nothing_may_be_said_nothing_is_found() -> None:
    settings = Settings(begin=BEGIN, end=END, min_length=1, banned=frozenset({0, 2}))
    steps = Model(1, 3, "smooth").steps()
    assert BeamSearch(steps, settings).run([[1], [2]]) == [[], []]
    assert len(steps.asked) == 1


def test_no_sources_are_no_replies_and_the_model_is_not_asked() -> None:
    steps = Model(1, 3, "smooth").steps()
    assert BeamSearch(steps, Settings(begin=BEGIN, end=END)).run([]) == []
    assert not steps.asked


@pytest.mark.parametrize("score", [np.nan, np.inf, 0.5])
def test_scores_that_are_no_log_probabilities_are_an_error(score: float) -> None:
    steps = by_length({0: {2: score, 3: -1.0}})
    with pytest.raises(ValueError, match="as a log-probability, which must not be above 0"):
        BeamSearch(steps, Settings(begin=BEGIN, end=END)).run([[1]])


def test_a_score_that_rounding_put_above_zero_counts_as_zero() -> None:
    steps = by_length({0: {END: 1e-6}})
    assert BeamSearch(steps, Settings(begin=BEGIN, end=END)).run([[1]])[0][0].log_probability == 0


def test_fewer_tokens_than_were_asked_for_are_an_error() -> None:
    steps = by_length({0: {2: -1.0}})
    steps.size = 9
    with pytest.raises(ValueError, match=r"tokens \(1, 4\) and scores \(1, 4\); \(1, 9\) were asked for"):
        BeamSearch(steps, Settings(begin=BEGIN, end=END)).run([[1]])


def test_seeds_are_refused_where_nothing_is_drawn() -> None:
    with pytest.raises(ValueError, match="takes no seeds"):
        BeamSearch(Model(1, 3, "smooth").steps(), Settings(begin=BEGIN, end=END)).run([[1]], seeds=[1])
