"""How genres, moods and countries are called, and which moods a film has."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from daemon.ports.films import Film
from daemon.products.phrases import Language

_FILE: Final = "words.toml"
#: Shorter than Unicode's names, or as people say them.
_COUNTRIES: Final = {
    "HK": ("Hong Kong", "香港"), "TW": ("Taiwan", "台湾"), "CN": ("China", "中国"), "US": ("the United States", "美国"),
    "GB": ("Britain", "英国"), "NL": ("the Netherlands", "荷兰"), "PH": ("the Philippines", "菲律宾"),
    "SU": ("the Soviet Union", "苏联"), "CZ": ("Czechia", "捷克"),
}  # fmt: skip


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Any]:
    return tomllib.loads((files("daemon.inference.chat.films") / _FILE).read_text(encoding="utf-8"))


def genre_word(genre: str, language: Language) -> str:
    """Return what films of a genre are called, in English with an article."""
    return str(_words()["genres"][genre][language == "zh"])


def mood_word(mood: str, language: Language) -> str:
    """Return an adjective."""
    return str(_words()["moods"][mood][language == "zh"])


def country_word(country: str, language: Language) -> str:
    """Return the name of a country (ISO 3166 alpha-2), its code where it has none."""
    if country in _COUNTRIES:
        return _COUNTRIES[country][language == "zh"]
    from babel import Locale  # noqa: PLC0415 slow to import

    return str(Locale(language).territories.get(country, country))


def moods_of(film: Film) -> Sequence[str]:
    """Return what a film does to people, by its catalogue, else by its genres."""
    by_genre = _words()["moods_of_genre"]
    return film.moods or tuple(dict.fromkeys(mood for genre in film.genres for mood in by_genre.get(genre, ())))
