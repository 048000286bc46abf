"""How documents are read whose outermost keys and types of values are the same: most of a collection have few such.

What cannot lead anywhere in them is left out beforehand, and a value of the usual type is read without being asked
what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from daemon.adapters.mongo import values
from daemon.adapters.mongo.fields import PRICES, TIMES, MappedField, Related
from daemon.adapters.mongo.paths import Path

#: The type of the value of each outermost key, in the order of the keys.
Kinds: TypeAlias = Mapping[str, type]

#: Read after the others, since how they are read depends on those.
_DEPENDENT: Final = frozenset({*PRICES, "status", "variants"})
_NUMBERS: Final = frozenset({int, float})
_HOLDERS: Final = frozenset({dict, list})
#: Readers of text that have a shorter way for what certainly is text.
_OF_TEXT: Final[Mapping[Any, Callable[[str], str | None]]] = {
    values.text_of: values.line_of,
    values.category_of: values.line_of,
    values.markup_of: values.prose_of,
}


class Shape(NamedTuple):
    """What to do with each such document.

    same: fields whose value is as it lies under a key. read: fields with one key and a reader. found: fields with
    more than that. numbers: prices that are plain numbers under a key; prices: the others. word: the key of the
    status, where there is one alone; status: where there are more.
    """

    same: tuple[tuple[str, str], ...]
    read: tuple[tuple[str, str, Callable[[Any], Any]], ...]
    found: tuple[tuple[str, Callable[[Mapping[str, Any], Related], Any]], ...]
    numbers: tuple[tuple[str, str], ...]
    prices: tuple[MappedField, ...]
    word: str | None
    status: MappedField | None
    has_variants: bool


def shape_of(fields: Mapping[str, MappedField], kinds: Kinds) -> Shape:
    """Return how documents are read that have values of these types."""
    present = {name: field.narrowed(lambda path: _leads(path, kinds)) for name, field in fields.items()}
    present = {name: field for name, field in present.items() if field.paths}
    keys = {name: field.paths[0].text for name, field in present.items() if _is_plain(field)}
    same = {n: key for n, key in keys.items() if n in TIMES and kinds[key] is datetime}
    read = {
        n: reader
        for n, key in keys.items()
        if n not in same and (reader := _reader(present[n], kinds[key])) is not None
    }
    numbers = {n: key for n, key in keys.items() if n in PRICES and kinds[key] in _NUMBERS}
    status = present.get("status")
    return Shape(
        tuple(same.items()),
        tuple((name, keys[name], reader) for name, reader in read.items()),
        tuple(
            (name, field.value_finder())
            for name, field in present.items()
            if name not in _DEPENDENT and name not in same and name not in read
        ),
        tuple(numbers.items()),
        tuple(present[name] for name in PRICES if name in present and name not in numbers),
        keys.get("status"),
        None if "status" in keys else status,
        "variants" in present,
    )


def _leads(path: Path, kinds: Kinds) -> bool:
    """Tell whether a path can lead to a value: to one under its key, or into what holds others."""
    if path.text in kinds and kinds[path.text] is not type(None):
        return True
    return len(path.parts) > 1 and path.top in kinds and kinds[path.top] in _HOLDERS


def _is_plain(field: MappedField) -> bool:
    """Tell whether one key alone can have the value of a field."""
    return len(field.paths) == 1 and len(field.paths[0].parts) == 1


def _reader(field: MappedField, kind: type) -> Callable[[Any], Any] | None:
    """Return how a value of a type is read, None where that takes more than the value."""
    if field.name in _DEPENDENT or (field.relations and kind is not str):
        return None
    return _OF_TEXT.get(field.read, field.read) if kind is str else field.read
