"""How a wish changes by what is said next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from daemon.inference.chat.films.suggestions import Suggestion
from daemon.inference.chat.wishes import Slots
from daemon.ports.films import Film, Person
from daemon.products.phrases import Language

#: What stands against what: naming one takes it out of the other.
_OPPOSITES: Final = {
    "genres": "not_genres", "moods": "not_moods", "people": "not_people", "countries": "not_countries",
    "like": "not_like",
}  # fmt: skip
#: Fields that have one value, first and last.
_SPANS: Final = ("years", "minutes")
_FIRST_YEAR: Final = 1880
#: People of a film that "him" and "her" mean: those in front.
_IN_FRONT: Final = 1


def merged(before: Slots, now: Slots) -> Slots:
    """Return a wish with what is named now: wanted words replace those of before, unwanted ones are added."""
    values: dict[str, Any] = {}
    for wanted, unwanted in _OPPOSITES.items():
        new, refused = getattr(now, wanted), getattr(now, unwanted)
        kept = new or getattr(before, wanted)
        against = dict.fromkeys((*getattr(before, unwanted), *refused))
        values[wanted] = tuple(word for word in kept if word not in refused)
        values[unwanted] = tuple(word for word in against if word not in new)
    return msgspec.structs.replace(
        before, **values, years=now.years or before.years, minutes=now.minutes or before.minutes
    )


def begun_anew(before: Slots, now: Slots) -> Slots:
    """Return a wish that is whole in itself, without what was unwanted before and is still not wanted now."""
    unwanted = {name: getattr(before, name) for name in _OPPOSITES.values()}
    return merged(Slots(**unwanted), now)


def news(before: Slots, now: Slots) -> Slots:
    """Return what a wish names that the one before it did not."""
    values: dict[str, Any] = {
        name: tuple(word for word in getattr(now, name) if word not in getattr(before, name))
        for pair in _OPPOSITES.items()
        for name in pair
    }
    spans = {name: getattr(now, name) for name in _SPANS if getattr(now, name) != getattr(before, name)}
    return Slots(**values, **spans)


def without_parts(wish: Slots, parts: Sequence[str]) -> Slots:
    """Return a wish without some parts of it. parts: as Suggestions.dropped names them."""
    values: dict[str, Any] = {}
    for part in parts:
        field, _, value = part.partition(":")
        if field in _SPANS:
            values[field] = None
        elif field in {"countries", "not_countries"}:
            values[field] = ()
        elif isinstance(words := values.get(field, getattr(wish, field, None)), tuple):
            values[field] = tuple(word for word in words if word != value)
    return msgspec.structs.replace(wish, **values)


def resolved(wish: Slots, shown: Sequence[Suggestion], *, newer: bool, older: bool, this_year: int) -> Slots:
    """Return a wish with "newer" and "older" as years, which they are of the films shown last.

    Where those have no years, or nothing was shown, "newer" are the last ten years, "older" those before 1990.
    """
    years = [one.film.year for one in shown if one.film.year]
    if newer:
        first = min(max(years) + 1, this_year) if years else this_year - 10
        return msgspec.structs.replace(wish, years=(first, this_year + 1))
    if older:
        last = max(min(years) - 1, _FIRST_YEAR) if years else 1989
        return msgspec.structs.replace(wish, years=(_FIRST_YEAR, last))
    return wish


def without_those_of(wish: Slots, film: Film, named: Sequence[str], language: Language) -> Slots:
    """Return a wish without those whom "not him" means: who was wished for, else the people in front of a film."""
    people = (*film.cast[:_IN_FRONT], *film.directors[:_IN_FRONT])
    names = tuple(named) or tuple(dict.fromkeys(name for one in people if (name := _name(one, language))))
    return merged(wish, Slots(not_people=names))


def _name(person: Person, language: Language) -> str:
    return (person.zh or person.en) if language == "zh" else (person.en or person.zh)
