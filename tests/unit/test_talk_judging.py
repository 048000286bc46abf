from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numpy")
pytest.importorskip("opencc")

from tests.benchmarks import talk_judging as judging
from tests.benchmarks.judge_talk import platt
from tests.benchmarks.talk_judging import Reply


def said(system: str, opening: str, reply: str) -> Reply:
    return Reply(system, "en", opening, (opening,), reply)


FOUND = [said("whole", "hello", "hi"), said("retrieval", "hello", "hi"), said("whole", "why?", ""),
         said("retrieval", "why?", "no")]  # fmt: skip


def test_a_sheet_has_each_exchange_once_and_does_not_tell_who_replied() -> None:
    rows = judging.sheet(FOUND, {})
    assert sorted(row["reply"] for row in rows) == ["hi", "no"]
    assert all(row.keys() == {"id", "exchange", "reply"} for row in rows)
    assert rows == judging.sheet(list(reversed(FOUND)), {})
    assert judging.sheet(FOUND, {FOUND[0].id: True, FOUND[3].id: False}) == []


def test_silence_is_not_acceptable_and_what_was_never_judged_has_no_figure() -> None:
    known = {FOUND[0].id: True}
    assert judging.judged(FOUND, "whole", "en", known) == [True, False]
    with pytest.raises(LookupError, match="1 replies were never judged"):
        judging.judged(FOUND, "retrieval", "en", known)


def test_a_verdict_is_about_all_that_was_said() -> None:
    first = Reply("whole", "en", "a | b", ("a", "x", "b"), "hi")
    assert first.id != Reply("whole", "en", "a | b", ("a", "y", "b"), "hi").id
    assert first.id == Reply("other", "en", "a | b", ("a", "x", "b"), "hi", "retrieval", 0.5).id


def test_the_interval_of_a_difference_holds_the_difference() -> None:
    first, second = [True] * 60 + [False] * 40, [True] * 20 + [False] * 80
    low, high = judging.bounds(first, second)
    assert 0.25 < low < 0.4 < high < 0.55
    assert judging.bounds(first, first) == (0.0, 0.0)


def test_scales_are_found_again_from_what_they_would_give() -> None:
    rows = [(score / 100, place < 100 / (1 + math.exp(-(6 * score / 100 - 3))))
            for score in range(0, 101, 5) for place in range(100)]  # fmt: skip
    slope, offset = platt(rows)
    assert slope == pytest.approx(6, abs=0.3)
    assert offset == pytest.approx(-3, abs=0.2)


@given(st.lists(st.tuples(st.floats(-4, 4), st.booleans()), min_size=1, max_size=30))
def test_there_always_is_a_scale(rows: list[tuple[float, bool]]) -> None:
    assert all(map(math.isfinite, platt(rows)))


@pytest.mark.parametrize("name", judging.SETS)
def test_every_reply_that_is_kept_was_judged_and_belongs_to_its_set(name: str) -> None:
    found, known = judging.kept_replies(name), judging.verdicts()
    for language in judging.LANGUAGES:
        openings = judging.openings(name, language)
        assert len(openings) == len(set(openings))
        for system in judging.SYSTEMS:
            assert len(judging.judged(found, system, language, known)) == len(openings)
