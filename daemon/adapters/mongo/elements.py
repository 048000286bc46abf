"""The outermost elements of a BSON document, found by their lengths without decoding what is in them.

Reference: BSON specification 1.1 (bsonspec.org).
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator
from typing import Final, NamedTuple

from daemon.errors import InvalidInput

#: Bytes that the smallest document has: its length and the NUL at its end.
EMPTY: Final = 5
#: Most elements side by side; whatever has more is no product, and counting them would hold up everybody else.
MOST: Final = 100_000
DOUBLE, STRING, OBJECT, ARRAY, UNDEFINED, OBJECT_ID, NULL, INT32, INT64, DECIMAL128 = (
    0x01, 0x02, 0x03, 0x04, 0x06, 0x07, 0x0A, 0x10, 0x12, 0x13,
)  # fmt: skip

_LENGTH: Final = struct.Struct("<i")
#: Bytes of values whose type alone says how long they are: boolean, UTC time, timestamp, the smallest key ...
_FIXED: Final = {
    DOUBLE: 8, UNDEFINED: 0, OBJECT_ID: 12, 0x08: 1, 0x09: 8, NULL: 0, INT32: 4, 0x11: 8, INT64: 8, DECIMAL128: 16,
    0xFF: 0, 0x7F: 0,
}  # fmt: skip
#: Bytes besides the length that these begin with: string, object, array, binary, pointer, code, symbol, scoped code.
_COUNTED: Final = {STRING: 4, OBJECT: 0, ARRAY: 0, 0x05: 5, 0x0C: 16, 0x0D: 4, 0x0E: 4, 0x0F: 0}
_REGEX: Final = 0x0B


class Element(NamedTuple):
    """One element. kind: its type in the specification; data: the value's bytes."""

    kind: int
    name: bytes
    data: bytes

    @property
    def raw(self) -> bytes:
        """Return the element as it stands in a document."""
        return b"%c%b\0%b" % (self.kind, self.name, self.data)


def elements(raw: bytes, wanted: Collection[bytes] | None = None) -> Iterator[Element]:
    """Iterate over the outermost elements of a document, all or those of wanted names.

    Raises InvalidInput where its lengths do not fit together, or there are too many.
    """
    at, end, find, fixed_size = 4, len(raw) - 1, raw.find, _FIXED.get
    for _ in range(MOST):
        if at >= end:
            return
        name_end = find(b"\0", at + 1, end)
        if name_end < 0:
            raise InvalidInput(f"not a BSON document: a name without an end at byte {at}")
        kind, start = raw[at], name_end + 1
        size = fixed_size(kind)
        stop = start + (_size(raw, kind, start) if size is None else size)
        if stop > end:
            raise InvalidInput(f"not a BSON document: a value runs out of it at byte {start}")
        if wanted is None or raw[at + 1 : name_end] in wanted:
            yield Element(kind, raw[at + 1 : name_end], raw[start:stop])
        at = stop
    if at < end:
        raise InvalidInput(f"no product: more than {MOST:,} fields side by side")


def joined(parts: Iterable[Element]) -> bytes:
    """Return the document that elements make."""
    body = b"".join(part.raw for part in parts)
    return _LENGTH.pack(len(body) + EMPTY) + body + b"\0"


def _size(raw: bytes, kind: int, start: int) -> int:
    """Return the bytes of a value whose type alone does not say it."""
    if kind == _REGEX:
        return _after_text(raw, _after_text(raw, start)) - start
    beside = _COUNTED.get(kind)
    if beside is None:
        raise InvalidInput(f"not a BSON document: type 0x{kind:02x} at byte {start}")
    if start + _LENGTH.size > len(raw):
        raise InvalidInput(f"not a BSON document: a length runs out of it at byte {start}")
    length: int = _LENGTH.unpack_from(raw, start)[0]
    if length < 0:
        raise InvalidInput(f"not a BSON document: a length of {length} at byte {start}")
    return max(beside + length, _LENGTH.size)


def _after_text(raw: bytes, start: int) -> int:
    found = raw.find(b"\0", start)
    if found < 0:
        raise InvalidInput(f"not a BSON document: a text without an end at byte {start}")
    return found + 1
