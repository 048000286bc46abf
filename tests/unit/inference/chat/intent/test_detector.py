import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.inference.chat.intent.detector import detect
from daemon.inference.chat.intent.rules import RULES
from daemon.inference.chat.wishes import GENRES, MOODS, Slots

WORDS = (  # noqa: SIM905 a list of them would take a page
    "recommend movie film movies the a any good not don't I you want to watch what which is like Inception "
    "《盗梦空间》 推荐 电影 片 想 看 不 的 有 什么 恐怖 好看 吗 了 昨天 90s 2019 , . ? “ 👻 \ud800 \x00 ' \" _ -"
).split(" ")


@pytest.mark.parametrize("text", ["", " ", "\n", "\x00", "\ud800", "👻", "？？？", "___", "'", "\u200d", "٣"])
def test_what_says_nothing_wishes_for_nothing(text: str) -> None:
    found = detect(text)

    assert found.label == "not"
    assert found.slots == Slots()


@given(st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join) | st.lists(st.sampled_from(WORDS)).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_text_has_one_of_three_outcomes_by_a_rule_with_words_of_the_wishes(text: str) -> None:
    found = detect(text)

    assert found.label in {"recommend", "not", "unsure"}
    assert found.rule in {rule.name for rule in RULES} | {
        "nothing_said",
        "no_film",
        "wish_and_film_apart",
        "film_asked_for_in_pieces",
        "other_thing_wished_for",
    }
    assert set(found.slots.genres + found.slots.not_genres) <= set(GENRES)
    assert set(found.slots.moods + found.slots.not_moods) <= set(MOODS)
    assert detect(text) == found


@pytest.mark.parametrize(
    "piece",
    [
        "good ",
        "来点",
        "what ",
        " the",
        "one of ",
        "想看电影",
        "不",
        "no movie ",
        "《",
        '"a',
        "a'",
        "x",
        "Aa ",
        "的电影",
        "\u0301",
        "a-",
    ],
)
def test_a_huge_text_has_an_answer(piece: str) -> None:
    assert detect(piece * (100_000 // len(piece))).label in {"recommend", "not", "unsure"}


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        (
            "a sci-fi movie by Christopher Nolan, please",
            Slots(genres=("science_fiction",), people=("Christopher Nolan",)),
        ),
        ("any good films with Jane Unheardof?", Slots(people=("Jane Unheardof",))),
        ("movies like The Grand Tour of Mars", Slots(like=("The Grand Tour of Mars",))),
        ('recommend me a film like "the long way"', Slots(like=("the long way",))),
        ("french comedies from the eighties", Slots(genres=("comedy",), countries=("FR",), years=(1980, 1989))),
        ("movies between 1990 and 1995", Slots(years=(1990, 1995))),
        ("a movie before 1970, not horror", Slots(years=(1880, 1970), not_genres=("horror",))),
        ("I want a film without violence", Slots(not_moods=("violent",))),
        ("something newer, I've already seen it", Slots(newer=True, seen=True)),
        ("not something for kids", Slots(not_genres=("children",))),
        ("seen it, no kids stuff please", Slots(not_genres=("children",), seen=True)),
        ("a film that isn't for children", Slots(not_genres=("children",))),
        ("a film not too long for my kids", Slots()),
        ("不要给小孩看的", Slots(not_genres=("children",))),
        ("不要太长的,给小孩看的", Slots()),
        ("推荐几部周星驰的喜剧片", Slots(genres=("comedy",), people=("周星驰",))),
        ("想看陈大文导演的电影", Slots(people=("陈大文",))),
        ("除了恐怖片都可以,推荐部电影", Slots(not_genres=("horror",))),
        ("有没有跟《大鱼》差不多的电影", Slots(like=("大鱼",))),
        ("80年代的法国爱情片推荐", Slots(genres=("romance",), countries=("FR",), years=(1980, 1989))),
        ("2015年以后的韩国电影有什么好看的", Slots(countries=("KR",), years=(2015, 2100))),
        ("这些都看过了,有新一点的吗", Slots(seen=True, newer=True)),
    ],
)
def test_what_a_wish_names_is_found(text: str, slots: Slots) -> None:
    assert detect(text).slots == slots


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("best films of last year", (2025, 2025)),
        ("anything good from this year?", (2026, 2026)),
        ("thrillers of the past ten years", (2016, 2026)),
        ("good movies of the last decade", (2016, 2026)),
        ("去年有什么好看的电影", (2025, 2025)),
        ("前年的悬疑片推荐几部", (2024, 2024)),
        ("近五年好看的科幻片", (2021, 2026)),
        ("movies from 1994", (1994, 1994)),
    ],
)
def test_years_are_told_from_the_year_that_it_is(text: str, years: tuple[int, int]) -> None:
    assert detect(text, this_year=2026).slots.years == years


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("something funny, but not from before 2000", (2000, 2100)),
        ("a comedy, nothing older than 1990 please", (1990, 2100)),
        ("nothing after 1980", (1880, 1980)),
        ("不要2000年以前的喜剧片", (2000, 2100)),
        ("a film not from the 80s", None),
        ("no later than 1990", (1880, 1990)),
        ("a movie from before 1960", (1880, 1960)),
    ],
)
def test_years_that_are_not_wanted_are_turned_round(text: str, years: tuple[int, int] | None) -> None:
    assert detect(text).slots.years == years
