"""The films that come with the daemon, written for it, in English and Chinese."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from daemon.ports.films import Film, Person

_FOLDER: Final = "seed"
_OTHER: Final = re.compile(r"[^a-z0-9]+")


@cache
def seed_films() -> tuple[Film, ...]:
    """Return the seed catalogue in the order of ids; read once, and only when it is first asked for."""
    folder = files("daemon.inference.chat.films") / _FOLDER
    texts = [file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".toml")]
    entries = [entry for text in texts for entry in tomllib.loads(text)["films"]]
    return tuple(sorted(map(_film, entries), key=lambda film: film.id))


def _film(entry: Mapping[str, Any]) -> Film:
    """Return the film of an entry. Raises KeyError for one that lacks something that is not optional: cast, minutes."""
    english, chinese = entry["title"]
    return Film(
        id=f"seed:{_slug(english)}-{entry['year']}",
        title_en=english,
        title_zh=chinese,
        other_titles=tuple(entry.get("also", ())),
        year=entry["year"],
        genres=tuple(entry["genres"].split()),
        moods=tuple(entry["moods"].split()),
        countries=tuple(entry["countries"].split()),
        directors=_people(entry["directors"]),
        cast=_people(entry["cast"]) if "cast" in entry else (),
        summary_en=entry["en"],
        summary_zh=entry["zh"],
        minutes=entry.get("minutes"),
    )


def _people(written: str) -> tuple[Person, ...]:
    """Return people written "Name/名字, Name/名字"."""
    return tuple(_person(*(part.strip() for part in one.split("/"))) for one in written.split(", "))


def _person(english: str, chinese: str) -> Person:
    return Person(en=english, zh=chinese)


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return _OTHER.sub("-", plain.replace("'", "")).strip("-")
