"""Titles and people found by name: in either language and script, by a part of the name, and misspelt."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

from daemon.inference.chat.normalisation import simplified
from daemon.ports.films import Film, Person

#: Characters of a name that are looked at.
LONGEST: Final = 200
#: Similarity, of 100, from which a misspelt name is taken for a known one.
CLOSE: Final = 84.0
_FEWEST_FOR_SPELLING: Final = 4
_FEWEST_FOR_PART: Final = 5
_PARTS: Final = re.compile(r"[^\W_]+")
_ARTICLE: Final = re.compile(r"^(?:the|an|a|le|la|les|el|il|der|die|das) (?=.)")
_YEAR: Final = re.compile(r"[(（]\s*((?:18|19|20)\d\d)\s*[)）]\s*$")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")


def folded(text: str) -> str:
    """Return a name without case, accents, marks and, in Chinese, differences of script; "" where nothing is left."""
    text = text[:LONGEST].encode("utf-8", "ignore").decode()
    if _HAN.search(text):
        text = simplified(text)
    plain = unicodedata.normalize("NFKD", text.replace("&", " and ").replace("'", "").replace("’", "")).casefold()
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(_PARTS.findall(letters))


def title_key(title: str) -> str:
    """Return a title as it is compared: folded, and without the article that it begins with."""
    return _ARTICLE.sub("", folded(title))


def titles_of(film: Film) -> list[str]:
    """Return every title of a film."""
    return [title for title in (film.title_en, film.title_zh, *film.other_titles) if title]


class TitleIndex:
    """Finds films by title. films: in rows, which are what is found."""

    def __init__(self, films: Sequence[Film]) -> None:
        rows: defaultdict[str, list[int]] = defaultdict(list)
        for row, film in enumerate(films):
            for key in {title_key(title) for title in titles_of(film)} - {""}:
                rows[key].append(row)
        self._rows: Mapping[str, list[int]] = rows
        self._keys = sorted(rows)
        self._years = [film.year for film in films]

    def exactly(self, title: str) -> tuple[int, ...]:
        """Return the rows of films of a title that is neither misspelt nor only begun."""
        return tuple(self._rows.get(title_key(title), ()))

    def find(self, title: str) -> tuple[int, ...]:
        """Return the rows of films of a title, which may be misspelt, begun only, or have its year behind it."""
        year = _YEAR.search(title[-LONGEST:])
        named = title[: -len(year[0])] if year else title
        rows = self._named(title_key(named))
        return tuple(row for row in rows if self._years[row] == int(year[1])) if year else rows

    def _named(self, key: str) -> tuple[int, ...]:
        if not key:
            return ()
        if key in self._rows:
            return tuple(self._rows[key])
        if begun := self._begun(key):
            return begun
        return tuple(sorted({row for near in _nearest(key, self._keys) for row in self._rows[near]}))

    def _begun(self, key: str) -> tuple[int, ...]:
        if len(key) < (2 if _HAN.search(key) else _FEWEST_FOR_PART):
            return ()
        start = f"{key} "
        place = bisect_left(self._keys, start)
        found = takewhile(lambda known: known.startswith(start), self._keys[place:])
        return tuple(sorted({row for known in found for row in self._rows[known]}))


class PeopleIndex:
    """Finds those who made films. Somebody's name in one language finds also films that have it in the other only."""

    def __init__(self, films: Sequence[Film]) -> None:
        everybody = {person for film in films for person in (*film.directors, *film.cast)}
        english: defaultdict[str, set[str]] = defaultdict(set)
        for person in everybody:
            if person.en and person.zh:
                english[folded(person.zh)].add(folded(person.en))
        self._keys = {person: _keys_of(person, english) for person in everybody}
        self._named: defaultdict[str, set[str]] = defaultdict(set)
        for person, keys in self._keys.items():
            for name in {folded(person.en), folded(person.zh)} - {""}:
                self._named[name] |= keys
        self._names = sorted(self._named)
        self._by_part: defaultdict[str, set[str]] = defaultdict(set)
        for name in self._names:
            for part in name.split():
                self._by_part[part].add(name)
        self._parts = sorted(self._by_part)

    def keys(self, people: Iterable[Person]) -> frozenset[str]:
        """Return what people are known by here."""
        return frozenset(key for person in people for key in self._keys.get(person, ()))

    def find(self, name: str) -> frozenset[str]:
        """Return the keys of those whom a name may mean: the whole name, parts of it, or one close to it."""
        key = folded(name)
        if not key:
            return frozenset()
        names = {key} if key in self._named else self._having(key.split()) or set(_nearest(key, self._names))
        names = names or self._misspelt_part(key)
        return frozenset(found for one in names for found in self._named[one])

    def _having(self, parts: list[str]) -> set[str]:
        return set.intersection(*(self._by_part.get(part, set()) for part in parts))

    def _misspelt_part(self, key: str) -> set[str]:
        if " " in key:
            return set()
        return {name for part in _nearest(key, self._parts) for name in self._by_part[part]}


def _keys_of(person: Person, english: Mapping[str, set[str]]) -> frozenset[str]:
    if person.en:
        return frozenset({folded(person.en)} - {""})
    name = folded(person.zh)
    return frozenset((english.get(name) or {name}) - {""})


def _nearest(key: str, keys: Sequence[str]) -> list[str]:
    """Return the known names that are closest to one, all that are equally close; none where none is close."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 of the extra "chat"

    if len(key) < _FEWEST_FOR_SPELLING:
        return []
    found: list[Any] = process.extract(key, keys, scorer=fuzz.ratio, score_cutoff=CLOSE, limit=8)
    return [near for near, score, _ in found if score == found[0][1]]
