"""Searches that others join, and that are stopped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.inference.chat.beam_search import BeamSearch
from daemon.inference.chat.hypotheses import Reply
from daemon.inference.chat.search_settings import Settings
from tests.unit.inference.chat.searching.models import BEGIN, END, SOURCES, Model, models, settings_of

ENDLESS = Settings(begin=BEGIN, end=END, width=3, n_best=3, min_length=6, max_length=6)


@given(model=models(), data=st.data(), sources=SOURCES, joining=st.booleans())
def test_who_joins_in_the_middle_gets_what_they_get_alone(model: Model, data: Any, sources: Any, joining: bool) -> None:
    search = BeamSearch(model.steps(joining=joining), data.draw(settings_of(model.size)))
    after = data.draw(st.lists(st.integers(0, 3), min_size=len(sources), max_size=len(sources)))
    decoding, found = search.begin([]), dict[int, list[Reply]]()
    for source, steps in zip(sources, after, strict=True):
        for _ in range(steps):
            found |= decoding.advance()
        decoding.join([source])
    while len(decoding):
        found |= decoding.advance()
    assert [found[number] for number in range(len(sources))] == [search.run([source])[0] for source in sources]


def test_requests_that_join_are_asked_about_in_the_same_call() -> None:
    steps = Model(1, 9, "smooth").steps()
    decoding = BeamSearch(steps, ENDLESS).begin([[1]])
    decoding.advance()
    assert decoding.join([[2], [3]]) == range(1, 3)
    decoding.advance()
    assert {past[0] for past in steps.asked[-1][0]} == {(1,), (2,), (3,)}
    assert len(steps.asked) == 2


@given(model=models(), data=st.data(), sources=SOURCES, joining=st.booleans())
def test_stopping_one_request_leaves_the_others_as_they_were(
    model: Model, data: Any, sources: Any, joining: bool
) -> None:
    search = BeamSearch(model.steps(joining=joining), data.draw(settings_of(model.size)))
    decoding = search.begin(sources[:1])
    found = decoding.advance()
    decoding.join(sources[1:])
    stopped = data.draw(st.sampled_from(decoding.numbers)) if len(decoding) else None
    if stopped is not None:
        decoding.stop(stopped)
    while len(decoding):
        found |= decoding.advance()
    for number, source in enumerate(sources):
        assert number == stopped or found[number] == search.run([source])[0]


def test_a_stopped_request_comes_back_with_its_best_so_far() -> None:
    model = Model(3, 9, "smooth")
    decoding = BeamSearch(model.steps(), ENDLESS).begin([[1], [2]])
    for _ in range(4):
        decoding.advance()
    shorter = Settings(begin=BEGIN, end=END, width=3, n_best=3, min_length=4, max_length=4)
    best = BeamSearch(model.steps(), shorter).run([[1]])[0]
    assert [(one.tokens, one.score) for one in decoding.stop(0)] == [(one.tokens, one.score) for one in best]
    assert decoding.numbers == [1]
    assert {one.ended for one in decoding.stop(1)} == {"stopped"}
    assert not len(decoding)


def test_what_has_ended_stands_before_what_was_stopped() -> None:
    settings = Settings(begin=BEGIN, end=END, width=3, n_best=3, max_length=9, length_penalty=-3)
    for seed in range(20):
        decoding = BeamSearch(Model(seed, 5, "smooth").steps(), settings).begin([[1]])
        for _ in range(4):
            decoding.advance()
        if len(decoding):
            ended = [one.ended for one in decoding.stop(0)]
            assert len(ended) == 3
            assert ended == sorted(ended)


@pytest.mark.parametrize("number", [0, 5])
def test_a_request_that_is_not_under_way_cannot_be_stopped(number: int) -> None:
    decoding = BeamSearch(Model(1, 9, "smooth").steps(), ENDLESS).begin([[1], [2]])
    decoding.stop(0)
    with pytest.raises(KeyError):
        decoding.stop(number)


def test_a_request_that_is_stopped_before_its_first_step_has_nothing() -> None:
    assert BeamSearch(Model(1, 9, "smooth").steps(), ENDLESS).begin([[1]]).stop(0) == []


def test_at_the_deadline_the_best_so_far_comes_back() -> None:
    steps = Model(1, 9, "smooth").steps()
    times = iter([1.0, 1.5, 2.0])
    found = BeamSearch(steps, ENDLESS).run([[1], [2]], deadline=2.0, clock=lambda: next(times))
    assert len(steps.asked) == 2
    assert [{(one.ended, len(one.tokens)) for one in replies} for replies in found] == [{("stopped", 2)}] * 2


def test_a_deadline_far_away_changes_nothing() -> None:
    search = BeamSearch(Model(1, 9, "smooth").steps(), ENDLESS)
    assert search.run([[1], [2]], deadline=1e12) == search.run([[1], [2]])


@pytest.mark.parametrize("joining", [True, False])
def test_a_step_that_fails_can_be_taken_again(joining: bool) -> None:
    model = Model(3, 9, "smooth")
    steps = model.steps(joining=joining)
    settings = Settings(begin=BEGIN, end=END, width=3, n_best=3, max_length=6)
    search = BeamSearch(steps, settings)
    decoding = search.begin([[1]])
    found = decoding.advance()
    decoding.join([[2]])
    for _ in range(3):
        steps.rule = lambda past: np.full(9, np.nan if past[0] == (2,) else -1.0, dtype=np.float32)
        with pytest.raises(ValueError, match="log-probability"):
            decoding.advance()
        steps.rule = model.rule
        found |= decoding.advance()
    while len(decoding):
        found |= decoding.advance()
    assert [found[0], found[1]] == search.run([[1], [2]])
