"""A change of a product as a change of its document: the paths that had the values, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any, Final, NamedTuple

import bson
from bson import Code, DatetimeMS, Decimal128
from bson.raw_bson import RawBSONDocument

from daemon.adapters.mongo import writable
from daemon.adapters.mongo.elements import ARRAY, NULL, UNDEFINED, Element, elements, joined
from daemon.adapters.mongo.fields import FLAGS, PRICES, TIMES, MappedField
from daemon.adapters.mongo.paths import Path
from daemon.adapters.mongo.status_words import StatusWords, Word
from daemon.adapters.mongo.values import unparsed
from daemon.errors import InvalidInput
from daemon.products.imports import MERGED_FIELDS, same_value
from daemon.products.product import Product, Status

#: Values from this size on, in bytes, are compared by their type alone: a command is at most 16 MB.
_LARGE: Final = 1_048_576
_AMOUNTS: Final = frozenset({*PRICES, "stock"})
#: The server takes a list for its every member: one that has become a list of itself would still match.
_NO_LIST: Final[Mapping[str, Any]] = {"$not": {"$type": ARRAY}}
_NO_LIST_RAW: Final = bson.encode(_NO_LIST)
#: What a single value is, which another may take the place of.
_PLAIN: Final = (str, int, float, Decimal128, datetime, DatetimeMS, type(None))
_WRITERS: Final[Mapping[str, writable.Writer]] = {
    **dict.fromkeys(FLAGS, writable.flag),
    "availability": writable.availability,
    "images": writable.images,
}


class Write(NamedTuple):
    """A compare-and-set. where: the id, the shard key and every top-level field that the mapping reads, as it was.

    words: by status, how the document said the one that is taken away.
    """

    where: Mapping[str, Any]
    change: Mapping[str, Any]
    words: Mapping[str, Word] = {}


class Change:
    """What becomes of one document. lying: it, decoded. said: by status, how it said those that were taken away."""

    def __init__(
        self,
        fields: Mapping[str, MappedField],
        words: StatusWords,
        zone: tzinfo | None,
        lying: Mapping[str, Any],
        *,
        status_is_told: bool,
        said: Mapping[str, Word],
    ) -> None:
        self._fields, self._words, self._lying, self._said = fields, words, lying, said
        self._write_time = writable.time_in(zone)
        self._status_is_told = status_is_told
        self._set: dict[Path, Any] = {}
        self._unset: list[Path] = []
        self._touched: set[str] = set()
        self._left: Any = None

    def make(self, before: Product, after: Product, now: datetime) -> None:
        """Take over what differs between two versions of a product. Raises InvalidInput, naming the field."""
        for name in MERGED_FIELDS:
            value = getattr(after, name)
            if not same_value(getattr(before, name), value):
                try:
                    self._change(name, value)
                except InvalidInput as error:
                    reason = f"{name} cannot be changed in the shop: {error}"
                    raise InvalidInput(reason, error.faults or ((name, str(error)),)) from error
                self._touched.add(name)
        self._refuse_overlaps()
        if (self._set or self._unset) and "updated_at" not in self._touched:
            self._note_time(now)

    def applied(self) -> dict[str, Any]:
        """Return the document as it will be."""
        return applied(self._lying, self.operators())

    def check(self, standing: Product, changed: Product, after: Product) -> None:
        """Raise InvalidInput unless the change says what it should, and nothing more.

        standing, changed: what the document says before and after it.
        """
        for name in self._touched | (set(MERGED_FIELDS) - {"updated_at"}):
            wanted = getattr(after if name in self._touched else standing, name)
            found = getattr(changed, name)
            if not same_value(found, wanted):
                shown = "nothing" if found is None else unparsed(found).text[:80]
                raise InvalidInput(
                    f"{name} cannot be changed so in the shop: its document would say {shown}",
                    ((name, f"the document would say {shown}"),),
                )

    def words(self, before: Product) -> dict[str, Word]:
        """Return how the document said its status, where that is taken away."""
        known = isinstance(before.status, Status) and isinstance(self._left, str | bool | int)
        return {str(before.status): self._left} if known else {}

    def operators(self) -> dict[str, Any]:
        """Return the update document, empty when there is nothing to change."""
        found: dict[str, Any] = {}
        if self._set:
            found["$set"] = {path.text: value for path, value in self._set.items()}
        if self._unset:
            found["$unset"] = {path.text: "" for path in self._unset}
        return found

    def _change(self, name: str, value: Any) -> None:
        field = self._fields.get(name)
        if field is None:
            raise InvalidInput(f'no path; give it one in [mongodb.map], "{name}"')
        if name == "variants":
            raise InvalidInput("variants are changed in the shop itself")
        path, lying, _ = field.find(self._lying, {}) if not field.relations else field.lying(self._lying)
        if field.relations and not isinstance(lying, str):
            raise InvalidInput("it refers to another document, which is chosen in the shop itself")
        if path is not None and isinstance(lying, dict) and name != "images":
            path, lying = self._inner_path(field, path)
        if name != "images" and (not isinstance(lying, _PLAIN) or isinstance(lying, Code)):
            raise InvalidInput(f"what stands there is not one value: {unparsed(lying).text}")
        if path is None:
            path = self._open_path(field)
        elif path.nested(self._lying) is None:
            raise InvalidInput(f'it stands under the key "{path.text}", dots and all, which cannot be updated safely')
        if name == "status":
            self._change_status(path, value, lying)
        elif value is None or value == ():
            self._clear(name, path, lying)
        else:
            self._set[path] = self._written(field, value, lying)

    def _written(self, field: MappedField, value: Any, lying: Any) -> Any:
        if field.name in _AMOUNTS:
            return writable.amount(value, lying, field.read)
        write = self._write_time if field.name in TIMES else _WRITERS.get(field.name, writable.text)
        return write(value, lying)

    def _change_status(self, path: Path, value: Any, lying: Any) -> None:
        if not isinstance(value, Status):
            raise InvalidInput(f"{unparsed(value).text!r} is no status")
        if not self._status_is_told and not any(path.top in self._lying for path in self._fields["status"].paths):
            raise InvalidInput("no field in the document says it; name the one that hides a product in [mongodb.map]")
        word = self._words.write(value, lying, self._said.get(value.value))
        if word != lying or isinstance(word, bool) is not isinstance(lying, bool):
            self._set[path], self._left = word, lying

    def _clear(self, name: str, path: Path, lying: Any) -> None:
        if isinstance(lying, dict | list):
            raise InvalidInput("what stands there is more than one value")
        if lying is None:
            return
        if name in _AMOUNTS:
            self._set[path] = None  # as KeystoneJS leaves an emptied Money or Number
        else:
            self._unset.append(path)

    def _inner_path(self, field: MappedField, outer: Path) -> tuple[Path, Any]:
        """Return the path that leads to the value inside an object, such as an amount beside its currency."""
        for path in field.paths:
            inner = path.nested(self._lying)
            if outer.overlaps(path) and inner is not None and not isinstance(inner, dict | list):
                return path, inner
        raise InvalidInput(f'"{outer.text}" is an object; give the path inside it in [mongodb.map]')

    def _open_path(self, field: MappedField) -> Path:
        """Return the first path that can be set without overwriting what only looks like nothing."""
        # What the shop has emptied is where it looks. An object is made only where no other path will do: a price that
        # becomes one would be no price any more.
        lying = self._lying
        for path in sorted(field.paths, key=lambda path: (not path.stands(lying), path.makes_parents(lying))):
            standing = path.nested(self._lying)
            if path.is_open(self._lying) and (standing is None or isinstance(standing, str)):
                return path
        raise InvalidInput(f"no place for it: {', '.join(path.text for path in field.paths)} lead into other values")

    def _refuse_overlaps(self) -> None:
        paths = [*self._set, *self._unset]
        for place, path in enumerate(paths):
            if any(path.overlaps(other) for other in paths[place + 1 :]):
                raise InvalidInput(f'two changes of "{path.text}" at once')

    def _note_time(self, now: datetime) -> None:
        field = self._fields.get("updated_at")
        path, lying, _ = field.find(self._lying, {}) if field else (None, None, None)
        if path is not None and isinstance(lying, datetime) and path.nested(self._lying) is not None:
            self._set[path] = writable.to_milliseconds(now)


def applied(lying: Mapping[str, Any], operators: Mapping[str, Any]) -> dict[str, Any]:
    """Return a decoded document as an update of ours leaves it."""
    found: Any = lying
    for text, value in operators.get("$set", {}).items():
        found = _with(found, Path(text).parts, value)
    for text in operators.get("$unset", {}):
        found = _without(found, Path(text).parts)
    return dict(found)


def raw_elements(raw: bytes, names: Iterable[str]) -> dict[bytes, Element]:
    """Return the outermost elements of these names that a document has, by name."""
    return {element.name: element for element in elements(raw, {name.encode() for name in names})}


def condition_of(element: Element | None) -> Mapping[str, Any]:
    """Return the condition that a field is still what it was, to the byte, or still absent."""
    if element is None:
        return {"$exists": False}
    single = element.kind != ARRAY
    if element.kind in {NULL, UNDEFINED} or len(element.data) >= _LARGE:
        return {"$type": element.kind, **(_NO_LIST if single else {})}
    parts = [Element(element.kind, b"$eq", element.data), *(elements(_NO_LIST_RAW) if single else ())]
    return RawBSONDocument(joined(parts))


def _with(found: Any, parts: tuple[str, ...], value: Any) -> Any:
    head, *rest = parts
    if isinstance(found, list):
        inner = _with(found[int(head)], tuple(rest), value) if rest else value
        return [*found[: int(head)], inner, *found[int(head) + 1 :]]
    return {**found, head: _with(found.get(head, {}), tuple(rest), value) if rest else value}


def _without(found: Any, parts: tuple[str, ...]) -> Any:
    head, *rest = parts
    if isinstance(found, list):
        return _with(found, parts, None) if not rest else _with(found, (head,), _without(found[int(head)], tuple(rest)))
    if not rest:
        return {key: value for key, value in found.items() if key != head}
    return {**found, head: _without(found[head], tuple(rest))}
