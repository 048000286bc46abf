"""Raw documents: what names one, where it sorts, and whether it is the one of last time. Nothing else is decoded."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from decimal import Decimal
from hashlib import blake2b
from math import isfinite
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import quote, unquote

import bson
from bson import Decimal128, ObjectId
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from daemon.adapters.mongo.elements import DECIMAL128, DOUBLE, INT32, INT64, STRING, Element, elements, joined
from daemon.errors import InvalidInput

#: What a document of ours may be named by.
DocumentId: TypeAlias = ObjectId | str | int

_LENGTH: Final = struct.Struct("<i")
_SMALLEST: Final = 5
#: How almost every document of a shop begins: an ObjectId, and it is the _id.
_OBJECT_ID_FIRST: Final = b"\x07_id\0"
_INT64: Final = range(-(2**63), 2**63)
_PLACE_OF_INT: Final = struct.Struct(">Q")
#: Longest text that names a product, in bytes of UTF-8.
_LONGEST_ID: Final = 1000
_SHOWN: Final = 200
#: The first byte of a place, in the server's order of types (manual, "BSON Comparison Order").
_NUMBER, _TEXT, _OBJECT_ID = b"\x10", b"\x20", b"\x30"
_HEX: Final = re.compile(r"[0-9a-f]{24}")
_DECIMAL: Final = re.compile(r"0|-?[1-9][0-9]{0,18}")
#: Set before a text that would be read as another id, or that is no line of printable text; what follows is quoted.
_QUOTED: Final = "="


class Document(NamedTuple):
    """A document as the server sent it.

    id: the product id, hex for an ObjectId. place: sorts as the server sorts ids, and tells the id exactly. digest:
    16 bytes, equal for equal bytes (BLAKE2b).
    """

    id: str
    place: bytes
    digest: bytes
    raw: bytes


class Unnamed(NamedTuple):
    """A document whose _id is none, or of a kind that no product has, such as an object. shown: for the log."""

    shown: str
    raw: bytes


def split(batch: bytes) -> Iterator[Document | Unnamed]:
    """Iterate over the documents that stand one after the other in bytes. Raises InvalidInput where they do not."""
    at, end, length_of = 0, len(batch), _LENGTH.unpack_from
    while at < end:
        if end - at < _SMALLEST:
            raise InvalidInput(f"not BSON: {end - at} bytes are left at byte {at}")
        stop = at + length_of(batch, at)[0]
        if not at + _SMALLEST <= stop <= end or batch[stop - 1]:
            raise InvalidInput(f"not BSON: a document of {stop - at} bytes at byte {at} of {end}")
        yield document_of(batch[at:stop])
        at = stop


def document_of(raw: bytes) -> Document | Unnamed:
    """Name one document, by its _id alone."""
    if raw.startswith(_OBJECT_ID_FIRST, 4) and len(raw) > 21:
        name = raw[9:21]
        return Document(name.hex(), _OBJECT_ID + name, blake2b(raw, digest_size=16).digest(), raw)
    found = _named(raw)
    if not isinstance(found, ObjectId | str | int):
        return Unnamed(found.shown, raw)
    return Document(product_id(found), place_of(found), blake2b(raw, digest_size=16).digest(), raw)


def place_of(document_id: DocumentId) -> bytes:
    """Return the place of an id."""
    if isinstance(document_id, ObjectId):
        return _OBJECT_ID + document_id.binary
    if isinstance(document_id, str):
        return _TEXT + document_id.encode()
    return _NUMBER + _PLACE_OF_INT.pack(document_id - _INT64.start)


def id_of(place: bytes) -> DocumentId:
    """Return the id that a place is of. Raises InvalidInput for bytes that are no place."""
    kind, rest = place[:1], place[1:]
    try:
        if kind == _OBJECT_ID:
            return ObjectId(rest)
        if kind == _TEXT:
            return rest.decode()
        if kind == _NUMBER:
            return int(_PLACE_OF_INT.unpack(rest)[0]) + _INT64.start
    except (TypeError, ValueError, BSONError, struct.error) as error:
        raise InvalidInput(f"not a place of a document: {place[:40]!r}") from error
    raise InvalidInput(f"not a place of a document: {place[:40]!r}")


def after_id(raw: bytes) -> RawBSONDocument:
    """Return the condition that an _id comes after that of a document, of whatever kind it is and whatever it holds.

    Raises InvalidInput for a document in which no _id can be found.
    """
    found = next(elements(raw, (b"_id",)), None)
    if found is None:
        raise InvalidInput("not a document of a collection: it has no _id")
    return RawBSONDocument(joined([Element(found.kind, b"$gt", found.data)]))


def product_id(document_id: DocumentId) -> str:
    """Return the product id of a document: its hex digits, its number in decimal, its text.

    A text that looks like one of the others, or that is more or less than one printable line, stands behind "=", with
    everything but letters and digits as in a URL.
    """
    if not isinstance(document_id, str):
        return str(document_id)
    if not document_id or not document_id.isprintable() or document_id.startswith(_QUOTED) or _is_other(document_id):
        return _QUOTED + quote(document_id, safe="")
    return document_id


def document_id_of(product_id_: str) -> DocumentId | None:
    """Return the id of the document that a product id names; None when it can be of none."""
    if _HEX.fullmatch(product_id_):
        return ObjectId(product_id_)
    if _is_other(product_id_):
        return int(product_id_)
    try:
        text = unquote(product_id_[1:], errors="strict") if product_id_.startswith(_QUOTED) else product_id_
        return text if product_id(text) == product_id_ and len(text.encode()) <= _LONGEST_ID else None
    except UnicodeError:
        return None


def _is_other(text: str) -> bool:
    """Tell whether a text is how an ObjectId or a number is written."""
    return bool(_HEX.fullmatch(text) or (_DECIMAL.fullmatch(text) and int(text) in _INT64))


def _named(raw: bytes) -> DocumentId | Unnamed:
    """Find the _id, wherever it stands."""
    try:
        found = next(elements(raw, (b"_id",)), None)
        if found is None:
            return Unnamed("no _id", raw)
        value = bson.decode(joined([found]))["_id"]
    except (InvalidInput, BSONError, ValueError, OverflowError, RecursionError) as error:
        return Unnamed(f"no _id that can be read: {error!s:.{_SHOWN}}", raw)
    named = _usable(found.kind, value)
    return Unnamed(f"_id {value!r:.{_SHOWN}}", raw) if named is None else named


def _usable(kind: int, value: Any) -> DocumentId | None:
    """Return an id as the type that we name it by; None for one that no product has."""
    if isinstance(value, ObjectId):
        return value
    if kind == STRING:
        return str(value) if len(value.encode()) <= _LONGEST_ID else None
    if kind in {INT32, INT64}:
        return int(value)
    if kind not in {DOUBLE, DECIMAL128}:
        return None
    number = value.to_decimal() if isinstance(value, Decimal128) else value
    is_finite = number.is_finite() if isinstance(number, Decimal) else isfinite(number)
    # The server holds 7 and 7.0 for the same id, so that no two documents can have them.
    if is_finite and abs(number) < _INT64.stop and number == int(number):
        return int(number)
    return None
