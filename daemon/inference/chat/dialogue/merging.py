"""How a wish changes by what is said next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from daemon.inference.chat.films.suggestions import Suggestion
from daemon.inference.chat.wishes import Slots
from daemon.ports.films import Film, Person

#: What stands against what: naming one takes it out of the other.
_OPPOSITES: Final = {
    "genres": "not_genres", "moods": "not_moods", "people": "not_people", "countries": "not_countries",
    "like": "not_like",
}  # fmt: skip
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
    return msgspec.structs.replace(before, **values, years=now.years or before.years)


def begun_anew(before: Slots, now: Slots) -> Slots:
    """Return a wish that is whole in itself, without what was unwanted before and is still not wanted now."""
    unwanted = {name: getattr(before, name) for name in _OPPOSITES.values()}
    return merged(Slots(**unwanted), now)


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


def without_those_of(wish: Slots, film: Film) -> Slots:
    """Return a wish without the people in front of a film, whom "not him" means."""
    people = (*film.cast[:_IN_FRONT], *film.directors[:_IN_FRONT])
    return merged(wish, Slots(not_people=tuple(dict.fromkeys(name for one in people if (name := _name(one))))))


def _name(person: Person) -> str:
    return person.en or person.zh
