"""The films as the recommender sees them: who and what they are, by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from daemon.inference.chat.films.names import PeopleIndex, TitleIndex
from daemon.inference.chat.films.shelf import Shelf
from daemon.inference.chat.films.words import moods_of
from daemon.ports.films import Film

Mask: TypeAlias = NDArray[np.bool_]


class Library:
    """Films with what finds them.

    years, minutes: [films], 0 where it is not known. A mask is [films], True where one fits.
    """

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.films: Sequence[Film] = shelf.films
        self.titles = TitleIndex(self.films)
        self.people = PeopleIndex(self.films)
        self.years: NDArray[np.int32] = np.array([film.year or 0 for film in self.films], dtype=np.int32)
        self.minutes: NDArray[np.int32] = np.array([film.minutes or 0 for film in self.films], dtype=np.int32)
        self._genres = self._rows_by(lambda film: film.genres)
        self._moods = self._rows_by(moods_of)
        self._countries = self._rows_by(lambda film: film.countries)
        self._people = self._rows_by(lambda film: self.people.keys((*film.directors, *film.cast)))

    def rows(self, film_ids: Iterable[str]) -> set[int]:
        """Return the rows of films by id; those that are unknown have none."""
        return {row for film in film_ids if (row := self.shelf.rows.get(film)) is not None}

    def of_genre(self, genre: str) -> Mask:
        """Return which films are of a genre."""
        return self._mask(self._genres, (genre,))

    def of_mood(self, mood: str) -> Mask:
        """Return which films do this to people."""
        return self._mask(self._moods, (mood,))

    def of_countries(self, countries: Iterable[str]) -> Mask:
        """Return which films are from any of some countries."""
        return self._mask(self._countries, countries)

    def by_person(self, name: str) -> Mask:
        """Return which films were made by, or with, whoever a name may mean."""
        return self._mask(self._people, self.people.find(name))

    def within(self, years: tuple[int, int]) -> Mask:
        """Return which films are of some years, the first and last included; one of no known year is of none."""
        first, last = max(1, min(years)), max(years)
        return np.array((self.years >= first) & (self.years <= last))

    def lasting(self, minutes: tuple[int, int]) -> Mask:
        """Return which films last so long, both bounds included; one of no known length does not."""
        return np.array((self.minutes >= max(1, min(minutes))) & (self.minutes <= max(minutes)))

    def at(self, rows: Iterable[int]) -> Mask:
        """Return the mask of some rows."""
        mask = np.zeros(len(self.films), dtype=np.bool_)
        mask[list(rows)] = True
        return mask

    def _mask(self, rows_by: dict[str, list[int]], words: Iterable[str]) -> Mask:
        return self.at(row for word in words for row in rows_by.get(word, ()))

    def _rows_by(self, words: Callable[[Film], Any]) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for row, film in enumerate(self.films):
            for word in words(film):
                rows.setdefault(word, []).append(row)
        return rows
