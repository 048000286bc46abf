"""What other catalogues call things, in our words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from daemon.inference.chat.films.words import country_word
from daemon.inference.chat.wishes import GENRES, MOODS

_FILE: Final = "import_words.toml"
_CODE: Final = re.compile(r"[A-Z]{2}")
_FIRST_SENTENCE: Final = 200


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads((files("daemon.inference.chat.films") / _FILE).read_text(encoding="utf-8"))


def genres_of(words: Iterable[str]) -> tuple[str, ...]:
    """Return what we call genres; those that we have no word for are left out."""
    known = _words()["genres"]
    found = dict.fromkeys(ours for word in words for ours in known.get(word.strip().lower().removesuffix("片"), ()))
    direct = [word.strip().lower().replace(" ", "_") for word in words]
    return tuple(found | dict.fromkeys(word for word in direct if word in GENRES))


def moods_of_words(words: Iterable[str]) -> tuple[str, ...]:
    """Return moods; other words are left out."""
    return tuple(dict.fromkeys(word.strip().lower() for word in words if word.strip().lower() in MOODS))


def countries_of(words: Iterable[str]) -> tuple[str, ...]:
    """Return ISO 3166 codes of countries by code, adjective or name in English or Chinese; unknown ones left out."""
    found = (_country(word.strip()) for word in words)
    return tuple(dict.fromkeys(code for code in found if code))


def countries_in(text: str) -> tuple[str, ...]:
    """Return the countries whose adjectives stand in the first sentence of an article, in their order."""
    start = re.split(r"\.\s", text[:_FIRST_SENTENCE].lower(), maxsplit=1)[0]
    before = start.partition(" film")[0]
    placed = ((found.start(), code) for word, code in _words()["adjectives"].items() if (found := _word(word, before)))
    return tuple(dict.fromkeys(code for _, code in sorted(placed)))


def column_of(header: str) -> str:
    """Return the field that a header of a table means, "" for none."""
    return str(_words()["columns"].get(header.strip().lower(), ""))


def known_columns() -> Iterable[str]:
    """Return the headers that are known."""
    return tuple(_words()["columns"])


def _word(word: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", text)


def _country(word: str) -> str:
    if _CODE.fullmatch(word):
        return word
    return _names().get(word.lower(), "") or str(_words()["adjectives"].get(word.lower(), ""))


@cache
def _names() -> Mapping[str, str]:
    from babel import Locale  # noqa: PLC0415 slow to import

    names = {
        "usa": "US",
        "u.s.": "US",
        "uk": "GB",
        "south korea": "KR",
        "中国大陆": "CN",
        "中国香港": "HK",
        "中国台湾": "TW",
    }
    for language in ("en", "zh"):
        for code, name in Locale(language).territories.items():
            if _CODE.fullmatch(code):
                names[str(name).lower()] = code
                names[country_word(code, "zh" if language == "zh" else "en").lower().removeprefix("the ")] = code
    return names
