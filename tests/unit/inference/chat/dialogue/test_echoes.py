from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.inference.chat.dialogue.echoes import LONGEST, echo, taken_up
from daemon.products.phrases import Language


@pytest.mark.parametrize(
    ("text", "language", "told"),
    [
        ("Oh no, my lift is stuck!", "en", "your lift is stuck"),
        ("Hello. I'm late and I've lost my keys.", "en", "you're late and you've lost your keys"),
        ("I was ill, so they gave me tea", "en", "you were ill, so they gave you tea"),
        ("we were in our old flat", "en", "you were in your old flat"),
        ("唉，我的杯子打碎了啊。", "zh", "你的杯子打碎了"),
        ("我们刚搬家,累死了", "zh", "你们刚搬家，累死了"),
        ("you like me", "en", ""),
        ("我觉得你很好", "zh", ""),
        ("word " * 40, "en", ""),
        ("", "en", ""),
        ("?!", "zh", ""),
    ],
)
def test_what_is_said_is_turned_round_to_whoever_said_it(text: str, language: Language, told: str) -> None:
    assert echo(text, language) == told


def test_a_reply_begins_with_a_capital_and_keeps_to_its_sentence_where_the_echo_stands_inside() -> None:
    assert taken_up("{echo}? Since when?", "my lift is stuck", "", "en") == "Your lift is stuck? Since when?"
    assert taken_up("Oh: {echo}.", "My lift is stuck", "", "en") == "Oh: your lift is stuck."
    assert taken_up("{thing}, nice!", "I like tea", "tea", "en") == "Tea, nice!"
    assert taken_up("{echo}?", "you again", "", "en") == ""


@given(st.text(max_size=300), st.sampled_from(["en", "zh"]))
def test_no_echo_is_long_or_says_i(text: str, language: Language) -> None:
    said = echo(text, language)
    assert len(said) <= 2 * LONGEST[language]
    assert "我" not in said or language == "en"
