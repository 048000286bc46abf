from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import ConfigError
from daemon.inference.chat.dialogue.cues import plain
from daemon.inference.chat.dialogue.smalltalk import SmallTalk
from daemon.inference.chat.languages import language_of
from daemon.inference.chat.replies import Candidate
from daemon.inference.chat.safety import judge_outgoing
from daemon.products.phrases import Language


@cache
def shipped() -> SmallTalk:
    return SmallTalk.read()


async def said(*turns: str, language: Language = "en", by: SmallTalk | None = None) -> Sequence[Candidate]:
    return await (by or shipped()).candidates(turns, language)


def topics(found: Sequence[Candidate]) -> list[str]:
    return list(dict.fromkeys(note.removeprefix("topic ") for one in found for note in one.notes))


def written(folder: Path, text: str) -> SmallTalk:
    (folder / "smalltalk_one.toml").write_text(text, encoding="utf-8")
    return SmallTalk.read(folder)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("God, am I tired this morning", "tired"),
        ("my wife is having a baby in June", "baby"),
        ("could you tell us a joke?", "joke"),
        ("do you ever sleep?", "bot_sleep"),
        ("the printer won't print the labels again", "printer"),
        ("what would be a nice present for my mother?", "gift_advice"),
        ("Hello. I slept very badly tonight.", "slept_badly"),
        ("我今天真是累得不行", "tired"),
        ("我太太怀孕三个月了", "baby"),
        ("能讲个笑话给我听吗", "joke"),
        ("你晚上会睡觉吗", "bot_sleep"),
        ("打印机怎么又卡纸了", "printer"),
        ("给我妈送什么礼物好呢", "gift_advice"),
    ],
)
async def test_what_is_said_in_other_words_is_of_its_topic(text: str, topic: str) -> None:
    language = language_of(text)
    assert topics(await said(text, language=language))[0] == topic


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Do you like accordions from Cuba?", "p_do_you_like"),
        ("What is the tallest tree in Portugal?", "p_fact"),
        ("Let's go bowling after work!", "p_lets"),
        ("Should I repaint the shelf?", "p_should_i"),
        ("你喜欢手风琴吗？", "p_do_you_like"),
        ("葡萄牙最高的树是什么？", "p_fact"),
        ("下班后一起去打保龄球吧", "p_lets"),
    ],
)
async def test_what_no_topic_is_like_is_answered_as_the_kind_of_thing_that_it_is(text: str, topic: str) -> None:
    assert topic in topics(await said(text, language=language_of(text)))


async def test_a_thing_that_is_named_is_taken_up() -> None:
    found = await said("I like collecting old keys very much")
    assert any("collecting old keys" in one.text and "very much" not in one.text for one in found)


async def test_a_question_that_goes_on_means_what_was_said_before() -> None:
    music = (await said("do you like music?"))[0].text
    assert topics(await said("do you like music?", music, "what kind?"))[0] == "music_kind"
    assert "music_kind" not in topics(await said("what kind?"))
    joke = (await said("讲个笑话", language="zh"))[0].text
    assert topics(await said("讲个笑话", joke, "不好笑", language="zh"))[0] == "not_funny"


async def test_the_same_again_is_answered_in_other_words_and_the_same_conversation_the_same() -> None:
    first = await said("tell me a joke")
    assert first == await said("tell me a joke")
    assert len({one.text for one in first}) > 2
    assert first[0].score > first[1].score
    assert await said() == []


async def test_everything_that_is_shipped_may_be_said_and_is_in_its_language() -> None:
    for topic in shipped().topics.values():
        for language in ("en", "zh"):
            words = topic.words(language)
            for reply in words.reply if words else ():
                told = "coffee" if language == "en" else "咖啡"
                bare = reply.replace("{thing}", told).replace("{echo}", told)
                assert judge_outgoing(bare) is None, bare
                assert language_of(bare) == language, bare


def test_no_topic_lacks_a_language_and_no_example_stands_in_two_topics() -> None:
    seen: dict[str, str] = {}
    for name, topic in shipped().topics.items():
        for words in (topic.en, topic.zh):
            assert words is not None, name
            for example in words.said if not topic.after else ():
                assert seen.setdefault(plain(example), name) == name, example


@given(st.lists(st.text(max_size=60), max_size=4), st.sampled_from(["en", "zh"]))
def test_any_turns_have_scores_from_0_to_1(turns: list[str], language: Language) -> None:
    found = shipped().replies(turns, language)
    assert all(0.0 <= one.score <= 1.0 and one.text for one in found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[a]\nen.said = ['x']", "smalltalk_one"),  # no reply
        ("[a]\nfr.said = ['x']", "fr"),
        ("[a]\nafter = ['b']\nen.said = ['x']\nen.reply = ['y']", "there are not: b"),
        ("[a]\nen.patterns = ['(']\nen.reply = ['y']", "regular expression"),
        ("[a", "smalltalk_one"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        written(tmp_path, text)


async def test_people_add_topics_of_their_own(tmp_path: Path) -> None:
    mine = written(tmp_path, "[lamps]\nen.said = ['which lamps do we sell?']\nen.reply = ['Warm ones.']")
    assert [one.text for one in await said("do we sell lamps?", by=mine)] == ["Warm ones."]
    assert await said("卖什么灯", language="zh", by=mine) == []
