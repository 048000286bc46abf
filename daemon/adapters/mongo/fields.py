"""The canonical fields of a product, each with its paths and the reader for what stands there."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import tzinfo
from difflib import get_close_matches
from functools import partial
from itertools import islice
from typing import Any, Final, TypeAlias

from bson import ObjectId

from daemon.adapters.mongo import values
from daemon.adapters.mongo.defaults import PATHS, RELATIONS, UNMAPPED
from daemon.adapters.mongo.documents import DocumentId
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
NAMES: Final = (*PATHS, *UNMAPPED)


class MappedField:
    """A canonical field that has paths. relations: what an id that stands there is looked up in, by collection.

    every: the paths of all fields, which tell an object that holds their values from one that nobody knows.
    """

    __slots__ = ("_every", "_id_in", "_list_in", "name", "paths", "read", "relations")

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
        keys = b"|".join(re.escape(path.parts[-1].encode()) for path in paths)
        # As BSON has them: the type, the key, a NUL, the value.
        self._id_in = re.compile(b"\x07(?:%b)\0(.{12})" % keys, re.DOTALL)
        self._list_in = re.compile(b"\x04(?:%b)\0" % keys)

    def find(self, document: Mapping[str, Any], related: Related) -> Found:
        """Return the first value that there is. An object that is none gives way to the paths that lead into it."""
        wrong: list[tuple[Path, dict[str, Any], Unparsed]] = []
        for path in self.paths:
            lying = path.get(document)
            if lying is None:
                continue
            value = self.read(self._resolved(lying, related) if self.relations else lying)
            if value is None or value == ():
                continue
            if type(value) is Unparsed and type(lying) is dict:
                wrong.append((path, lying, value))
                continue
            return path, lying, value
        return next((one for one in wrong if not self._only_holds(one[0], one[1])), NOT_FOUND)

    def narrowed(self, keys: Collection[str]) -> MappedField:
        """Return the field for documents of these outermost keys, without the paths that lead nowhere in them."""
        paths = [path for path in self.paths if path.top in keys or path.text in keys]
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
        return not lying.keys().isdisjoint(_within(path, self.paths)) or lying.keys() <= _within(path, self._every)

    def ids_in(self, raw: bytes, decoded: Callable[[], Mapping[str, Any]]) -> list[DocumentId]:
        """Return the ids that stand at the paths, and maybe others; only lists of them need the document decoded."""
        matches = list(islice(self._id_in.finditer(raw), _MOST_MATCHES))
        are_all = len(matches) < _MOST_MATCHES
        found: list[DocumentId] = [ObjectId(match[1]) for match in matches] if are_all else []
        if are_all and not self._list_in.search(raw):
            return found
        document = decoded()
        for path in self.paths:
            found += _ids(path.get(document))
        return found

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


def _ids(lying: Any) -> list[DocumentId]:
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
