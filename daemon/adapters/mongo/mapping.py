"""What a document of KeystoneJS says of a product, field by field, and what to change in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from bson import ObjectId

from daemon.adapters.mongo import values
from daemon.adapters.mongo.decoding import decoded, shortened
from daemon.adapters.mongo.documents import Document, DocumentId, id_of
from daemon.adapters.mongo.fields import PRICES, MappedField, Related, compiled
from daemon.adapters.mongo.paths import checked_path
from daemon.adapters.mongo.shapes import Shape, shape_of
from daemon.adapters.mongo.status_words import StatusWords, Word
from daemon.adapters.mongo.variants import MOST, VariantReader
from daemon.adapters.mongo.writing import Change, Write, condition_of, raw_elements
from daemon.config import MongodbSection
from daemon.errors import ConfigError, InvalidInput
from daemon.products.feeds.times import zone_of
from daemon.products.money import check_locale, is_currency
from daemon.products.product import Product, Unparsed

__all__ = ["Field", "ShopMapping", "Write"]

#: Shapes of documents for which it is remembered how they are read.
_SHAPES: Final = 1024
_MOST_KEYS: Final = 200
#: Lengths from which on there may be more in a document than is taken over; of all other texts LONGEST_LINE.
_MOST: Final = {"description": values.LONGEST, "images": values.MOST_IMAGES, "variants": MOST}
_NOTHING: Final[Mapping[str, Word]] = MappingProxyType({})
_VERSION: Final = "__v"  # counted up by mongoose whenever it changes an array


class Field(NamedTuple):
    """How one canonical field was read. path: the one that had a value, "" for none; found: as it lies there."""

    name: str
    path: str
    found: Any
    value: object


class ShopMapping:
    """Reads documents and writes changes, as a section says. Raises ConfigError for a mapping that cannot be."""

    def __init__(self, section: MongodbSection, *, currency: str = "", timezone: str = "", locale: str = "") -> None:
        self._source, self._owner = section.name, section.owner or None
        self._currency, self._locale = currency or None, locale
        try:
            check_locale(locale)
            self._zone = zone_of(timezone)
        except InvalidInput as error:
            raise ConfigError(str(error)) from error
        self._words = StatusWords(section.statuses)
        self._status_is_told = "status" in section.map
        self._shard_key = [checked_path(text, "mongodb.shard_key") for text in section.shard_key]
        self._fields = compiled(section.map, section.relations, self._zone, locale)
        self._set_readers()
        self._paths = self._relations()
        paths = [path for field in self._fields.values() for path in field.paths]
        self._names = frozenset({path.top for path in (*paths, *self._shard_key)} | {path.text for path in paths})
        self._shapes: dict[tuple[tuple[str, ...], tuple[type, ...]], Shape] = {}

    @property
    def fields(self) -> frozenset[str]:
        """Return the canonical fields that have a path."""
        return frozenset(self._fields)

    @property
    def mapped(self) -> Mapping[str, MappedField]:
        """Return the canonical fields that have a path, by name, with how each is read."""
        return self._fields

    @property
    def relations(self) -> Mapping[str, str]:
        """Return the path to ask for in each collection that `wanted` may name."""
        return self._paths

    def wanted(self, pages: Sequence[Document]) -> Mapping[str, Sequence[DocumentId]]:
        """Return which ids of which collection these documents refer to, for the fields of [mongodb.relations]."""
        found: dict[str, dict[bytes, DocumentId]] = {}
        for field in self._fields.values():
            ids: dict[bytes, DocumentId] = {}
            for document in pages if field.relations else ():
                field.add_ids(document.raw, partial(self._decoded, document), ids)
            for collection in field.relations if ids else ():
                found.setdefault(collection, {}).update(ids)
        return {collection: list(ids.values()) for collection, ids in found.items()}

    def _decoded(self, document: Document) -> Mapping[str, Any]:
        """Return a document, nothing for one that cannot be read: `product` says so of it."""
        try:
            return decoded(document.raw, self._names)
        except InvalidInput:
            return {}

    def product(self, document: Document, before: Product | None, related: Related) -> Product:
        """Return what a document says. Raises InvalidInput for one that cannot be read at all.

        before: the product as stored, whose status stands where the document's word means several. related: by
        collection, what the documents that it refers to say.
        """
        return self._product(document, decoded(document.raw, self._names), before, related)

    def cut(self, document: Document, product: Product) -> Sequence[str]:
        """Return the canonical fields of which a document may hold more than the product that was made of it."""
        if len(document.raw) < values.LONGEST_LINE:
            return ()
        tops = shortened(document.raw, self._names)
        return [
            name
            for name, field in self._fields.items()
            if _is_full(name, getattr(product, name)) or not tops.isdisjoint(path.top for path in field.paths)
        ]

    def explained(self, document: Document, related: Related) -> Sequence[Field]:
        """Return how each canonical field was read, for people. Raises InvalidInput."""
        lying = decoded(document.raw, self._names)
        product = self._product(document, lying, None, related)
        rows = [Field("id", "_id", id_of(document.place), document.id)]
        for name in Product.__struct_fields__:
            if name in self._fields:
                path, found, _ = self._fields[name].find(lying, related)
                rows.append(Field(name, path.text if path else "", found, getattr(product, name)))
        return rows

    def write(
        self, document: Document, before: Product, after: Product, now: datetime, said: Mapping[str, Word] = _NOTHING
    ) -> Write:
        """Return how a document is changed so that it says `after` instead of `before`; `change` may be empty.

        said: by status, how the document said those that earlier changes of ours have taken away. Raises InvalidInput
        for a change that has no place in the document, such as a status that has no word there.
        """
        lying = decoded(document.raw, self._names)
        change = Change(self._fields, self._words, self._zone, lying, status_is_told=self._status_is_told, said=said)
        change.make(before, after, now)
        standing = self._product(document, lying, before, {})
        change.check(standing, self._product(document, change.applied(), after, {}), after)
        return Write(self._where(document, lying), change.operators(), change.words(before))

    def _product(
        self, document: Document, lying: Mapping[str, Any], before: Product | None, related: Related
    ) -> Product:
        shape = self._shape(lying)
        found: dict[str, Any] = {name: lying[key] for name, key in shape.same}
        for name, key, read in shape.read:
            value = read(lying[key])
            if value is not None:
                found[name] = value
        for name, find in shape.found:
            value = find(lying, related)
            if value is not None:
                found[name] = value
        for name, key in shape.numbers:
            found[name] = values.price_of(lying[key], None, "")[0]
        if shape.prices:
            self._read_prices(lying, shape.prices, found)
        if self._currency:
            found.setdefault("currency", self._currency)
        word = lying[shape.word] if shape.word else shape.status.lying(lying)[1] if shape.status else None
        status = None if word is None else self._words.read(word, before.status if before else None)
        if status is not None:
            found["status"] = status
        if shape.has_variants:
            found["variants"] = self._variants.read(lying, found.get("currency"))
        if found.get("created_at") is None and isinstance(named := id_of(document.place), ObjectId):
            found["created_at"] = named.generation_time
        found.setdefault("owner", self._owner)
        return Product(id=document.id, source=self._source, **found)

    def _read_prices(self, lying: Mapping[str, Any], prices: Sequence[MappedField], found: dict[str, Any]) -> None:
        own: str | None = found.get("currency")
        for field in prices:
            path, written, amount = field.find(lying, {})
            if path is None:
                continue
            if isinstance(written, str | dict):
                amount, stated = values.price_of(written, own or self._currency, self._locale)
                amount = self._in_currency(written, amount, stated, found, own)
            found[field.name] = amount

    def _in_currency(
        self, written: Any, amount: Any, stated: str | None, found: dict[str, Any], own: str | None
    ) -> Any:
        """Take over the currency that a text states; two different ones leave the amount open."""
        if stated is None:
            return amount
        known = found.get("currency")
        if not is_currency(stated):
            found["currency"] = known or self._currency or stated
        elif known and is_currency(known) and known.upper() != stated:
            return Unparsed(values.unparsed(written).text, ambiguous=True)
        else:
            found["currency"] = own or stated
        return amount

    def _where(self, document: Document, lying: Mapping[str, Any]) -> dict[str, Any]:
        tops = sorted({path.top for field in self._fields.values() for path in field.paths})
        raw = raw_elements(document.raw, (*tops, _VERSION))
        where: dict[str, Any] = {"_id": id_of(document.place)}
        for path in self._shard_key:
            if path.text != "_id":
                where[path.text] = {"$eq": path.nested(lying)}  # a key that is absent counts as null, to a cluster too
        for name in tops:
            if name not in where:
                where[name] = condition_of(raw.get(name.encode()))
        if (version := raw.get(_VERSION.encode())) is not None:
            where[_VERSION] = condition_of(version)
        return where

    def _set_readers(self) -> None:
        for name in PRICES:
            if name in self._fields:
                self._fields[name].read = partial(_amount, currency=self._currency, locale=self._locale)
        if "status" in self._fields:
            self._fields["status"].read = partial(self._words.read, before=None)
        self._variants = VariantReader(self._fields.get("variants"), self._currency, self._locale)
        if "variants" in self._fields:
            self._fields["variants"].read = self._variants.of_list

    def _relations(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for field in self._fields.values():
            for collection, path in field.relations.items():
                if found.setdefault(collection, path) != path:
                    raise ConfigError(
                        f'mongodb.relations: of collection "{collection}" both "{found[collection]}" and "{path}"; '
                        "expected one path for each collection"
                    )
        return found

    def _shape(self, lying: Mapping[str, Any]) -> Shape:
        """Return how a document is read."""
        shape = tuple(lying), tuple(map(type, lying.values()))
        found = self._shapes.get(shape)
        if found is None:
            found = shape_of(self._fields, dict(zip(*shape, strict=True)))
            if len(self._shapes) < _SHAPES and len(lying) <= _MOST_KEYS:
                self._shapes[shape] = found
        return found


def _is_full(name: str, value: Any) -> bool:
    return isinstance(value, str | tuple) and len(value) >= _MOST.get(name, values.LONGEST_LINE)


def _amount(value: Any, currency: str | None, locale: str) -> Any:
    return values.price_of(value, currency, locale)[0]
