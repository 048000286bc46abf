"""A folder of MovieLens: films, and ratings as feedback of people who are nobody here.

Harper and Konstan, "The MovieLens Datasets", 2015. A title is written "Matrix, The (1999)", with other titles in
brackets before the year. Ratings go from 0.5 to 5: from LIKED on a film counts as liked, up to DISLIKED as disliked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from daemon.inference.chat.films.film_table import fault, film_table
from daemon.inference.chat.films.import_words import genres_of
from daemon.inference.chat.films.importing import MAX_NAME, YEARS, Item, Reject
from daemon.ports.films import Feedback, Film, Verdict

LIKED: Final = 4.0
DISLIKED: Final = 2.0
_YEAR: Final = re.compile(r"\((\d{4})(?:[-–]\d{0,4})?\)\s*$")
_OTHER: Final = re.compile(r"\((?:a\.k\.a\. )?([^()]+)\)\s*$")
_ARTICLE: Final = re.compile(
    r"^(.+), (The|A|An|Le|La|Les|L'|Il|Lo|El|Los|Las|Der|Die|Das|Den|Det|Un|Une|Una|O|Os|As)$", re.IGNORECASE
)


def read(path: Path) -> Iterator[Item]:
    """Yield films, then ratings as feedback; of movies.csv alone films only. Raises UnreadableFile, OSError."""
    known = set()
    for item in _films(path / "movies.csv" if path.is_dir() else path):
        if isinstance(item, Film):
            known.add(item.id)
        yield item
    ratings = path / "ratings.csv"
    if path.is_dir() and ratings.exists():
        yield from _ratings(ratings, known)


def verdict_of(rating: float) -> Verdict:
    """Return what a rating says."""
    return Verdict.LIKED if rating >= LIKED else Verdict.DISLIKED if rating <= DISLIKED else Verdict.SEEN


def _films(path: Path) -> Iterator[Film | Reject]:
    with film_table(path) as table:
        for row in table:
            reason = fault(row) or _lacking(row.record, ("movieId", "title"))
            yield Reject(path.name, row.line, reason) if reason else _film(row.record)


def _lacking(record: dict[str, str], names: tuple[str, ...]) -> str:
    missing = next((name for name in names if not record.get(name, "").strip()), "")
    return f"no {missing}" if missing else ""


def _film(record: dict[str, str]) -> Film:
    title, year = record["title"].strip()[:MAX_NAME], None
    if (found := _YEAR.search(title)) and int(found[1]) in YEARS:
        title, year = title[: found.start()].strip(), int(found[1])
    others = []
    while (found := _OTHER.search(title)) and title[: found.start()].strip():
        others.append(_forward(found[1].strip()))
        title = title[: found.start()].strip()
    return Film(
        id=f"movielens:{record['movieId'].strip()[:MAX_NAME]}",
        title_en=_forward(title) or record["title"].strip()[:MAX_NAME],
        other_titles=tuple(others),
        year=year,
        genres=genres_of(record.get("genres", "").split("|")),
    )


def _forward(title: str) -> str:
    """Return "The Matrix" for "Matrix, The"."""
    found = _ARTICLE.match(title)
    if not found:
        return title
    return f"{found[2]}{found[1]}" if found[2].endswith("'") else f"{found[2]} {found[1]}"


def _ratings(path: Path, known: set[str]) -> Iterator[Feedback | Reject]:
    with film_table(path) as table:
        for row in table:
            reason = fault(row) or _lacking(row.record, ("userId", "movieId", "rating"))
            yield Reject(path.name, row.line, reason) if reason else _rating(path, row.line, row.record, known)


def _rating(path: Path, line: int, record: dict[str, str], known: set[str]) -> Feedback | Reject:
    film = f"movielens:{record['movieId'].strip()}"
    if film not in known:
        return Reject(path.name, line, f"the film {record['movieId'][:50]!r} is not in movies.csv")
    try:
        rating, at = float(record["rating"]), datetime.fromtimestamp(int(record.get("timestamp") or 0), UTC)
    except (ValueError, OverflowError, OSError):
        return Reject(path.name, line, "rating or timestamp is no number that can be one")
    if not 0 <= rating <= 5:
        return Reject(path.name, line, f"the rating {rating:g} is not between 0 and 5")
    person = f"movielens:{record['userId'].strip()[:MAX_NAME]}"
    return Feedback(person=person, film=film, verdict=verdict_of(rating), at=at)
