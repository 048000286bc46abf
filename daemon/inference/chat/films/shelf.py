"""All films there are, each once, however many catalogues have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from daemon.inference.chat.films.names import folded, title_key, titles_of
from daemon.ports.films import Film

#: Catalogues whose word counts more, best first; all others follow in the order of their names.
SOURCES: Final = ("seed", "wikipedia", "csv", "movielens")
_FILLED: Final = (
    "title_en", "title_zh", "genres", "moods", "countries", "directors", "cast", "summary_en", "summary_zh", "minutes",
)  # fmt: skip


class Shelf(msgspec.Struct, frozen=True):
    """films: in the order of their ids. rows: place in films by id, those of other catalogues' entries included."""

    films: tuple[Film, ...]
    rows: Mapping[str, int]

    @classmethod
    def of(cls, films: Iterable[Film]) -> Shelf:
        """Put films up; those of different catalogues with a title and the year in common are one."""
        kept: dict[str, Film] = {}
        same: dict[str, str] = {}
        holders: dict[tuple[str, int], list[str]] = {}
        for film in sorted({film.id: film for film in films}.values(), key=_rank):
            keys = _keys(film)
            holder = next((held for key in _near(keys) for held in holders.get(key, ()) if _is(kept[held], film)), "")
            kept[holder or film.id] = _filled(kept[holder], film) if holder else film
            same[film.id] = holder or film.id
            for key in keys:
                holders.setdefault(key, []).append(same[film.id])
        place = {film: row for row, film in enumerate(sorted(kept))}
        return cls(tuple(kept[film] for film in place), {film: place[holder] for film, holder in same.items()})


def _source(film_id: str) -> str:
    return film_id.partition(":")[0]


def _rank(film: Film) -> tuple[int, str]:
    source = _source(film.id)
    return SOURCES.index(source) if source in SOURCES else len(SOURCES), film.id


def _keys(film: Film) -> list[tuple[str, int]]:
    if film.year is None:
        return []
    return [(key, film.year) for key in dict.fromkeys(map(title_key, titles_of(film))) if key]


def _near(keys: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return keys, then those of the years beside: catalogues count from different premieres."""
    return [*keys, *((title, year + off) for title, year in keys for off in (-1, 1))]


def _is(film: Film, other: Film) -> bool:
    """Tell whether two entries of one title may be the same film: of different catalogues, not by different people."""
    ours, others = ({folded(person.en or person.zh) for person in one.directors} for one in (film, other))
    strangers = bool(ours and others) and not ours & others
    if _source(film.id) == _source(other.id) or strangers:
        return False
    return film.year == other.year or bool(ours and others)


def _filled(film: Film, other: Film) -> Film:
    """Return a film with what it lacks taken from another entry of the same film."""
    lacks = {name: getattr(other, name) for name in _FILLED if not getattr(film, name)}
    titles = dict.fromkeys((*film.other_titles, *titles_of(other)))
    known = {film.title_en, film.title_zh}
    return msgspec.structs.replace(film, **lacks, other_titles=tuple(title for title in titles if title not in known))
