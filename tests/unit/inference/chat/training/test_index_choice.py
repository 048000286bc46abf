"""Which pairs are looked up: what makes sense to somebody who talks with a program, and was not talked with before."""

from __future__ import annotations

from collections import Counter

import pytest

pytest.importorskip("opencc")

from daemon.inference.chat.training.index_choice import best_first, chosen
from daemon.inference.chat.training.pairs import Pair
from daemon.products.phrases import Language


def pair(said: str, reply: str, corpus: str = "chitchat") -> Pair:
    language: Language = "en" if said.isascii() else "zh"
    return Pair((said,), reply, language, corpus)


@pytest.mark.parametrize(
    ("said", "reply", "reason"),
    [
        ("what do you like to do", "my wife and I love going on hikes", "claims a human life"),
        ("what do you do", "I'm a nurse, and you?", "claims a human life"),
        ("where are you from", "i grew up in a small town", "claims a human life"),
        ("do you like cats", "Yes, I have two dogs and a cat.", "claims a human life"),
        ("are you busy", "we should hang out tonight", "claims a human life"),
        ("你在做什么呢", "我老婆在做饭。", "claims a human life"),
        ("你今年多大啊", "我今年二十岁了", "claims a human life"),
        ("what happened next", "he left with all of them", "depends on what was said before"),
        ("后来怎么样了啊", "他就走了呀", "depends on what was said before"),
        ("how much is that", "about 15 or so i think", "figures or names that nobody asked for"),
        ("门票多少钱?", "旺季60元。", "figures or names that nobody asked for"),
        ("how are you", "lol", "bland"),
        ("ok", "do you like swimming in the sea", "bland"),
        ("do you like tea", "no way", "reply too short or too long"),
        ("do you like tea", "well " * 35, "reply too short or too long"),
        ("one two three four five six seven eight nine ten " + " ".join("abcdefghijklmnopq"), "do you mean it",
         "said too much"),
        ("which town", "Springfield", "reply of one word"),
    ],
)  # fmt: skip
def test_a_reply_that_makes_no_sense_alone_is_left_out(said: str, reply: str, reason: str) -> None:
    counts: Counter[str] = Counter()
    assert chosen([pair(said, reply)], counts) == []
    assert counts == {reason: 1}


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("what music do you like", "i like jazz, and you?"),
        ("I got a new job!", "That's great, well done!"),
        ("is she coming back", "i hope that she is"),
        ("知道人民英雄纪念碑是哪年建成的吗?", "是1958年建成的。"),
        ("你喜欢听什么音乐", "我喜欢爵士乐。"),
    ],
)
def test_a_reply_that_does_stays(said: str, reply: str) -> None:
    assert chosen([pair(said, reply)], Counter()) == [pair(said, reply)]


def test_a_pair_stays_once_whatever_its_marks_and_capitals() -> None:
    counts: Counter[str] = Counter()
    kept = chosen([pair("Hello there!", "Hi, how are you?"), pair("hello there", "hi how are you")], counts)
    assert kept == [pair("Hello there!", "Hi, how are you?")]
    assert counts == {"duplicate": 1}


@pytest.mark.parametrize("corpus", ["chatterbot-english", "/home/me/own.jsonl"])
def test_what_somebody_wrote_to_be_said_stays_as_it_is(corpus: str) -> None:
    own = pair("are you a nurse", "I'm a nurse in my family.", corpus)
    assert chosen([own], Counter()) == [own]


def test_what_no_index_can_hold_is_left_out_whosever_it_is() -> None:
    counts: Counter[str] = Counter()
    wordless = pair("...!", "say something", "/home/me/own.jsonl")
    story = pair("tell me a story", "once upon a time " * 20, "/home/me/own.jsonl")
    assert chosen([wordless, story], counts) == []
    assert counts == {"cannot be looked up": 2}


def test_room_goes_to_canned_answers_then_to_chinese_then_to_short_turns() -> None:
    pairs = [
        pair("what is it that you really like", "some music at night"),
        pair("you like what", "some music at night"),
        pair("你喜欢听什么", "晚上听点音乐"),
        pair("what are you made of", "of rules and weights", "chatterbot-english"),
    ]
    assert best_first(pairs) == [3, 2, 1, 0]
