"""Films of prust/wikipedia-movie-data: JSON lists of objects with title, year, cast, genres, href and extract."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from daemon.inference.chat.films.import_words import countries_in, genres_of
from daemon.inference.chat.films.importing import MAX_ITEMS, MAX_NAME, MAX_SUMMARY, YEARS, Item, Reject
from daemon.inference.chat.films.json_films import entries_of, files_of, plain, text_of
from daemon.inference.chat.films.names import folded
from daemon.ports.films import Film, Person

_NAME: Final = r"[A-Z][\w.'’-]*(?: (?:(?:de|da|di|del|la|van|von|der|le|al|Mc)\b|[A-Z][\w.'’-]*))*"
_DIRECTED: Final = re.compile(rf"directed by ((?:{_NAME})(?:(?:, and |, | and )(?:{_NAME}))*)")
_AND: Final = re.compile(r", and |, | and ")
_ENDS: Final = re.compile(r"(?<=\w{2})\.(?= [A-Z]|$).*$")
_TWO_SENTENCES: Final = re.compile(r"^.*?[.!?](?: .*?[.!?])?(?=\s|$)", re.DOTALL)


def read(path: Path) -> Iterator[Item]:
    """Yield the films of a file, or of all JSON files of a folder. Raises UnreadableFile, OSError."""
    for file in files_of(path):
        for place, entry in enumerate(entries_of(file), start=1):
            reason = _fault(entry)
            yield Reject(file.name, place, reason) if reason else _film(entry)


def _fault(entry: Any) -> str:
    if not isinstance(entry, dict):
        return "no object"
    title, year = entry.get("title"), entry.get("year")
    if not isinstance(title, str) or not plain(title).strip():
        return "no title"
    if year is not None and (not isinstance(year, int) or isinstance(year, bool) or year not in YEARS):
        return f"the year {str(year)[:50]!r} is none of films"
    return ""


def _film(entry: Mapping[str, Any]) -> Film:
    title, extract = plain(entry["title"]).strip()[:MAX_NAME], text_of(entry.get("extract"))
    name = text_of(entry.get("href")) or f"{folded(title).replace(' ', '-')}-{entry.get('year') or ''}"
    return Film(
        id=f"wikipedia:{name[:MAX_NAME]}",
        title_en=title,
        year=entry.get("year"),
        genres=genres_of(_texts(entry.get("genres"))),
        countries=countries_in(extract),
        directors=tuple(Person(en=name) for name in directors_in(extract)),
        cast=tuple(Person(en=name[:MAX_NAME]) for name in _texts(entry.get("cast"))),
        summary_en=summary_of(extract),
    )


def directors_in(extract: str) -> tuple[str, ...]:
    """Return the names after the first "directed by" of an article."""
    found = _DIRECTED.search(extract[:MAX_SUMMARY])
    names = _AND.split(_ENDS.sub("", found[1])) if found else ()
    return tuple(name.strip(" .'’")[:MAX_NAME] for name in names if len(name) > 2)[:MAX_ITEMS]


def summary_of(extract: str) -> str:
    """Return the first two sentences of an article."""
    found = _TWO_SENTENCES.match(extract[:MAX_SUMMARY])
    return found[0] if found else extract[:MAX_SUMMARY]


def _texts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else []
    return [text for item in items[:MAX_ITEMS] if (text := text_of(item))]
