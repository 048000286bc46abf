"""How values stand in columns: text that SQLite and JSON can both carry, times as numbers, records as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from daemon.errors import StoreCorrupt
from daemon.products.documents import Reader

T = TypeVar("T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MARK: Final = "\uffff"  # a noncharacter: Unicode promises that it never means anything
_ODD: Final = re.compile("[\0\ud800-\udfff\uffff]")
_WRITTEN: Final = re.compile("\uffff([0-9a-f]{4})")


def storable(text: str) -> str:
    """Return text without NUL, at which SQLite's functions stop, and without unpaired surrogates, which are no UTF-8.

    Each such character becomes U+FFFF and four hexadecimal digits, and so does U+FFFF itself, so that different
    texts stay different and `as_written` has them back.
    """
    if _ODD.search(text) is None:
        return text
    return _ODD.sub(lambda found: f"{_MARK}{ord(found[0]):04x}", text)


def as_written(text: str) -> str:
    """Return what `storable` was given."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), text) if _MARK in text else text


class TextList(str):
    """Texts as the JSON array that `conditions.any_of` compares a column with, each storable already."""

    __slots__ = ()


def text_list(texts: Iterable[str]) -> TextList:
    """Return texts to bind where a statement says `any_of`."""
    return TextList(json.dumps([storable(text) for text in texts], ensure_ascii=False))


def micros(at: datetime) -> int:
    """Return an aware time as microseconds since 1970, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def micros_or_none(at: datetime | None) -> int | None:
    """Return a time as microseconds, None for none."""
    return None if at is None else micros(at)


def instant(count: int) -> datetime:
    """Return the aware UTC time of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=count)


class Records(Generic[T]):
    """Reads the records of one table's bodies. Raises StoreCorrupt for a body that is none."""

    def __init__(self, kind: Any) -> None:
        self._reader: Reader[T] = Reader(kind)
        self._name = kind.__name__

    def read(self, body: bytes) -> T:
        """Return the record of a body."""
        try:
            return self._reader.read(body)
        except ValueError as error:
            raise StoreCorrupt(f"a stored {self._name} cannot be read back: {error}") from error
