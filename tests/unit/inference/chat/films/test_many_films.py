from __future__ import annotations

import random

import pytest

from daemon.inference.chat.films.recommender import Recommender
from daemon.inference.chat.films.seed import seed_films
from daemon.inference.chat.wishes import GENRES, Slots
from daemon.ports.films import Feedback, Film, Person, Verdict
from tests.unit.inference.chat.films.film_makers import NOW

SYLLABLES = [
    "ba",
    "be",
    "bi",
    "bo",
    "bu",
    "da",
    "de",
    "di",
    "do",
    "du",
    "ka",
    "ke",
    "ki",
    "ko",
    "ku",
    "la",
    "le",
    "li",
    "lo",
    "lu",
    "ma",
    "me",
    "mi",
    "mo",
    "mu",
    "na",
    "ne",
    "ni",
    "no",
    "nu",
]


def words(drawn: random.Random, count: int) -> str:
    return " ".join("".join(drawn.choices(SYLLABLES, k=3)) for _ in range(count))


def many(count: int, drawn: random.Random) -> list[Film]:
    names = [Person(en=words(drawn, 2).title()) for _ in range(count // 4)]
    return [
        Film(
            id=f"csv:{n}", title_en=words(drawn, 3), year=drawn.randint(1920, 2025), genres=(drawn.choice(GENRES),),
            directors=(drawn.choice(names),), cast=tuple(drawn.sample(names, 4)), summary_en=words(drawn, 40),
        )
        for n in range(count)
    ]  # fmt: skip


@pytest.mark.slow
def test_films_by_the_ten_thousand_are_recommended_from_too() -> None:
    drawn = random.Random(7)
    films = [*seed_films(), *many(36_000, drawn)]
    crowd = [
        Feedback(person=f"p{n}", film=one.id, verdict=Verdict.LIKED, at=NOW)
        for n in range(3_000)
        for one in drawn.sample(films[:9_000], 30)
    ]
    recommender = Recommender.fitted(films, crowd)
    assert len(recommender.library.films) == len(films)
    director = films[300].directors[0].en
    for wish in (
        Slots(),
        Slots(genres=("war",), years=(1990, 1999)),
        Slots(people=(director,)),
        Slots(like=("千与千寻",)),
    ):
        found = recommender.recommend({said.film: said for said in crowd[:5]}, wish, "en", 5)
        assert found.films
        assert not found.dropped
        assert all(one.reason for one in found.films)
