"""The canonical fields of a product, each with its paths and the reader for what stands there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from difflib import get_close_matches
from functools import partial
from itertools import islice
from typing import Any, Final, TypeAlias

from bson import ObjectId

from daemon.adapters.mongo import values
from daemon.adapters.mongo.defaults import PATHS, RELATIONS, UNMAPPED
from daemon.adapters.mongo.documents import DocumentId
from daemon.adapters.mongo.elements import ARRAY, OBJECT_ID
from daemon.adapters.mongo.paths import Path, checked_path
from daemon.errors import ConfigError
from daemon.products.product import Unparsed

Reader: TypeAlias = Callable[[Any], Any]
#: By collection, what its documents say.
Related: TypeAlias = Mapping[str, Mapping[DocumentId, Any]]
#: Where a value was found, the value as it lies there, and as it was read.
Found: TypeAlias = tuple[Path | None, Any, Any]

NOT_FOUND: Final[Found] = (None, None, None)
PRICES: Final = ("price", "sale_price", "cost")
#: The last day that is written is still part of the time meant.
_LAST_DAYS: Final = frozenset({"sale_end", "expires_at"})
TIMES: Final = frozenset({"sale_start", "availability_date", "archived_at", "created_at", "updated_at"} | _LAST_DAYS)
FLAGS: Final = frozenset({"is_free", "clearance", "track_inventory", "backorder"})
_ALIASES: Final = {"image": "images"}
#: Most documents that one field refers to; nobody reads the names of more.
_MOST_IDS: Final = 100
#: Ids at keys like those of a field that are taken without a look at where they stand.
_MOST_MATCHES: Final = 1000
_ID_BYTES: Final = 12
NAMES: Final = (*PATHS, *UNMAPPED)
#: A list as BSON has it, each element under its number, of nothing but ids.
_ID_IN_LIST: Final = re.compile(rb"\x07[0-9]+\0(.{12})", re.DOTALL)
_ID_LIST: Final = re.compile(rb"(?:\x07[0-9]+\0.{12})*", re.DOTALL)


class MappedField:
    """A canonical field that has paths. relations: what an id that stands there is looked up in, by collection.

    every: the paths of all fields, which tell an object that holds their values from one that nobody knows.
    """

    __slots__ = ("_every", "_is_price", "_marks", "name", "paths", "read", "relations")

    def __init__(
        self,
        name: str,
        paths: Sequence[Path],
        read: Reader,
        relations: Mapping[str, str],
        every: Sequence[Path] = (),
    ) -> None:
        self.name = name
        self.paths = tuple(paths)
        self.read = read
        self.relations = relations
        self._every = every
        self._is_price = name in PRICES
        # As BSON has them: the type, the key, a NUL, and then the value.
        keys = [path.parts[-1].encode() for path in paths] if relations else []
        self._marks = [b"%c%b\0" % (kind, key) for key in keys for kind in (OBJECT_ID, ARRAY)]

    def find(self, document: Mapping[str, Any], related: Related) -> Found:
        """Return the first value that there is. An object that is none gives way to the paths that lead into it."""
        wrong: list[tuple[Path, dict[str, Any]]] = []
        for path in self.paths:
            lying = path.get(document)
            if lying is None:
                continue
            if self._is_price and type(lying) is dict and not values.has_amount(lying):
                wrong.append((path, lying))
                continue
            value = self.read(self._resolved(lying, related) if self.relations else lying)
            if value is None or value == ():
                continue
            if type(value) is Unparsed and type(lying) is dict:
                wrong.append((path, lying))
                continue
            return path, lying, value
        found = next(((path, lying) for path, lying in wrong if not self._only_holds(path, lying)), None)
        return NOT_FOUND if found is None else (*found, values.unparsed(found[1]))

    def narrowed(self, leads: Callable[[Path], bool]) -> MappedField:
        """Return the field for documents in which only those of its paths lead anywhere of which `leads` says so."""
        paths = [path for path in self.paths if leads(path)]
        return type(self)(self.name, paths, self.read, self.relations, self._every)

    def value_finder(self) -> Callable[[Mapping[str, Any], Related], Any]:
        """Return what finds the value alone."""
        if type(self) is not MappedField or self.relations or len(self.paths) != 1:
            return lambda document, related: self.find(document, related)[2]
        get, read = self.paths[0].get, self.read

        def find(document: Mapping[str, Any], _: Related) -> Any:
            lying = get(document)
            return None if lying is None else read(lying)

        return find

    def lying(self, document: Mapping[str, Any]) -> Found:
        """Return the first value that lies at a path, whatever it means."""
        return next(((path, v, v) for path in self.paths if (v := path.get(document)) is not None), NOT_FOUND)

    def _only_holds(self, path: Path, lying: Mapping[str, Any]) -> bool:
        """Tell whether an object is there for values that may be absent: for one of this field, or of others alone."""
        known = _within(path, self._every)
        return not lying.keys().isdisjoint(_within(path, self.paths)) or bool(known and lying.keys() <= known)

    def add_ids(self, raw: bytes, decoded: Callable[[], Mapping[str, Any]], found: dict[bytes, DocumentId]) -> None:
        """Add the ids that stand at the paths, and maybe others, by their bytes; few need the document decoded."""
        matches: list[bytes] = []
        are_all = True
        for mark in self._marks:
            at = raw.find(mark)
            while at >= 0 and are_all:
                start = at + len(mark)
                ids = [raw[start : start + _ID_BYTES]] if mark[0] == OBJECT_ID else _ids_alone(raw, start)
                are_all = ids is not None and len(matches) < _MOST_MATCHES
                matches += ids or ()
                at = raw.find(mark, start)
        if are_all:
            _add(found, matches)
            return
        document = decoded()
        for path in self.paths:
            _add(found, (one.binary for one in _ids(path.get(document))))

    def _resolved(self, lying: Any, related: Related) -> Any:
        """Return what the first id stands for that is known, None for ids that nobody knows; all else as it is."""
        if type(lying) is str:
            return lying
        ids = _ids(lying)
        if not ids:
            return lying
        known = (related.get(name, {}).get(document_id) for document_id in ids for name in self.relations)
        return next((value for value in known if value is not None), None)


class ImagesField(MappedField):
    """Images, which may stand at several paths at once: the main one, and the gallery."""

    __slots__ = ()

    def find(self, document: Mapping[str, Any], related: Related) -> Found:  # noqa: ARG002 - as of all fields
        """Return the images of all paths, with the first path that has one."""
        found = [(path, lying, urls) for path in self.paths if (urls := self.read(lying := path.get(document)))]
        if not found:
            return NOT_FOUND
        if len(found) == 1:
            return found[0]
        path, lying, _ = found[0]
        return path, lying, tuple(dict.fromkeys(url for _, _, urls in found for url in urls))


def _within(path: Path, others: Sequence[Path]) -> set[str]:
    """Return the names that paths go on with inside what one path leads to."""
    depth = len(path.parts)
    return {other.parts[depth] for other in others if len(other.parts) > depth and other.parts[:depth] == path.parts}


def _add(found: dict[bytes, DocumentId], ids: Iterable[bytes]) -> None:
    for one in ids:
        if one not in found and len(one) == _ID_BYTES:
            found[one] = ObjectId(one)


def _ids_alone(raw: bytes, start: int) -> list[bytes] | None:
    """Return the first ids of a list that begins with its length at a byte; None if it may hold anything else."""
    end = start + int.from_bytes(raw[start : start + 4], "little", signed=True) - 1
    if start + 4 <= end < len(raw) and _ID_LIST.fullmatch(raw, start + 4, end):
        return [one[1] for one in islice(_ID_IN_LIST.finditer(raw, start + 4, end), _MOST_IDS)]
    return None


def _ids(lying: Any) -> list[ObjectId]:
    parts = lying if isinstance(lying, list) else [lying]
    return list(islice((part for part in parts if isinstance(part, ObjectId)), _MOST_IDS))


def compiled(
    mapped: Mapping[str, Sequence[str]], relations: Mapping[str, str], zone: tzinfo | None, locale: str
) -> dict[str, MappedField]:
    """Return the fields by name. mapped, relations: as configured. Raises ConfigError."""
    wanted: dict[str, Sequence[str]] = dict(PATHS)
    for given, texts in mapped.items():
        wanted[_checked_name(given, "map")] = texts
    looked_up = {name: _by_collection(name, texts) for name, texts in RELATIONS.items()}
    for given, text in relations.items():
        looked_up[_checked_name(given, "relations")] = _by_collection(given, (text,))
    led = {name: [checked_path(text, f"mongodb.map.{name}") for text in texts] for name, texts in wanted.items()}
    every = [path for paths in led.values() for path in paths]
    found: dict[str, MappedField] = {}
    for name, paths in led.items():
        if paths:
            kind = ImagesField if name == "images" else MappedField
            found[name] = kind(name, paths, reader_of(name, zone, locale), looked_up.get(name, {}), every)
    return found


def reader_of(name: str, zone: tzinfo | None, locale: str) -> Reader:
    """Return how a field is read, prices, statuses and variants aside."""
    if name in TIMES:
        return partial(values.time_of, zone=zone, locale=locale, end_of_day=name in _LAST_DAYS)
    if name in FLAGS:
        return values.flag_of
    if name == "stock":
        return partial(values.amount_of, locale=locale)
    special: Mapping[str, Reader] = {
        "images": values.images_of,
        "description": values.markup_of,
        "category": values.category_of,
        "availability": values.availability_of,
    }
    return special.get(name, values.text_of)


def _checked_name(given: str, section: str) -> str:
    name = _ALIASES.get(given, given)
    if name in NAMES:
        return name
    if name == "id":
        raise ConfigError(f'mongodb.{section}: "id" is always the _id of the document')
    near = get_close_matches(given, NAMES, 1)
    hint = f'did you mean "{near[0]}"?' if near else f"fields are {', '.join(NAMES)}"
    raise ConfigError(f'mongodb.{section}: "{given}" is no field of a product; {hint}')


def _by_collection(name: str, texts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        collection, dot, path = text.partition(".")
        if not (collection and dot and path):
            raise ConfigError(f'mongodb.relations.{name}: "{text}" is no relation; expected one such as "brands.name"')
        found[collection] = checked_path(path, f"mongodb.relations.{name}").text
    return found
