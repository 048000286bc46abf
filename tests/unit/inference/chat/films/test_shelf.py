from __future__ import annotations

import random

from daemon.inference.chat.films.shelf import Shelf
from daemon.ports.films import Person
from tests.unit.inference.chat.films.film_makers import film, people

SEED = film("seed:heat-1995", title_en="Heat", title_zh="盗火线", year=1995, directors=people("Michael Mann"))
LENS = film("movielens:6", title_en="Heat", year=1995, genres=("action", "crime"))
WIKI = film("wikipedia:Heat", title_en="Heat", year=1995, directors=people("Michael Mann"), summary_en="A heist.")


def test_one_film_of_several_catalogues_stands_there_once_and_knows_what_all_know() -> None:
    shelf = Shelf.of([LENS, WIKI, SEED])
    assert [one.id for one in shelf.films] == ["seed:heat-1995"]
    assert shelf.rows == {"seed:heat-1995": 0, "movielens:6": 0, "wikipedia:Heat": 0}
    assert shelf.films[0].genres == ("action", "crime")
    assert shelf.films[0].summary_en == "A heist."
    assert shelf.films[0].title_zh == "盗火线"


def test_films_of_one_title_by_other_people_or_of_other_years_are_others() -> None:
    other = film("wikipedia:Heat_2", title_en="Heat", year=1995, directors=people("Paul Morrissey"))
    later = film("movielens:7", title_en="Heat", year=1996)
    undated = film("movielens:8", title_en="Heat")
    assert len(Shelf.of([SEED, other, later, undated]).films) == 4


def test_a_year_beside_is_the_same_film_where_its_people_are_the_same() -> None:
    beside = film("wikipedia:Heat", title_en="Heat", year=1996, directors=people("Michael Mann"))
    assert len(Shelf.of([SEED, beside]).films) == 1


def test_two_entries_of_one_catalogue_are_two_films() -> None:
    assert len(Shelf.of([LENS, film("movielens:7", title_en="Heat", year=1995)]).films) == 2


def test_the_order_in_which_films_come_changes_nothing() -> None:
    films = [
        SEED,
        WIKI,
        LENS,
        *(film(f"csv:{n}", title_en="Heat", year=1990 + n, cast=(Person(zh="甲"),)) for n in range(9)),
    ]
    whole = Shelf.of(films)
    for seed in range(5):
        random.Random(seed).shuffle(films)
        assert Shelf.of(films) == whole


def test_no_films_make_an_empty_shelf() -> None:
    assert Shelf.of([]).films == ()
