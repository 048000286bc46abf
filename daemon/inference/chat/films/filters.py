"""The parts of a wish that films fit or don't, and which of them are given up where no film fits all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from daemon.inference.chat.films.library import Library, Mask
from daemon.inference.chat.wishes import Slots

#: Values of one field of a wish that are looked at.
MOST: Final = 16
_FOR_CHILDREN: Final = "genres:children"


class Filter(NamedTuple):
    """One part of a wish. field: of Slots; value: as text, "" for a flag; mask: which films fit."""

    field: str
    value: str
    mask: Mask

    @property
    def name(self) -> str:
        """Return how Suggestions.dropped names it: "field:value", or the field alone."""
        return f"{self.field}:{self.value}" if self.value else self.field


class Fitting(NamedTuple):
    """mask: films that fit every kept filter; kept, dropped: the filters."""

    mask: Mask
    kept: tuple[Filter, ...]
    dropped: tuple[Filter, ...]


def filters_of(wish: Slots, library: Library, last: Sequence[int]) -> Iterator[Filter]:
    """Yield the filters of a wish, what matters most to people first. last: rows of the films that were shown last."""
    for name in wish.not_people[:MOST]:
        yield Filter("not_people", name, ~library.by_person(name))
    for genre in wish.not_genres[:MOST]:
        yield Filter("not_genres", genre, ~library.of_genre(genre))
    if wish.not_countries:
        yield Filter("not_countries", ",".join(wish.not_countries), ~library.of_countries(wish.not_countries))
    for mood in wish.not_moods[:MOST]:
        yield Filter("not_moods", mood, ~library.of_mood(mood))
    for name in wish.people[:MOST]:
        yield Filter("people", name, library.by_person(name))
    for genre in wish.genres[:MOST]:
        yield Filter("genres", genre, library.of_genre(genre))
    if wish.countries:
        yield Filter("countries", ",".join(wish.countries), library.of_countries(wish.countries))
    if wish.years is not None:
        yield Filter("years", f"{min(wish.years)}-{max(wish.years)}", library.within(wish.years))
    if wish.minutes is not None:
        yield Filter("minutes", f"{min(wish.minutes)}-{max(wish.minutes)}", library.lasting(wish.minutes))
    for mood in wish.moods[:MOST]:
        yield Filter("moods", mood, library.of_mood(mood))
    yield from _critiques(wish, library, last)


def _critiques(wish: Slots, library: Library, last: Sequence[int]) -> Iterator[Filter]:
    years = [int(library.years[row]) for row in last if library.years[row]]
    if wish.newer and years:
        yield Filter("newer", "", np.array(library.years > max(years)))
    if wish.older and years:
        yield Filter("older", "", np.array((library.years < min(years)) & (library.years > 0)))


def in_order(filters: Sequence[Filter], latest: Sequence[Filter]) -> tuple[Filter, ...]:
    """Return filters with those first that are given up last: what is not wanted, what is for children, the latest."""
    fresh = {one.name for one in latest}

    def place(one: Filter) -> tuple[bool, bool]:
        return not (one.field.startswith("not_") or one.name == _FOR_CHILDREN), one.name not in fresh

    return tuple(sorted(filters, key=place))


def all_fit(filters: Sequence[Filter]) -> Mask:
    """Return which films fit all of some filters."""
    return np.array(np.logical_and.reduce([one.mask for one in filters]))


def fitting(filters: Sequence[Filter], left: Mask) -> Fitting:
    """Return the films of `left` that fit, giving up every filter that, after those before it, no film fits.

    What is kept cannot be made more: each filter given up would leave nothing beside the kept ones before it.
    """
    mask, kept, dropped = left.copy(), [], []
    for one in filters:
        narrowed = mask & one.mask
        if narrowed.any():
            mask = narrowed
            kept.append(one)
        else:
            dropped.append(one)
    return Fitting(mask, tuple(kept), tuple(dropped))
