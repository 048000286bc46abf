"""How alike films are by what they are: genres, moods, people, country, decade, and the words of their summaries."""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from daemon.inference.chat.films.names import PeopleIndex
from daemon.inference.chat.films.words import moods_of
from daemon.inference.chat.steps import Floats
from daemon.ports.films import Film

#: How much each kind of feature counts; each kind is of length 1 before.
SHARES: Final[Mapping[str, float]] = {
    "genre": 1.0, "director": 0.8, "word": 0.8, "cast": 0.6, "mood": 0.5, "country": 0.4, "decade": 0.4,
}  # fmt: skip
#: A word of more than this share of all summaries says nothing.
_COMMON: Final = 0.1
_WORDS: Final = re.compile(r"[a-z]{4,}|[\u4e00-\u9fff]+")


class Content:
    """Films as vectors of length 1. matrix: scipy.sparse [films, features]."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix

    @classmethod
    def fitted(cls, films: Sequence[Film], people: PeopleIndex) -> Content:
        """Fit vectors: TF-IDF of every kind of feature (Salton and Buckley 1988), each kind weighted by SHARES."""
        from scipy import sparse  # noqa: PLC0415 of the extra "chat"

        blocks = [share * _block(films, people, kind) for kind, share in SHARES.items()]
        return cls(_unit(sparse.hstack(blocks, format="csr")))

    def profile(self, weights: Mapping[int, float]) -> Floats:
        """Return how near all films are, from -1 to 1, to the weighted sum of some, by row."""
        rows = sorted(weights)
        if not rows:
            return np.zeros(self.matrix.shape[0], dtype=np.float32)
        wanted = self.matrix[rows].T @ np.array([weights[row] for row in rows], dtype=np.float32)
        length = float(np.linalg.norm(wanted))
        near: Floats = self.matrix @ (wanted / length if length else wanted)
        return near

    def among(self, rows: Sequence[int]) -> Floats:
        """Return how alike some films are: [rows, rows], from 0 to 1."""
        chosen = self.matrix[list(rows)]
        alike: Floats = (chosen @ chosen.T).toarray()
        return alike


def _block(films: Sequence[Film], people: PeopleIndex, kind: str) -> Any:
    """Return the vectors of one kind of feature, each of length 1 or 0."""
    from scipy import sparse  # noqa: PLC0415 of the extra "chat"

    spread = Counter(feature for film in films for feature in set(_features(film, people, kind)))
    most = max(2.0, _COMMON * len(films)) if kind == "word" else math.inf
    fewest = 2 if kind == "word" else 1
    telling = sorted(feature for feature, holders in spread.items() if fewest <= holders < most)
    columns = {feature: place for place, feature in enumerate(telling)}
    rareness = [math.log(1 + len(films) / spread[feature]) for feature in telling]
    rows, places, values = array("q"), array("q"), array("f")  # of plain numbers: summaries have millions of words
    for row, film in enumerate(films):
        counts = Counter(columns[feature] for feature in _features(film, people, kind) if feature in columns)
        for place in sorted(counts):
            rows.append(row)
            places.append(place)
            values.append((1 + math.log(counts[place])) * rareness[place])
    shape = (len(films), max(1, len(columns)))
    return _unit(
        sparse.csr_matrix((np.frombuffer(values, np.float32), (np.asarray(rows), np.asarray(places))), shape=shape)
    )


def _features(film: Film, people: PeopleIndex, kind: str) -> Iterator[str]:
    if kind == "genre":
        yield from film.genres
    elif kind == "mood":
        yield from moods_of(film)
    elif kind == "country":
        yield from film.countries
    elif kind == "director":
        yield from people.keys(film.directors)
    elif kind == "cast":
        yield from people.keys(film.cast)
    elif kind == "decade":
        yield from () if film.year is None else (str(film.year // 10),)
    else:
        yield from _summary_words(f"{film.summary_en} {film.summary_zh}")


def _summary_words(summary: str) -> Iterator[str]:
    """Yield words of Latin letters, and pairs of Chinese characters."""
    for run in _WORDS.findall(summary[:2_000].lower()):
        if run.isascii():
            yield run
        else:
            yield from (run[place : place + 2] for place in range(len(run) - 1))


def _unit(matrix: Any) -> Any:
    from scipy import sparse  # noqa: PLC0415 of the extra "chat"

    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return (sparse.diags_array(scale) @ matrix).tocsr().astype(np.float32)
