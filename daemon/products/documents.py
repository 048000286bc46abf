"""Values as JSON and back, losing nothing: what stores keep and histories show. Pure.

msgspec refuses text with unpaired surrogates, which broken files bring in and a rule wants to see. Such a value is
written with each surrogate as three bytes (CPython's "surrogatepass"), which no valid UTF-8 contains, and read back
the same way; all other values take the fast path and are plain JSON (RFC 8259).
"""

from __future__ import annotations

import json
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()


def to_json(value: object) -> bytes:
    """Return a struct, or anything built of structs and plain values, as JSON."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value)
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def json_text(value: object) -> str:
    """Return a value as JSON text, for people to read."""
    return to_json(value).decode("utf-8", "surrogatepass")


class Reader(Generic[T]):
    """Reads back what `to_json` wrote. Raises ValueError for anything that is not of the type."""

    __slots__ = ("_decoder", "_type")

    def __init__(self, kind: Any) -> None:
        self._type = kind
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind)

    def read(self, document: bytes) -> T:
        """Return the value of a document."""
        try:
            return self._decoder.decode(document)
        except UnicodeDecodeError:
            plain = json.loads(document.decode("utf-8", "surrogatepass"))
            value: T = msgspec.convert(plain, self._type)
            return value
