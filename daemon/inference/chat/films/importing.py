"""Films of other catalogues, read from files a batch at a time, and what could not be read, with reasons.

Formats: a folder of MovieLens (movies.csv, ratings.csv) or its movies.csv alone, JSON of prust/wikipedia-movie-data and
of vega-datasets, and CSV with headers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar

import msgspec

from daemon.errors import UnreadableFile
from daemon.ports.films import Feedback, Film

Format: TypeAlias = Literal["auto", "movielens", "wikipedia", "vega", "csv"]
T = TypeVar("T")
FORMATS: Final = ("auto", "movielens", "wikipedia", "vega", "csv")
#: What is read of a name and of a summary, in characters, of a list, in items, and of a file, in bytes.
MAX_NAME: Final = 300
MAX_SUMMARY: Final = 4_000
MAX_ITEMS: Final = 20
MAX_BYTES: Final = 536_870_912
#: Years of films that are believed.
YEARS: Final = range(1878, 2101)
_HEAD: Final = 2_048
_OF_VEGA: Final = b'"Title"'
_OF_MOVIELENS: Final = (b"movieid", b"title")


class Reject(msgspec.Struct, frozen=True):
    """What could not be read. line: the first line of it, or its place in a list, from 1."""

    file: str
    line: int
    reason: str


class Read(msgspec.Struct, frozen=True):
    """A batch of what was read."""

    films: tuple[Film, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    rejects: tuple[Reject, ...] = ()


Item: TypeAlias = Film | Feedback | Reject


def read_films(path: Path, form: Format = "auto", batch: int = 1_000) -> Iterator[Read]:
    """Yield the films of a file or folder, and then feedback on them, in batches.

    Reading the same file again yields the same ids. Raises UnreadableFile for one that cannot be read at all.
    """
    found = detected(path) if form == "auto" else form
    items = _items(path, found)
    while page := list(islice(items, batch)):
        yield Read(
            films=tuple(item for item in page if isinstance(item, Film)),
            feedback=tuple(item for item in page if isinstance(item, Feedback)),
            rejects=tuple(item for item in page if isinstance(item, Reject)),
        )


def detected(path: Path) -> Format:
    """Return the format of a file or folder. Raises UnreadableFile when it is of none."""
    try:
        if path.is_dir():
            if (path / "movies.csv").is_file():
                return "movielens"
            path = next(iter(sorted(path.glob("*.json"))), path)
        if path.is_dir():
            raise UnreadableFile(f"{path} holds neither movies.csv of MovieLens nor JSON of a catalogue that is known")
        with path.open("rb") as file:
            start = file.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error
    if start[:1] in {b"[", b"{"}:
        return "vega" if _OF_VEGA in start else "wikipedia"
    header = start.partition(b"\n")[0].lower()
    return "movielens" if all(name in header for name in _OF_MOVIELENS) else "csv"


def _items(path: Path, form: Format) -> Iterator[Item]:
    from daemon.inference.chat.films import csv_films, movielens, vega_films, wikipedia_films  # noqa: PLC0415 they know this file

    readers = {
        "movielens": movielens.read, "wikipedia": wikipedia_films.read, "vega": vega_films.read, "csv": csv_films.read,
    }  # fmt: skip
    try:
        yield from readers[form](path)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror or error}") from error


def check_size(path: Path) -> None:
    """Raise UnreadableFile for a file of more than MAX_BYTES."""
    if (size := path.stat().st_size) > MAX_BYTES:
        raise UnreadableFile(f"{path} has {size:,} bytes; at most {MAX_BYTES:,} are read")
