from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.inference.chat.films.names import PeopleIndex, TitleIndex, folded, title_key
from daemon.inference.chat.films.seed import seed_films
from daemon.ports.films import Person
from tests.unit.inference.chat.films.film_makers import film

FILMS = seed_films()
TITLES, PEOPLE = TitleIndex(FILMS), PeopleIndex(FILMS)
ODD = st.text(st.characters(), max_size=40)


def titles(found: tuple[int, ...]) -> set[str]:
    return {FILMS[row].title_en for row in found}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Spirited Away", {"Spirited Away"}),
        ("  spirited   AWAY!", {"Spirited Away"}),
        ("Spirted Awya", {"Spirited Away"}),
        ("千与千寻", {"Spirited Away"}),
        ("千與千尋", {"Spirited Away"}),
        ("《千与千寻》", {"Spirited Away"}),
        ("Godfather", {"The Godfather"}),
        ("amelie", {"Amélie"}),
        ("Lord of the Rings", {"The Lord of the Rings: The Fellowship of the Ring"}),
        ("指环王", {"The Lord of the Rings: The Fellowship of the Ring"}),
        ("Ringu", {"Ring"}),
        ("Parasite (2019)", {"Parasite"}),
        ("Parasite (1999)", set()),
        ("E.T.", {"E.T. the Extra-Terrestrial"}),
        ("M", {"M"}),
        ("No such film anywhere", set()),
        ("", set()),
        ("!?", set()),
        ("\ud800", set()),
        ("x" * 100_000, set()),
    ],
)
def test_titles_are_found(written: str, meant: set[str]) -> None:
    assert titles(TITLES.find(written)) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Christopher Nolan", {"christopher nolan"}),
        ("nolan", {"christopher nolan"}),
        ("Cristopher Nolan", {"christopher nolan"}),
        ("诺兰", {"christopher nolan"}),
        ("克里斯托弗·诺兰", {"christopher nolan"}),
        ("周星馳", {"stephen chow"}),
        ("Bong Joon Ho", {"bong joon ho"}),
        ("王家卫", {"wong kar wai"}),
        ("Spielburg", {"steven spielberg"}),
        ("nobody at all", set()),
        ("", set()),
        ("\ud800", set()),
    ],
)
def test_people_are_found_in_either_language_by_parts_and_misspelt(written: str, meant: set[str]) -> None:
    assert PEOPLE.find(written) == meant


def test_a_name_in_one_language_finds_films_that_have_it_in_the_other_only() -> None:
    both, english, chinese = Person(en="Stephen Chow", zh="周星驰"), Person(en="Stephen Chow"), Person(zh="周星驰")
    index = PeopleIndex([film("a:1", cast=(both,)), film("b:1", cast=(english,)), film("c:1", directors=(chinese,))])
    assert index.find("周星驰") == index.find("stephen chow") == {"stephen chow"}
    assert all(index.keys((person,)) == {"stephen chow"} for person in (both, english, chinese))


@given(ODD)
def test_any_text_finds_something_or_nothing(text: str) -> None:
    assert all(0 <= row < len(FILMS) for row in TITLES.find(text))
    assert PEOPLE.find(text) <= PEOPLE.keys([p for f in FILMS for p in (*f.directors, *f.cast)])
    assert folded(folded(text)) == folded(text)
    assert title_key(text) in folded(text)


def test_every_title_and_name_of_the_catalogue_is_found() -> None:
    for row, one in enumerate(FILMS):
        assert row in TITLES.find(one.title_en)
        assert row in TITLES.find(one.title_zh)
        for person in (*one.directors, *one.cast):
            assert PEOPLE.keys((person,)) <= PEOPLE.find(person.en)
            assert PEOPLE.keys((person,)) <= PEOPLE.find(person.zh)
