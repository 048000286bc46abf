import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.inference.chat.dialogue import cues
from daemon.inference.chat.dialogue.phrases import table

YES = [
    "yes",
    "Yes!!",
    "yeah sure",
    "why not",
    "no problem",
    "ok then",
    "hmm, ok",
    "My cat sat on the keyboard, but yes please",
    "surprise me",
    "I'd love to",
    "sure, as long as it is short",
    "好啊",
    "好的呀",
    "可以，最好短一点",
    "没问题",
    "随便",
    "嗯",
    "要",
    "那好吧",
    "我妈在旁边，不过好啊",
    "当然",
    "也行吧",
    "好啊，不过我妈不爱看恐怖片",
]
NO = [
    "no", "nope", "no thanks, I am going to bed", "not really", "maybe later", "Never mind.", "oh no, please don't",
    "不用了，谢谢", "算了吧", "不要", "改天吧", "哦不用", "先不看了", "没空", "谢谢，不用了", "还是算了",
]  # fmt: skip
NEITHER = [
    "what is the weather like",
    "my dog is called Rex",
    "今天天气怎么样",
    "我家的猫叫咪咪",
    "",
    "😀",
    "yesterday was nice",
]


@pytest.mark.parametrize("text", YES)
def test_a_yes_is_understood_whatever_else_is_said(text: str) -> None:
    assert cues.leaning(text) == "yes"


@pytest.mark.parametrize("text", NO)
def test_a_no_is_understood_whatever_else_is_said(text: str) -> None:
    assert cues.leaning(text) == "no"


@pytest.mark.parametrize("text", NEITHER)
def test_what_is_neither_yes_nor_no_is_neither(text: str) -> None:
    assert cues.leaning(text) == ""


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_no_text_raises(text: str) -> None:
    assert cues.leaning(text) in {"yes", "no", ""}
    assert all(cues.said(cue, text) in {True, False} for cue in table("cues"))


def test_every_phrase_has_several_variants_in_both_languages_with_the_same_places() -> None:
    import string

    for key, row in table("replies").items():
        assert set(row) == {"en", "zh"}, key
        places = [
            {name for _, name, _, _ in string.Formatter().parse(one) if name} for lang in row for one in row[lang]
        ]
        assert all(one == places[0] for one in places), key
        assert key.startswith("not_") or min(len(row["en"]), len(row["zh"])) >= 2, key
