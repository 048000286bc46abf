"""Raw BSON to Python values, as much of it as is needed, and of what cannot be read as much as can be."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError

from daemon.adapters.mongo.elements import Element, elements, joined
from daemon.products.product import Unparsed

#: Times are aware UTC, those that Python has no date for stay numbers (DatetimeMS), bad UTF-8 becomes U+FFFD.
OPTIONS: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    tz_aware=True,
    unicode_decode_error_handler="replace",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
#: From this size on, in bytes, only what is asked for is decoded.
_LARGE: Final = 65_536
_UNREADABLE: Final = Unparsed("BSON that cannot be read")


def decoded(raw: bytes, names: Collection[str]) -> dict[str, Any]:
    """Return a document, of a large one only the named outermost elements.

    What cannot be decoded stands there as Unparsed. Raises InvalidInput when nothing can be told apart.
    """
    if len(raw) >= _LARGE:
        wanted = {name.encode() for name in names}
        parts = [part for part in elements(raw) if part.name in wanted]
        return _all_of(joined(parts), parts)
    return _all_of(raw, None)


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
