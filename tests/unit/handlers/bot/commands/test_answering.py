"""What is a command and what is talk, for any text."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.errors import Unavailable
from daemon.forum.rooms import Quote
from daemon.handlers.bot.commands.command import Call, command
from daemon.handlers.bot.commands.memory import Recent
from daemon.handlers.bot.commands.table import BY_NAME, COMMANDS, by_name
from daemon.handlers.bot.phrases import TABLES
from tests.house import product
from tests.unit.handlers.bot.commands.team import OPERATOR, STRANGER, Team, in_trouble, team


@pytest.mark.parametrize(
    "text",
    ["status", "STATUS", " /status ", "status?", "状态", "状态！", "／状态", "ｓｔａｔｕｓ", "status now please"],
)
async def test_a_command_is_known_however_it_is_written(text: str) -> None:
    assert "products" in await (await in_trouble()).say(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "\u200b",
        "hello there",
        "what is the status",
        "状态不错啊",
        "帮助我选电影",
        "thanks!",
        "好的",
        "😀",
        "1",
    ],
)
async def test_talk_is_no_command(text: str) -> None:
    assert await (await in_trouble()).ask(text) is None


@pytest.mark.parametrize(
    ("text", "near"), [("stauts", "status"), ("incidnts minor", "incidents"), ("/silenz x y z", "silence")]
)
async def test_a_slip_gets_the_nearest_command(text: str, near: str) -> None:
    assert await (await in_trouble()).say(text) == f"I don't know '{text.split(maxsplit=1)[0]}'. Did you mean: {near}?"


async def test_what_begins_with_a_slash_is_meant_as_a_command() -> None:
    assert await (await in_trouble()).say("/qqqqqq") == "I don't know '/qqqqqq'."


@pytest.mark.parametrize("one", COMMANDS, ids=lambda one: one.names[0])
async def test_every_name_of_a_command_runs_it(one: object) -> None:
    group = await in_trouble()
    for name in (*one.names, *one.zh):  # type: ignore[attr-defined]
        assert await group.ask(name) is not None


def test_every_command_has_its_help_in_both_languages() -> None:
    for one in COMMANDS:
        english, chinese, usage, usage_zh = one.about
        assert english.isascii()
        assert not chinese.isascii()
        assert usage.startswith(one.names[0])
        assert usage_zh.startswith(one.zh[0])


def test_a_docstring_that_is_no_help_is_refused() -> None:
    async def bare(call: Call) -> str:
        """Do."""
        return call.language

    with pytest.raises(ValueError, match="expected a docstring"):
        command("bare", zh=("空",), needs=None)(bare)


def test_two_commands_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two commands are named 'status'"):
        by_name([*COMMANDS, BY_NAME["status"]])


def test_both_languages_have_the_same_phrases_with_the_same_places() -> None:
    english, chinese = TABLES["en"], TABLES["zh"]
    assert set(english) == set(chinese)
    for key, phrase in english.items():
        places = [{field for _, field, _, _ in string.Formatter().parse(p) if field} for p in (phrase, chinese[key])]
        assert places[0] == places[1], key


async def test_without_a_store_it_says_so() -> None:
    group = await in_trouble()

    async def counts() -> object:
        raise Unavailable("the store is\ngone")

    group.house.stores.incidents.counts = counts  # type: ignore[method-assign, assignment]
    assert await group.say("status") == "That cannot be done just now: the store is gone"


async def test_a_fault_of_ours_is_raised_for_the_dispatcher() -> None:
    group = await in_trouble()

    async def counts() -> object:
        raise RuntimeError("a fault")

    group.house.stores.incidents.counts = counts  # type: ignore[method-assign, assignment]
    with pytest.raises(RuntimeError):
        await group.say("status")


def test_what_is_kept_for_people_is_bounded() -> None:
    recent = Recent[int](kept=3)
    for n in range(10):
        recent.put((f"c{n % 7}", "r"), n)
    assert len(recent) == 3
    assert recent.get(("c2", "r")) == 9
    assert recent.pop(("c6", "r")) is None


_NAMES = sorted(BY_NAME)
_ARGUMENTS = st.sampled_from(["p1", "good", "2h", "rule", "all", "me", "sku", "gtin", "“", '"', "minor", "yes", "确认"])
_ANY = st.text(st.characters(exclude_categories=()), max_size=60)
_COMMANDS = st.builds(
    lambda name, words: " ".join([name, *words]), st.sampled_from(_NAMES), st.lists(_ARGUMENTS | _ANY, max_size=4)
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(_COMMANDS | _ANY, min_size=1, max_size=6), quote=st.none() | st.builds(Quote, _ANY, _ANY))
async def test_any_texts_are_answered_or_are_talk_and_never_raise(
    any_team: dict[str, Team], texts: list[str], quote: Quote | None
) -> None:
    for language, group in any_team.items():
        for text in texts:
            for who in (OPERATOR, STRANGER):
                answer = await group.ask(text, who, quote=quote)
                assert answer is None or _fit_to_be_sent(answer), (language, text, answer)


def _fit_to_be_sent(answer: str) -> bool:
    answer.encode()
    lines = answer.split("\n")
    return bool(answer.strip()) and all(unicodedata.category(c) not in {"Cc", "Cs"} for line in lines for c in line)


@pytest.fixture
async def any_team() -> dict[str, Team]:
    return {language: await in_trouble(language) for language in ("en", "zh")}


async def test_a_text_of_any_length_is_answered() -> None:
    group = team("zh")
    await group.shop(product("p1", None))
    for text in ("接手 " + "k" * 200_000, "关闭 p1 " + "长" * 200_000, "商品 " + "“" * 200_000, "x" * 200_000):
        answer = await group.ask(text)
        assert answer is None or len(answer) < 500
    assert len((await group.incident("p1")).reason) == 500
