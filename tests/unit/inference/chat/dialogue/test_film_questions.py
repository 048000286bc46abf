"""Questions about films that were shown: known in any form, answered from the facts, never taken for wishes."""

from __future__ import annotations

import pytest

from daemon.inference.chat.dialogue.film_facts import facts_told
from daemon.inference.chat.dialogue.film_questions import LONGEST, Question, question_in, titles_asked_about
from daemon.inference.chat.films.seed import seed_films
from daemon.inference.chat.loading import slots_in
from daemon.inference.chat.wishes import Slots
from daemon.ports.films import Film
from daemon.products.phrases import Language
from tests.unit.inference.chat.films.film_makers import film

BY_ID = {one.id.removeprefix("seed:"): one for one in seed_films()}
SHOWN = [BY_ID["spirited-away-2001"], BY_ID["crouching-tiger-hidden-dragon-2000"], BY_ID["up-2009"]]
ALL = ()
FIRST, SECOND, THIRD = ((one,) for one in SHOWN)


@pytest.mark.parametrize(("text", "kinds", "films"), [
    ("who is in it?", "cast", ALL), ("Who's in the second one?", "cast", SECOND), ("who plays in Up", "cast", THIRD),
    ("and who stars in that one?", "cast", ALL), ("谁演的？", "cast", ALL), ("第二部谁演的", "cast", SECOND),
    ("《千与千寻》的主演都有谁？", "cast", FIRST), ("那部有谁演的呀", "cast", ALL),
    ("who directed it?", "director", ALL), ("the third one, who directed it?", "director", THIRD),
    ("who is the director of Crouching Tiger, Hidden Dragon?", "director", SECOND), ("导演是谁", "director", ALL),
    ("卧虎藏龙是谁导演的？", "director", SECOND), ("请问第一部是谁拍的", "director", FIRST),
    ("what is the second one about?", "about", SECOND), ("what's it about", "about", ALL),
    ("tell me more about the last one", "about", THIRD), ("第二部讲什么的?", "about", SECOND),
    ("第1部讲的是什么故事", "about", FIRST), ("剧情是什么", "about", ALL), ("千与千寻讲的是什么", "about", FIRST),
    ("when was it made?", "year", ALL), ("what year is the first one from", "year", FIRST), ("哪年的？", "year", ALL),
    ("第一部是什么时候拍的", "year", FIRST), ("how old is it", "year", ALL),
    ("how long is it?", "minutes", ALL), ("How long is Up?", "minutes", THIRD), ("多长？", "minutes", ALL),
    ("第三部片长多少", "minutes", THIRD), ("which country is it from", "country", ALL), ("哪国的", "country", ALL),
    ("what genre is it", "genre", ALL), ("什么类型的", "genre", ALL), ("英文名叫什么", "title", ALL),
    ("is the first one ok for kids?", "kids", FIRST), ("适合孩子看吗", "kids", ALL),
    ("can my kids watch it", "kids", ALL),
    ("is it any good?", "opinion", ALL), ("have you seen it?", "opinion", ALL), ("好看吗", "opinion", ALL),
    ("where can I watch it?", "where", ALL), ("哪里能看", "where", ALL), ("is it on netflix", "where", ALL),
    ("when was it made and who directed it?", "year director", ALL), ("谁演的？讲什么的？", "cast about", ALL),
    ("is it scary?", "asked", ALL), ("is the second one a comedy", "asked", SECOND), ("恐怖吗", "asked", ALL),
])  # fmt: skip
def test_a_question_is_known_for_what_it_asks_and_of_which_film(text: str, kinds: str, films: tuple[Film, ...]) -> None:
    question = question_in(text, SHOWN, slots_in)
    assert question is not None
    assert (question.kinds, question.films) == (tuple(kinds.split()), films)


@pytest.mark.parametrize("text", [
    "newer", "another one", "more", "the second one", "seen it", "not him", "less dark", "longer", "from Korea",
    "thanks",
    "is there anything longer?", "recommend a film about war", "who are you?", "what is the weather like?",
    "how are you",
    "how long have you been here", "what are you up to", "something scary", "I like it", "Up", "what about a comedy?",
    "when do you go to bed", "where do you live", "换一个", "看过了", "有喜剧吗", "有没有韩国的", "想看恐怖片",
    "太长了", "换个导演",
    "不要成龙的", "有刘德华主演的吗", "有什么讲战争的电影", "要新一点的", "你是谁", "今天怎么这么冷", "第二部",
    "就看第一部", "能推荐喜剧片吗",
    "", "?!", "it", "who is in it? " * 20,
])  # fmt: skip
def test_what_is_said_of_films_without_asking_is_no_question(text: str) -> None:
    assert question_in(text, SHOWN, slots_in) is None


def test_long_texts_of_nothing_but_beginnings_of_questions_take_no_time() -> None:
    for words in ("so and but ", "请问那你知道告诉我", "it the of ", "it "):
        assert question_in((words * LONGEST)[:LONGEST], SHOWN, slots_in) is None


@pytest.mark.parametrize(("text", "title", "among_films"), [
    ("who directed Casablanca?", "casablanca", False), ("《卡萨布兰卡》是谁导演的", "卡萨布兰卡", False),
    ("卡萨布兰卡是谁导演的？", "卡萨布兰卡", False), ("what is the movie Casablanca about", "casablanca", False),
    ("how long is Casablanca", "casablanca", True), ("卡萨布兰卡讲什么的", "卡萨布兰卡", True),
])  # fmt: skip
def test_titles_are_found_in_questions(text: str, title: str, *, among_films: bool) -> None:
    assert title in titles_asked_about(text, among_films=among_films)


def test_without_films_being_talked_about_only_plain_questions_about_films_name_titles() -> None:
    assert list(titles_asked_about("how long is dinner?", among_films=False)) == []
    assert list(titles_asked_about("what is love about", among_films=False)) == []


@pytest.mark.parametrize(("kind", "en", "zh"), [
    ("cast", "Up: with Ed Asner and Christopher Plummer.", "《飞屋环游记》：爱德华·阿斯纳、克里斯托弗·普卢默主演。"),
    ("director", "Up: directed by Pete Docter.", "《飞屋环游记》：导演是彼特·道格特。"),
    ("year", "Up: from 2009.", "《飞屋环游记》：2009年的。"),
    ("minutes", "Up: 96 minutes (1 h 36 min).", "《飞屋环游记》：96分钟（1小时36分）。"),
    ("country", "Up: from the United States.", "《飞屋环游记》：美国的。"),
    ("title", 'Up: also called "飞屋环游记".', "《飞屋环游记》：又名《Up》。"),
    ("kids", "Up: yes, it is a children's film.", "《飞屋环游记》：适合，是儿童片。"),
])  # fmt: skip
def test_facts_are_told_in_both_languages(kind: str, en: str, zh: str) -> None:
    question = Question((kind,), (), Slots())
    assert [facts_told(question, THIRD, "en"), facts_told(question, THIRD, "zh")] == [en, zh]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_not_known_is_said_to_be_so_and_nothing_is_made_up(language: Language) -> None:
    bare = film("csv:1", title_en="Nothing Known", title_zh="一无所知")
    for kind in ("cast", "director", "about", "year", "minutes", "country", "genre"):
        told = facts_told(Question((kind,), (), Slots()), [bare], language)
        assert ("I " in told) if language == "en" else ("没有记录" in told)
        assert "None" not in told
    assert facts_told(Question(("asked",), (), Slots(moods=("sad",))), [bare], language)
    assert facts_told(Question(("kids",), (), Slots()), [bare], language)


def test_whether_a_film_is_something_is_told_with_what_it_is() -> None:
    horror, sad = (
        Question(("asked",), (), Slots(genres=("horror",))),
        Question(("asked",), (), Slots(moods=("moving",))),
    )
    assert facts_told(horror, [BY_ID["alien-1979"]], "en") == "Alien: yes, a horror film."
    assert "not that I know" in facts_told(horror, [BY_ID["roman-holiday-1953"]], "en")
    assert facts_told(sad, [BY_ID["roman-holiday-1953"]], "zh").startswith("《罗马假日》：")
    grim = facts_told(Question(("kids",), (), Slots()), [BY_ID["alien-1979"], BY_ID["the-godfather-1972"]], "en")
    assert grim.startswith("1. Alien: rather not: it is ")
    assert "\n2. The Godfather: rather not: it is " in grim
