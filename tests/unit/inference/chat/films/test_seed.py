"""The catalogue that ships: whole, balanced, and right where a public catalogue can tell."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from daemon.inference.chat.films.import_words import genres_of
from daemon.inference.chat.films.names import title_key, titles_of
from daemon.inference.chat.films.seed import seed_films
from daemon.inference.chat.wishes import GENRES, MOODS

WIKIPEDIA = Path(__file__).parents[5] / ".." / "shared" / "data" / "chat" / "movies" / "wikipedia"
FILMS = seed_films()
HAN = re.compile("[\u3400-\u9fff]")
#: Where nobody speaks.
WITHOUT_CAST = {"seed:flow-2024"}
#: Where that catalogue has a remake's or a dubbing's voices, or names only some of the leads.
OTHER_CASTS = {"seed:grave-of-the-fireflies-1988", "seed:march-of-the-penguins-2005"}


def test_there_are_enough_films_and_each_once() -> None:
    assert len(FILMS) >= 200
    assert len({film.id for film in FILMS}) == len(FILMS)
    assert len({(title_key(film.title_en), film.year) for film in FILMS}) == len(FILMS)
    assert len({film.title_zh for film in FILMS}) == len(FILMS)


@pytest.mark.parametrize("film", FILMS, ids=lambda film: film.id)
def test_every_film_is_whole_in_both_languages(film: Any) -> None:
    assert re.fullmatch(r"seed:[a-z0-9]+(-[a-z0-9]+)*-\d{4}", film.id)
    assert film.title_en
    assert film.title_zh
    assert 1930 <= film.year <= 2026
    assert set(film.genres) <= set(GENRES)
    assert set(film.moods) <= set(MOODS)
    assert film.genres
    assert film.moods
    assert all(re.fullmatch("[A-Z]{2}", country) for country in film.countries)
    assert film.countries
    assert film.directors
    assert 1 <= len(film.cast) <= 4 or film.id in WITHOUT_CAST
    assert all(person.en and HAN.search(person.zh) for person in (*film.directors, *film.cast))
    assert film.summary_en.endswith(".")
    assert film.summary_zh.endswith(("。", "？"))
    assert not HAN.search(film.summary_en)
    assert film.minutes is None or 30 <= film.minutes <= 600
    for values in (film.genres, film.moods, film.countries, film.directors, film.cast):
        assert len(set(values)) == len(values)


def test_the_catalogue_is_balanced() -> None:
    genres = Counter(genre for film in FILMS for genre in film.genres)
    moods = Counter(mood for film in FILMS for mood in film.moods)
    countries = Counter(country for film in FILMS for country in film.countries)
    assert min(genres[genre] for genre in GENRES) >= 6
    assert min(genres[genre] for genre in ("animation", "children", "documentary", "family")) >= 15
    assert sum(film.year is not None and film.year >= 2020 for film in FILMS) >= 30
    assert min(moods[mood] for mood in MOODS) >= 4
    assert sum(bool({"CN", "HK", "TW"} & set(film.countries)) for film in FILMS) * 3 >= len(FILMS)
    assert min(countries[country] for country in ("CN", "HK", "TW", "US", "GB", "FR", "JP", "KR", "IN", "IR")) >= 4
    assert sum(bool({"SN", "ML", "ZA", "MR", "DZ"} & set(film.countries)) for film in FILMS) >= 4
    assert sum(bool({"BR", "MX", "AR", "CU"} & set(film.countries)) for film in FILMS) >= 4
    assert min(Counter(film.year // 10 for film in FILMS if film.year).values()) >= 10


def test_a_person_has_one_chinese_name() -> None:
    chinese: defaultdict[str, set[str]] = defaultdict(set)
    for film in FILMS:
        for person in (*film.directors, *film.cast):
            chinese[person.en].add(person.zh)
    namesakes = {"Zhang Lei"}
    assert {name: written for name, written in chinese.items() if len(written) > 1 and name not in namesakes} == {}


def test_facts_agree_with_a_public_catalogue() -> None:
    if not WIKIPEDIA.is_dir():
        pytest.skip(f"no {WIKIPEDIA}")
    entries: defaultdict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(WIKIPEDIA.glob("*.json")):
        for entry in json.loads(path.read_bytes()):
            entries[title_key(entry["title"]), entry["year"]].append(entry)
    pairs = [(film, entries[title_key(title), film.year or 0]) for film in FILMS for title in titles_of(film)]
    compared = [(film, found[0]) for film, found in pairs if found]
    assert len(compared) >= 80
    assert [fault for film, entry in compared if (fault := _fault(film, entry))] == []


def _fault(film: Any, entry: dict[str, Any]) -> str:
    """Return what does not agree: directors by their last names, one of the cast, one of the genres."""
    article = _plain(f"{entry.get('extract', '')} {'; '.join(entry['cast'])}")
    told = "directed by" in article
    if told and not any(_plain(person.en).split()[-1] in article for person in film.directors):
        return f"{film.id}: {film.directors[0].en}"
    agrees = not entry["cast"] or any(_plain(person.en).split()[-1] in article for person in film.cast)
    if not agrees and film.id not in OTHER_CASTS:
        return f"{film.id}: {[person.en for person in film.cast]}, there {entry['cast']}"
    theirs = set(genres_of(entry["genres"]))
    return f"{film.id}: {film.genres}, there {theirs}" if theirs and not theirs & set(film.genres) else ""


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))
