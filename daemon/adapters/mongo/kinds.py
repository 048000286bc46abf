"""Values of a document as people are shown them: their type by its name in BSON, and one short line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Any, Final

import bson
import msgspec
from bson import DatetimeMS, Decimal128, Int64, ObjectId, json_util

from daemon.products.findings import visible
from daemon.products.product import Unparsed

#: Names of the types of BSON (specification 1.1), by the Python types that they are decoded to, first match wins.
_KINDS: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (bool, "bool"), (Int64, "int64"), (int, "int32"), (float, "double"), (Decimal128, "Decimal128"), (str, "string"),
    ((datetime, DatetimeMS), "date"), (ObjectId, "ObjectId"), (dict, "object"), (list, "array"),
    (type(None), "null"), (bson.Timestamp, "timestamp"), (bson.DBRef, "DBRef"), (bson.Regex, "regex"),
    (bytes, "binary"), (bson.Code, "code"), (Unparsed, "unreadable"),
)  # fmt: skip
_ITEMS: Final = 5
_DEEPEST: Final = 3


def kind_of(value: object) -> str:
    """Return the name of a value's type; of an array with the type that all in it have."""
    name = next((name for types, name in _KINDS if isinstance(value, types)), type(value).__name__)
    if isinstance(value, list) and value:
        inner = {kind_of(part) for part in value[:100] if not isinstance(part, list)}
        return f"array of {inner.pop()}" if len(inner) == 1 else name
    return name


def in_json(value: Any) -> Any:
    """Return a value for programs, in relaxed extended JSON: ordinary numbers and texts are themselves."""
    return msgspec.json.decode(json_util.dumps(value, json_options=json_util.RELAXED_JSON_OPTIONS, default=_unreadable))


def _unreadable(value: Unparsed) -> dict[str, str]:
    return {"unreadable": value.text}


def shown(value: object, width: int = 60) -> str:
    """Return a value as one line of at most about `width` characters, harmless to a terminal."""
    return _cut(_written(value, width, 0), width)


def _written(value: Any, width: int, depth: int) -> str:
    if isinstance(value, str):
        if len(value) > width + 20:
            return f'"{visible(value[:width])}…" ({len(value):,} characters)'
        return f'"{visible(value)}"'
    if isinstance(value, datetime):
        whole = value.isoformat(timespec="milliseconds" if value.microsecond else "seconds")
        return whole.replace("+00:00", "Z")
    if isinstance(value, DatetimeMS):
        return f"{int(value)} ms from 1970"
    if isinstance(value, dict):
        return _inside(value, width, depth)
    if isinstance(value, list):
        if depth >= _DEEPEST:
            return f"[… {len(value)}]"
        parts = [_written(part, width, depth + 1) for part in value[:_ITEMS]]
        return f"[{', '.join(parts)}{f', … {len(value)}' if len(value) > _ITEMS else ''}]"
    if isinstance(value, float) and not isfinite(value):
        return str(Decimal(value))  # as JavaScript and Decimal128 spell it
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return visible(str(getattr(value, "text", value)))


def _inside(value: Mapping[str, Any], width: int, depth: int) -> str:
    if depth >= _DEEPEST:
        return f"{{… {len(value)}}}"
    parts = [
        f"{visible(str(key))[:40]}: {_written(one, width, depth + 1)}" for key, one in list(value.items())[:_ITEMS]
    ]
    return f"{{{', '.join(parts)}{', …' if len(value) > _ITEMS else ''}}}"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width + 25 else f"{line[:width]}…"
