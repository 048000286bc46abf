"""Cleaning: what is left out, and that nothing depends on the order of things."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("opencc")

from daemon.inference.chat.training.bland import is_bland
from daemon.inference.chat.training.cleaning import Cleaned, Cleaner, Limits
from daemon.inference.chat.training.dialogues import Dialogue
from daemon.products.phrases import Language


def clean(
    *dialogues: tuple[str, ...], language: Language = "en", limits: Limits | None = None
) -> tuple[list[Cleaned], Cleaner]:
    cleaner = Cleaner(limits or Limits(), lambda turn: "rude" if "darn" in turn else "")
    return list(cleaner.clean(Dialogue(turns, language, "own") for turns in dialogues)), cleaner


def turns(cleaned: list[Cleaned]) -> list[tuple[str, ...]]:
    return [one.dialogue.turns for one in cleaned]


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        ("see https://example.org/x", "markup or address"),
        ("see example.com now", "markup or address"),
        ("<b>bold</b>", "markup or address"),
        ("a &amp; b", "markup or address"),
        ("```print(1)```", "markup or address"),
        ("word " * 100, "too long"),
        ("!!! ... ???", "no words"),
        ("🙂🙂", "no words"),
        ("我今天很高兴认识你们", "another language"),
        ("darn you", "rude"),
    ],
)
def test_an_unfit_turn_breaks_its_dialogue_in_two(turn: str, reason: str) -> None:
    cleaned, cleaner = clean(("one of us", "two of us", turn, "three of us", "four of us"))
    assert turns(cleaned) == [("one of us", "two of us"), ("three of us", "four of us")]
    assert cleaner.counts[reason] == 1
    assert len({one.key for one in cleaned}) == 1


def test_a_turn_that_is_left_alone_is_no_dialogue() -> None:
    cleaned, cleaner = clean(("darn", "hello", "darn", "you", "and me"))
    assert turns(cleaned) == [("you", "and me")]
    assert cleaner.counts["turn left alone"] == 1


def test_repetition_is_shortened_and_numbers_are_not() -> None:
    cleaned, cleaner = clean(("hahahahahaha!!!!!!", "sooooooo 1000000 and 10101010101"))
    assert turns(cleaned) == [("hahaha!!!", "sooo 1000000 and 10101010101")]
    assert cleaner.counts["repetition shortened"] == 2
    assert turns(clean(("哈哈哈哈哈哈[哈哈]", "好的"), language="zh")[0]) == [("哈哈哈", "好的")]


def test_the_same_dialogue_in_other_signs_is_a_duplicate() -> None:
    cleaned, cleaner = clean(("你好嗎", "很好"), ("你好吗", "很好"), ("你 好吗", "很好!"), language="zh")
    assert len(cleaned) == 2
    assert cleaner.counts["duplicate dialogue"] == 1


def test_whether_a_dialogue_is_held_out_depends_on_nothing_else() -> None:
    dialogues = [(f"this is number {number}", f"and that is {number * 7}") for number in range(3000)]
    limits = Limits(held_out=0.1)
    cleaned, cleaner = clean(*dialogues, limits=limits)
    held = {one.key for one in cleaned if cleaner.is_held_out(one)}
    assert 230 < len(held) < 370
    random.Random(1).shuffle(dialogues)
    again, cleaner = clean(*dialogues[:2000], ("darn", *dialogues[0]), limits=limits)
    assert {one.key for one in again[:2000] if cleaner.is_held_out(one)} == held & {one.key for one in again}
    wide, cleaner = clean(*dialogues, limits=Limits(held_out=0.3))
    assert held < {one.key for one in wide if cleaner.is_held_out(one)}


@pytest.mark.parametrize(
    "text", ["I don't know.", "Hahahahaha!!", "哈哈哈哈哈", "嗯嗯", "OK", "yeahhhh"[:4], "...", "我也是!", ""]
)
def test_what_answers_anything_is_bland(text: str) -> None:
    assert is_bland(text)


@pytest.mark.parametrize("text", ["I don't know him", "the weather is nice", "哈尔滨很冷", "好的电影", "7"])
def test_what_says_something_is_not(text: str) -> None:
    assert not is_bland(text)
