from __future__ import annotations

import numpy as np

from daemon.inference.chat.films.content import Content
from daemon.inference.chat.films.diversity import diverse
from daemon.inference.chat.films.names import PeopleIndex
from daemon.inference.chat.steps import Floats, Ints
from tests.unit.inference.chat.films.film_makers import film, people

FILMS = [
    film("a:1", genres=("war",), directors=people("A")),
    film("a:2", genres=("war",), directors=people("A")),
    film("a:3", genres=("comedy",), directors=people("B")),
    film("a:4", genres=("comedy",), directors=people("B"), summary_en="A bakery in winter."),
    film("a:5"),
]
CONTENT = Content.fitted(FILMS, PeopleIndex(FILMS))
SCORES: Floats = np.array([1.0, 0.99, 0.9, 0.1, 0.0], dtype=np.float32)
ALL: Ints = np.arange(5, dtype=np.int64)


def test_a_film_of_another_kind_goes_before_a_better_one_of_the_same() -> None:
    assert diverse(SCORES, ALL, CONTENT, 2, 10, 0.5) == [0, 2]
    assert diverse(SCORES, ALL, CONTENT, 3, 10, 0.0) == [0, 1, 2]


def test_only_films_that_may_be_chosen_are_and_each_once() -> None:
    assert diverse(SCORES, ALL[2:], CONTENT, 9, 1, 0.5) == [2, 4, 3]
    assert diverse(SCORES, ALL[:0], CONTENT, 3, 10, 0.5) == []
    assert diverse(SCORES, ALL, CONTENT, 0, 10, 0.5) == []


def test_films_are_near_to_those_that_they_share_most_with() -> None:
    near = CONTENT.profile({0: 1.0})
    assert near[0] > 0.99
    assert near[1] > 0.99
    assert near[1] > near[2] >= 0
    assert near[4] == 0
    assert CONTENT.profile({0: -1.0})[1] < 0
    assert not CONTENT.profile({}).any()
