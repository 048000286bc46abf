from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import ConfigError
from daemon.inference.chat.languages import language_of
from daemon.inference.chat.safety import Lexicon, judge_incoming, judge_outgoing

pytest.importorskip("opencc")

SENTENCES = tomllib.loads(Path(__file__).with_name("safety_sentences.toml").read_text("utf-8"))
INNOCENT: dict[str, list[str]] = SENTENCES["innocent"]
GUILTY: dict[str, list[str]] = SENTENCES["guilty"]


def test_there_are_enough_innocent_sentences_to_judge_by() -> None:
    assert len(set(INNOCENT["en"])) >= 60
    assert len(set(INNOCENT["zh"])) >= 60


@pytest.mark.parametrize("text", INNOCENT["en"] + INNOCENT["zh"])
def test_the_innocent_are_let_through(text: str) -> None:
    assert judge_incoming(text) is None


@pytest.mark.parametrize(("kind", "text"), [(kind, one) for kind, said in GUILTY.items() for one in said])
def test_what_is_not_talked_of_is_found_however_it_is_spelled(kind: str, text: str) -> None:
    for finding in (judge_incoming(text), judge_outgoing(text)):
        assert finding is not None
        assert (finding.kind, finding.blocks) == (kind, kind != "personal")
        assert language_of(finding.reply) == language_of(text)
    around = judge_incoming(f"Well, hello there!\n{text}.")
    assert around is not None
    assert around.kind == kind


@pytest.mark.parametrize("text", SENTENCES["asked"]["others_talk"])
def test_a_wish_to_hear_what_others_said_is_found(text: str) -> None:
    for said in (text, f"Hi!\n{text}"):
        finding = judge_incoming(said)
        assert finding is not None
        assert (finding.kind, finding.blocks) == ("others_talk", True)


@pytest.mark.parametrize("text", SENTENCES["asked"]["innocent"])
def test_what_only_sounds_like_it_is_talked_about(text: str) -> None:
    assert judge_incoming(text) is None


def test_entries_of_what_is_asked_do_not_judge_what_we_say(tmp_path: Path) -> None:
    path = tmp_path / "safety.toml"
    path.write_text(
        '[others_talk]\nen = ["moon"]\nasked.en = ["sun"]\nasked.zh = ["太阳"]\nreply = {en = "a", zh = "b"}'
    )
    lexicon = Lexicon(path)
    found = [[lexicon.find(text, ours=ours) is not None for text in ("moon", "sun", "太阳")] for ours in (False, True)]
    assert found == [[True, True, True], [True, False, False]]


def test_personal_data_are_masked_and_the_talk_goes_on() -> None:
    finding = judge_incoming("my number is 13800138000, recommend me a film")
    assert finding is not None
    assert finding.text == "my number is [phone], recommend me a film"
    assert not finding.blocks


def test_whoever_is_in_despair_is_answered_with_care() -> None:
    english, chinese = judge_incoming("I want to die"), judge_incoming("我不想活了")
    assert english is not None
    assert chinese is not None
    assert "talk to somebody" in english.reply
    assert "热线" in chinese.reply


@pytest.mark.parametrize(
    "text",
    ["that was fucking great", "what the fuck", "damn, nice", "holy sh1t", "真他妈好看", "卧槽", "牛逼", "他强奸了她"],
)
def test_what_people_may_say_is_not_always_for_us_to_say(text: str) -> None:
    assert judge_incoming(text) is None
    finding = judge_outgoing(text)
    assert finding is not None
    assert finding.kind == "profanity"


@pytest.mark.parametrize(
    "text", ["Inception is a great film", "他妈妈做的菜很好吃", "你妈妈好吗", "我妈的手艺",
             "Kill Bill and Suicide Squad", "我靠自己", "看《自杀小队》吧",
             "classic Hitchcock", "老子的道德经", "assassins", "Sex and the City"],
)  # fmt: skip
def test_our_own_innocent_replies_pass(text: str) -> None:
    assert judge_outgoing(text) is None


@pytest.mark.parametrize("judge", [judge_incoming, judge_outgoing])
def test_nothing_is_found_in_nothing(judge: object) -> None:
    for text in ["", " ", "\u200b", "👍", "\ud800", "?!", "123"]:
        assert judge(text) is None  # type: ignore[operator]  # one of the two functions


@given(st.text(st.characters(exclude_categories=()), max_size=80) | st.text("fuck傻逼 .*-1@!'0我你说什么", max_size=80))
def test_no_text_is_too_odd_to_judge(text: str) -> None:
    for finding in (judge_incoming(text), judge_outgoing(text)):
        assert finding is None or (finding.reply and finding.blocks == (finding.kind != "personal"))


@pytest.mark.parametrize(
    "piece",
    [
        "i want to ",
        "傻 ",
        "what did bob ",
        "a1",
        "a*b ",
        "1",
        "you are a ",
        "看",
        "小.",
        "f.",
        "1-",
        "a@",
        "我住在市",
        "who else did you ",
        "show me others ",
        "你还",
        "小王有没有",
    ],
)
def test_a_huge_text_is_judged_by_its_beginning(piece: str) -> None:
    judge_outgoing(piece * 50_000)
    assert judge_incoming("fuck you " + piece * 50_000) is not None


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('[insult]\nen = ["(oops"]\nreply = {en = "a", zh = "b"}', r"en: '\(oops' is no regular expression"),
        ('[insult]\nzh = ["[好"]\nreply = {en = "a", zh = "b"}', "is no regular expression"),
        ('[insult]\nen = ["x"]\nreply = {en = "a"}', "insult: reply: expected one in each language"),
        ('[insults]\nen = ["x"]', "insults"),
        ('[insult]\nenglish = ["x"]', "english"),
        ("[insult", "safety.toml"),
        ("[insult]\nen = 3", "Expected `array`"),
        ('[insult]\nasked.en = ["(oops"]\nreply = {en = "a", zh = "b"}', r"en: '\(oops' is no regular expression"),
    ],
)
def test_a_lexicon_with_a_fault_says_where_it_is(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "safety.toml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=fault):
        Lexicon(path)
    with pytest.raises(ConfigError, match="gone"):
        Lexicon(tmp_path / "gone.toml")


def test_a_lexicon_of_ones_own_is_used(tmp_path: Path) -> None:
    path = tmp_path / "safety.toml"
    path.write_text(
        '[innocent]\nen = ["blue moon"]\n[insult]\nen = ["moon*"]\nzh = ["月亮"]\nreply = {en = "no moons", zh = "不"}',
        "utf-8",
    )
    lexicon = Lexicon(path)
    found = lexicon.find("m o o n l i g h t", ours=False)
    assert found is not None
    assert found.reply == "no moons"
    assert lexicon.find("a blue moon", ours=True) is None
    assert lexicon.find("fuck you", ours=True) is None
