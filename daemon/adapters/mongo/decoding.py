"""Raw BSON to Python values, as much of it as is needed, and of what cannot be read as much as can be."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Final

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError

from daemon.adapters.mongo.elements import ARRAY, EMPTY, OBJECT, STRING, Element, elements, joined
from daemon.adapters.mongo.values import LONGEST
from daemon.errors import InvalidInput
from daemon.products.product import Unparsed

#: Times are aware UTC, those that Python has no date for stay numbers (DatetimeMS), bad UTF-8 becomes U+FFFD.
OPTIONS: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    tz_aware=True,
    unicode_decode_error_handler="replace",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
#: From this size on, in bytes, only what is asked for is decoded.
_LARGE: Final = 65_536
#: Bytes of lists and objects that are decoded of one large document, and what an element in a longer one counts for.
_MOST_NESTED: Final = 1_048_576
_STEP: Final = 64
#: Bytes of a text that are decoded: more characters than anything takes over, with the one that a cut may break.
_LONGEST_TEXT: Final = 4 * (LONGEST + 1)
#: How deep the server lets documents be nested (manual, "MongoDB Limits").
_DEEPEST: Final = 100
_UNREADABLE: Final = Unparsed("BSON that cannot be read")


def decoded(raw: bytes, names: Collection[str]) -> dict[str, Any]:
    """Return a document, of a large one only the named outermost elements, and only the beginning of long lists.

    What cannot be decoded stands there as Unparsed. Raises InvalidInput when nothing can be told apart.
    """
    if len(raw) < _LARGE:
        return _all_of(raw, None)
    parts = [bounded for _, bounded in _bounded(raw, names)]
    return _all_of(joined(parts), parts)


def shortened(raw: bytes, names: Collection[str]) -> frozenset[str]:
    """Return which of the named outermost elements `decoded` gives the beginning of alone. Raises InvalidInput."""
    if len(raw) <= _MOST_NESTED:
        return frozenset()
    return frozenset(part.name.decode() for part, bounded in _bounded(raw, names) if bounded is not part)


def _bounded(raw: bytes, names: Collection[str]) -> list[tuple[Element, Element]]:
    """Return the named elements as they are and as they are decoded, the smallest first: it loses nothing to others."""
    parts = elements(raw, {name.encode() for name in names})
    bound = _Bound()
    return [(part, bound.shortened(part)) for part in sorted(parts, key=lambda part: len(part.data))]


class _Bound:
    """Keeps the decoding of a document of 16 MB from holding up everybody else."""

    def __init__(self) -> None:
        self._left = _MOST_NESTED

    def shortened(self, part: Element, depth: int = 0) -> Element:
        """Return an element, of a list or object the beginning that still fits; what cannot be told apart as it is."""
        if part.kind == STRING and len(part.data) > _LONGEST_TEXT + EMPTY:
            text = part.data[4 : 4 + _LONGEST_TEXT]
            return Element(STRING, part.name, (len(text) + 1).to_bytes(4, "little") + text + b"\0")
        if part.kind not in {OBJECT, ARRAY}:
            return part
        if len(part.data) <= self._left or depth > _DEEPEST:
            self._left -= len(part.data)
            return part
        try:
            return Element(part.kind, part.name, joined(self._first_of(part.data, depth)))
        except InvalidInput:
            return part

    def _first_of(self, data: bytes, depth: int) -> Iterator[Element]:
        for inner in elements(data):
            if self._left <= 0:
                return
            self._left -= _STEP
            yield self.shortened(inner, depth + 1)


def _all_of(raw: bytes, parts: list[Element] | None) -> dict[str, Any]:
    try:
        return bson.decode(raw, OPTIONS)
    except (BSONError, ValueError, OverflowError, RecursionError):
        found: dict[str, Any] = {}
        for part in elements(raw) if parts is None else parts:
            found |= _one_of(part)
        return found


def _one_of(part: Element) -> dict[str, Any]:
    try:
        return bson.decode(joined([part]), OPTIONS)
    except (BSONError, ValueError, OverflowError, RecursionError):
        return {part.name.decode(errors="replace"): _UNREADABLE}
