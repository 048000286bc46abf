"""Texts taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.forum.commands import folded, nearest, parse, trimmed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ack  k7x2", ["ack", "k7x2"]),
        ("ａｃｋ　ｋ７ｘ２", ["ack", "k7x2"]),
        ("ack\u2005k7x2\u200b", ["ack", "k7x2"]),
        ('shelve "red tea" now', ["shelve", "red tea", "now"]),
        ("shelve “red tea”", ["shelve", "red tea"]),
        ("下架「红 茶」", ["下架「红", "茶」"]),
        ("下架 「红 茶」", ["下架", "红 茶"]),
        ("shelve ＂red tea＂", ["shelve", "red tea"]),
        ("don't 'do that'", ["don't", "do that"]),
        ('5" pipe', ['5"', "pipe"]),
        ('"never closed', ['"never', "closed"]),
        ('"a"b', ['"a"b']),
        ("", []),
        ("\u202e\x00", []),
    ],
)
def test_a_text_is_its_words(text: str, words: list[str]) -> None:
    assert [word.text for word in parse(text).words] == words


def test_the_rest_of_a_text_is_as_it_was_typed() -> None:
    line = parse("close k7x2  价格已改，谢谢　“再见”")
    assert line.rest(2) == "价格已改，谢谢　“再见”"
    assert line.without(1).rest(1) == line.rest(2)
    assert line.rest(9) == ""


def test_a_word_is_split_where_chinese_and_an_id_meet() -> None:
    line = parse("接手k7x2 now").split(2)
    assert [word.text for word in line.words] == ["接手", "k7x2", "now"]
    assert line.rest(1) == "k7x2 now"


@given(st.text())
def test_any_text_can_be_taken_apart_and_folding_keeps_its_length(text: str) -> None:
    line = parse(text)
    assert len(folded(text)) == len(text) == len(line.text)
    for index, word in enumerate(line.words):
        assert word.text
        assert line.rest(index)
    line.text.encode()


def test_many_opening_quotes_are_read_in_linear_time() -> None:
    assert len(parse("“ " * 50_000).words) == 50_000


def test_punctuation_around_a_word_is_no_part_of_it() -> None:
    assert trimmed("#K7X2,") == "k7x2"
    assert trimmed("状态。") == "状态"


@pytest.mark.parametrize(
    ("word", "near"), [("sttus", "status"), ("STAUTS", "status"), ("zzz", ""), ("s" * 100_000, ""), ("", "")]
)
def test_the_nearest_valid_word(word: str, near: str) -> None:
    assert nearest(word, ["status", "silence"]) == near
