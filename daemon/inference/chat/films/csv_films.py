"""Films from CSV with headers: title and, if they are there, year, genres, countries, directors, cast and more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from daemon.errors import UnreadableFile
from daemon.inference.chat.films.film_table import fault, film_table
from daemon.inference.chat.films.import_words import column_of, countries_of, genres_of, moods_of_words
from daemon.inference.chat.films.importing import MAX_ITEMS, MAX_NAME, MAX_SUMMARY, YEARS, Item, Reject
from daemon.inference.chat.films.names import folded
from daemon.ports.films import Film, Person

_LIST: Final = re.compile(r"\s*[|;,/、，；]\s*")
_NAMES: Final = re.compile(r"\s*[|;,、，；]\s*")
_YEAR: Final = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_NUMBER: Final = re.compile(r"\d{1,4}")
_RATINGS: Final = "; ratings of MovieLens are read with their films: give the folder that holds both"
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_SCRIPTS: Final = re.compile(r"^([\u3400-\u9fff·・]+)\s+([^\u3400-\u9fff]+)$")


def read(path: Path) -> Iterator[Item]:
    """Yield the films of a table. Raises UnreadableFile when no column holds titles, OSError."""
    with film_table(path) as table:
        fields = {column: field for column in table.columns if (field := column_of(column))}
        if not {"title", "title_en", "title_zh"} & set(fields.values()):
            shown = ", ".join(table.columns)[:300]
            raise UnreadableFile(
                f"{path}: no column holds titles ({shown}); a header such as title,year,genres is needed"
                f"{_RATINGS if 'rating' in shown else ''}"
            )
        for row in table:
            record = {field: " ".join(row.record.get(column, "").split()) for column, field in fields.items()}
            reason = fault(row) or _fault(record)
            yield Reject(path.name, row.line, reason) if reason else _film(record)


def _fault(record: Mapping[str, str]) -> str:
    if not any(record.get(name) for name in ("title", "title_en", "title_zh")):
        return "no title"
    written = record.get("year", "")
    if written and _year(written) is None:
        return f"the year {written[:50]!r} is none of films"
    return ""


def _year(written: str) -> int | None:
    found = _YEAR.search(written)
    return int(found[1]) if found and int(found[1]) in YEARS else None


def _film(record: Mapping[str, str]) -> Film:
    title, year = record.get("title", "")[:MAX_NAME], _year(record.get("year", ""))
    is_chinese = bool(_HAN.search(title))
    english = record.get("title_en", "")[:MAX_NAME] or ("" if is_chinese else title)
    chinese = record.get("title_zh", "")[:MAX_NAME] or (title if is_chinese else "")
    name = record.get("id") or f"{folded(english or chinese).replace(' ', '-') or english or chinese}-{year or ''}"
    minutes = _NUMBER.search(record.get("minutes", ""))
    summary = record.get("summary", "")
    return Film(
        id=f"csv:{name[:MAX_NAME]}",
        title_en=english,
        title_zh=chinese,
        other_titles=(title,) if title and title not in {english, chinese} else (),
        year=year,
        genres=genres_of(_split(_LIST, record, "genres")),
        moods=moods_of_words(_split(_LIST, record, "moods")),
        countries=countries_of(_split(_LIST, record, "countries")),
        directors=_people(_split(_NAMES, record, "directors")),
        cast=_people(_split(_NAMES, record, "cast")),
        summary_en=(record.get("summary_en") or ("" if _HAN.search(summary) else summary))[:MAX_SUMMARY],
        summary_zh=(record.get("summary_zh") or (summary if _HAN.search(summary) else ""))[:MAX_SUMMARY],
        minutes=int(minutes[0]) if minutes else None,
    )


def _split(marks: re.Pattern[str], record: Mapping[str, str], field: str) -> list[str]:
    return [part for part in marks.split(record.get(field, "").strip()) if part][:MAX_ITEMS]


def _people(names: list[str]) -> tuple[Person, ...]:
    return tuple(map(_person, (name[:MAX_NAME] for name in names)))


def _person(name: str) -> Person:
    """Return somebody named "宫崎骏 Hayao Miyazaki", "Hayao Miyazaki/宫崎骏", or in one language."""
    parts = [part.strip() for part in name.split("/") if part.strip()]
    if both := _SCRIPTS.match(name):
        parts = [both[1], both[2]]
    chinese = next((part for part in parts if _HAN.search(part)), "")
    return Person(en=next((part for part in parts if not _HAN.search(part)), ""), zh=chinese)
