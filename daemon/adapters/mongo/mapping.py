"""What a document of KeystoneJS says of a product, field by field, and what to change in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from daemon.adapters.mongo.documents import Document, DocumentId
from daemon.config import MongodbSection
from daemon.products.product import Product


class Field(NamedTuple):
    """How one canonical field was read. path: the one that had a value, "" for none; found: as it lies there."""

    name: str
    path: str
    found: Any
    value: object


class Write(NamedTuple):
    """A compare-and-set. where: the id, the shard key and every top-level field that the mapping reads, as it was."""

    where: Mapping[str, Any]
    change: Mapping[str, Any]


class ShopMapping:
    """Reads documents and writes changes, as a section says. Raises ConfigError for a mapping that cannot be."""

    def __init__(self, section: MongodbSection, *, currency: str = "", timezone: str = "", locale: str = "") -> None:
        raise NotImplementedError

    @property
    def fields(self) -> frozenset[str]:
        """Return the canonical fields that have a path."""
        raise NotImplementedError

    def wanted(self, pages: Sequence[Document]) -> Mapping[str, Sequence[DocumentId]]:
        """Return which ids of which collection these documents refer to, for the fields of [mongodb.relations]."""
        raise NotImplementedError

    def product(
        self, document: Document, before: Product | None, related: Mapping[str, Mapping[DocumentId, Any]]
    ) -> Product:
        """Return what a document says. Raises InvalidInput for one that cannot be read at all.

        before: the product as stored, whose status stands where the document's word means several. related: by
        collection, what the documents that it refers to say.
        """
        raise NotImplementedError

    def explained(self, document: Document, related: Mapping[str, Mapping[DocumentId, Any]]) -> Sequence[Field]:
        """Return how each canonical field was read, for people. Raises InvalidInput."""
        raise NotImplementedError

    def write(self, document: Document, before: Product, after: Product, now: datetime) -> Write:
        """Return how a document is changed so that it says `after` instead of `before`.

        Raises InvalidInput for a change that has no place in the document, such as a status that has no word there.
        """
        raise NotImplementedError
