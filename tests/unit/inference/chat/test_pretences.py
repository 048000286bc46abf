from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numpy")
pytest.importorskip("opencc")

from daemon.inference.chat.pretences import pretends
from daemon.inference.chat.retrieval import LESS_FIT, PRETENDED, Retrieval, fitness
from daemon.inference.chat.training.retrieval_index import build_index
from tests.unit.inference.chat.dialogue.talk_kit import saying, talk


@pytest.mark.parametrize(
    "text",
    ["I live in Boston", "my wife is a nurse", "I'm 24", "I have two dogs", "when I was a kid we had a car",
     "I’m a student", "I went to the beach", "我老公也这样", "我昨天刚吃的火锅", "1967年出生，五十多点。", "我是学生"],
)  # fmt: skip
def test_a_human_life_is_pretended_by_a_program_that_claims_it(text: str) -> None:
    assert pretends(text)


@pytest.mark.parametrize(
    "text",
    ["I like cats", "That sounds lovely", "How is your wife?", "You live in Boston?", "I agree", "I don't know yet",
     "my pleasure", "我也喜欢", "你老公呢？", "真不错", "我觉得可以"],
)  # fmt: skip
def test_likes_opinions_and_what_others_do_are_no_pretence(text: str) -> None:
    assert not pretends(text)


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    assert pretends(text) in {True, False}
    assert 0.0 < fitness(text, asked=True) <= fitness(text, asked=False) <= 1.0


async def test_a_reply_that_pretends_is_not_given_even_where_there_is_no_other() -> None:
    found = await talk(saying("I live in Boston with my wife")).say("where do people go in Boston?")
    assert found.source == "fallback"
    assert (await talk(saying("it rains there a lot")).say("where do people go in Boston?")).source == "retrieval"


def test_of_replies_to_the_same_the_one_that_fits_anywhere_comes_first() -> None:
    index = Retrieval(build_index([
        (["what do you do on Sundays"], "my husband cooks"), (["what do you do on Sundays"], "what do you do?"),
        (["what do you do on Sundays"], "as little as possible"),
    ]))  # fmt: skip
    found = index.candidates(["what do you do on Sundays?"], "en")
    assert [one.text for one in found] == ["as little as possible", "what do you do?", "my husband cooks"]
    assert [one.score for one in found] == [1.0, LESS_FIT, PRETENDED]
    assert fitness("why?", asked=True) == LESS_FIT
