"""Films of vega-datasets' movies.json: a JSON list of objects with Title, Release Date, Director, Major Genre and more.

Its years had two digits once: "Dec 21 2037" is of 1937. Nothing in it is of later than 2011.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from daemon.inference.chat.films.import_words import genres_of
from daemon.inference.chat.films.importing import MAX_NAME, YEARS, Item, Reject
from daemon.inference.chat.films.json_films import entries_of, files_of, text_of
from daemon.inference.chat.films.names import folded
from daemon.ports.films import Film, Person

#: The last year that is of this century.
_LAST: Final = 2011
_MOST_MINUTES: Final = 2_000
_YEAR: Final = re.compile(r"\b(\d{4})\s*$")
_GENRES: Final = re.compile(r"/")


def read(path: Path) -> Iterator[Item]:
    """Yield the films of a file, or of all JSON files of a folder. Raises UnreadableFile, OSError."""
    for file in files_of(path):
        for place, entry in enumerate(entries_of(file), start=1):
            title = _title(entry)
            yield _film(title, entry) if title else Reject(file.name, place, "no Title")


def _title(entry: Any) -> str:
    """Return the title, which is a number where it could be taken for one, "" where there is none."""
    written = entry.get("Title") if isinstance(entry, dict) else None
    number = isinstance(written, int) and not isinstance(written, bool)
    return text_of(str(written) if number else written)[:MAX_NAME]


def _film(title: str, entry: Mapping[str, Any]) -> Film:
    year, director, minutes = _year(entry), text_of(entry.get("Director")), entry.get("Running Time min")
    known = isinstance(minutes, int) and not isinstance(minutes, bool) and 0 < minutes < _MOST_MINUTES
    return Film(
        id=f"vega:{folded(title).replace(' ', '-') or title}-{year or ''}"[:MAX_NAME],
        title_en=title,
        year=year,
        genres=genres_of(_GENRES.split(text_of(entry.get("Major Genre")))),
        directors=(Person(en=director[:MAX_NAME]),) if director else (),
        minutes=minutes if known else None,
    )


def _year(entry: Mapping[str, Any]) -> int | None:
    found = _YEAR.search(text_of(entry.get("Release Date")))
    year = int(found[1]) if found else 0
    year -= 100 if year > _LAST else 0
    return year if year in YEARS else None
