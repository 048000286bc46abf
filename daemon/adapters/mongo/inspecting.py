"""What a mapping makes of single documents, field by field, and how a remedy would change them. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

import bson
import msgspec
from bson import ObjectId

from daemon.adapters.mongo.collection import Collection
from daemon.adapters.mongo.decoding import OPTIONS, decoded
from daemon.adapters.mongo.documents import Document, DocumentId
from daemon.adapters.mongo.elements import elements
from daemon.adapters.mongo.fields import MappedField, Related
from daemon.adapters.mongo.kinds import kind_of
from daemon.adapters.mongo.mapping import Field, ShopMapping
from daemon.adapters.mongo.paths import Path
from daemon.adapters.mongo.values import images_of
from daemon.adapters.mongo.writing import applied
from daemon.errors import InvalidInput
from daemon.products.product import Product, Status, Unparsed
from daemon.products.remedies import STATUS_AFTER
from daemon.products.verdicts import RemedyKind

#: Outermost keys that are no field of a product: what names the document, and mongoose's count of its changes.
_OWN: Final = frozenset({"_id", "__v"})
#: From this size on, in bytes, a value that no path reads is not looked into.
_LARGE: Final = 262_144
#: How many ids are looked up in one query.
_TOGETHER: Final = 500


class Origin(StrEnum):
    """Where the value of a field comes from, or why it has none."""

    DOCUMENT = "document"
    ABSENT = "absent"  # nothing lies at its paths
    BLANK = "blank"  # what lies there says nothing: null, a blank text, an empty list
    UNRESOLVED = "unresolved"  # an id that no document of the collections it may refer to has
    UNRELATED = "unrelated"  # an id that nobody said where to look up
    DEFAULT = "default"  # the value of a product that does not say
    CONFIGURED = "configured"  # [catalogue] or [mongodb] gives it
    ID = "id"  # the time in an ObjectId
    PRICE = "price"  # the currency that stands with a price


class Row(NamedTuple):
    """One canonical field of one document. path: where it was found; lying: what lies there, None for null too.

    looked_up: the collections that an id there may refer to.
    """

    name: str
    path: str
    lying: Any
    value: object
    origin: Origin
    looked_up: tuple[str, ...] = ()


class Leftover(NamedTuple):
    """An outermost key that no path reads, with the type of what lies there, "large" where that is not looked into."""

    key: str
    kind: str
    value: Any


class Trial(NamedTuple):
    """What a remedy would do to one document: update operators there and back, or why it is refused.

    was: by path, what lay there where taking it back writes something else, times of change left out.
    """

    kind: RemedyKind
    change: Mapping[str, Any]
    undo: Mapping[str, Any]
    refusal: str = ""
    was: Mapping[str, Any] = {}


class Inspected(NamedTuple):
    """One document. product: None where it is rejected, with the reason."""

    id: str
    size: int
    product: Product | None
    rows: Sequence[Row] = ()
    leftovers: Sequence[Leftover] = ()
    trials: Sequence[Trial] = ()
    reason: str = ""


async def relatives(collection: Collection, mapping: ShopMapping, documents: Sequence[Document]) -> Related:
    """Return what the documents refer to. Raises Unavailable."""
    found: dict[str, dict[DocumentId, Any]] = {}
    for name, ids in mapping.wanted(documents).items():
        for start in range(0, len(ids), _TOGETHER):
            part = ids[start : start + _TOGETHER]
            found.setdefault(name, {}).update(await collection.related(name, part, mapping.relations[name]))
    return found


def inspect(mapping: ShopMapping, document: Document, related: Related, now: datetime, currency: str = "") -> Inspected:
    """Return what a mapping makes of a document.

    now: aware, the time that a remedy would be made at. currency: that the configuration gives to prices without one.
    """
    try:
        product = mapping.product(document, None, related)
        fields = mapping.explained(document, related)
        lying = decoded(document.raw, _names(mapping))
    except InvalidInput as error:
        return Inspected(document.id, len(document.raw), None, reason=str(error))
    rows = [_row(field, mapping.mapped.get(field.name), lying, currency) for field in fields]
    trials = [_tried(mapping, document, lying, product, kind, now) for kind in RemedyKind]
    return Inspected(
        document.id, len(document.raw), product, rows, _leftovers(document, mapping),
        trials if product.status is Status.LISTED else (),
    )  # fmt: skip


def _names(mapping: ShopMapping) -> set[str]:
    paths = [path for field in mapping.mapped.values() for path in field.paths]
    return {"_id", *(path.top for path in paths), *(path.text for path in paths)}


def _row(field: Field, mapped: MappedField | None, lying: Mapping[str, Any], currency: str) -> Row:
    relations = tuple(mapped.relations) if mapped else ()
    if mapped is None or field.path:
        path = _image_paths(mapped, lying) if mapped is not None and field.name == "images" else field.path
        is_id = field.name != "id" and isinstance(field.value, str) and _has_ids(field.found) and not relations
        return Row(field.name, path, field.found, field.value, Origin.UNRELATED if is_id else Origin.DOCUMENT)
    standing = next((path for path in mapped.paths if _stands(path, lying)), None)
    found = standing.get(lying) if standing else None
    origin = _origin(field, standing, found, currency)
    return Row(field.name, standing.text if standing else "", found, field.value, origin, relations)


def _origin(field: Field, standing: Path | None, found: Any, currency: str) -> Origin:
    if field.name == "status":
        return Origin.DEFAULT
    if field.value is None or field.value == ():
        if standing is None:
            return Origin.ABSENT
        return Origin.UNRESOLVED if _has_ids(found) else Origin.BLANK
    if field.name == "created_at":
        return Origin.ID
    return Origin.PRICE if field.name == "currency" and field.value != currency else Origin.CONFIGURED


def _has_ids(lying: Any) -> bool:
    return any(isinstance(part, ObjectId) for part in (lying if isinstance(lying, list) else [lying]))


def _image_paths(mapped: MappedField, lying: Mapping[str, Any]) -> str:
    return ", ".join(path.text for path in mapped.paths if images_of(path.get(lying)))


def _stands(path: Path, document: Mapping[str, Any]) -> bool:
    """Tell whether anything lies at a path, null included."""
    return path.stands(document) or path.get(document) is not None or path.text in document


def _leftovers(document: Document, mapping: ShopMapping) -> list[Leftover]:
    read = _names(mapping) | _OWN
    parts = [part for part in elements(document.raw) if part.name.decode(errors="replace") not in read]
    names = [part.name.decode(errors="replace") for part in parts]
    large = {name: len(part.data) for name, part in zip(names, parts, strict=True) if len(part.data) >= _LARGE}
    values = decoded(document.raw, [name for name in names if name not in large])
    return [
        Leftover(name, "large", Unparsed(f"{large[name]:,} bytes"))
        if name in large
        else Leftover(name, kind_of(values.get(name)), values.get(name))
        for name in dict.fromkeys(names)
    ]


def _tried(
    mapping: ShopMapping, document: Document, lying: Mapping[str, Any], product: Product, kind: RemedyKind,
    now: datetime,
) -> Trial:  # fmt: skip
    after = msgspec.structs.replace(product, status=STATUS_AFTER[kind])
    try:
        change, words = mapping.write(document, product, after, now)[1:]
        changed = {name: one for name, one in applied(lying, change).items() if not isinstance(one, Unparsed)}
        then = document._replace(raw=bson.encode(changed, codec_options=OPTIONS))
        undo = mapping.write(then, after, product, now, words).change
    except InvalidInput as error:
        return Trial(kind, {}, {}, str(error))
    said = {path: Path(path).nested(lying) for path in undo.get("$set", {})}
    was = {path: said[path] for path, value in undo.get("$set", {}).items() if value != said[path]}
    return Trial(
        kind, change, undo, was={path: value for path, value in was.items() if not isinstance(value, datetime)}
    )
