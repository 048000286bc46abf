"""Where products are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from daemon.ports.basics import Page
from daemon.products.imports import Parsed, ProductFilter, SourceState
from daemon.products.product import PricePoint, Product
from daemon.products.verdicts import KeyHolder


class ImportedPage(msgspec.Struct, frozen=True):
    """What storing one page of an import did, by product id."""

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()  # ids that belong to another source; not stored


class Catalogue(Protocol):
    """Where products are: embedded SQLite, memory, or the shop's own database.

    Every stored change raises the product's revision and moves it to the head of the change feed. Products that
    depend on the changed one (those sharing its sku, gtin or slug before or after, and those whose item_group_id
    names it) move there too, without a new revision.
    """

    async def get(self, product_id: str) -> Product:
        """Return one product. Raises NotFound."""

    async def get_many(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return those of the named products that exist, by id."""

    async def count(self, where: ProductFilter | None = None) -> int:
        """Return how many products match."""

    async def find(self, where: ProductFilter, limit: int, cursor: str | None = None) -> Page:
        """Return a page of products in the order of their ids. Raises InvalidInput for a cursor that is none."""

    async def mark(self) -> str:
        """Return the head of the change feed."""

    async def changed(self, since: str | None, limit: int) -> tuple[Sequence[Product], str]:
        """Return up to `limit` products changed after a mark, oldest change first, and the mark to go on from.

        since None starts from the beginning. An empty sequence means that the head is reached.
        """

    def scan(self, page_size: int) -> AsyncIterator[Sequence[Product]]:
        """Iterate over all products in pages, in the order of their ids; survives writes meanwhile."""

    async def replace(self, read: Product, new: Product, *, actor: str, now: datetime) -> Product:
        """Store `new` if the stored product is still as `read`; return it with its new revision.

        Keeps soldout_since, price history, change feed and edit record right. actor goes into the record.
        Raises Conflict when somebody else was faster, NotFound when the product is gone.
        """

    async def history(self, product_ids: Sequence[str], before_day: str) -> dict[str, Sequence[PricePoint]]:
        """Return up to 60 points of distinct UTC days before a day, oldest first, by product id."""

    async def holders(self, kind: str, keys: Iterable[str]) -> dict[str, Sequence[KeyHolder]]:
        """Return who holds normalised keys ("sku", "gtin", "slug"): non-archived products, variants included."""

    async def statuses(self, product_ids: Sequence[str]) -> dict[str, str]:
        """Return the status text of those of the named products that exist."""

    async def edits(self, product_id: str, limit: int, cursor: str | None = None) -> Page:
        """Return a page of EditRecord of one product, newest first."""

    async def forget_edits(self, before: datetime) -> int:
        """Delete edit records of before a time, but those of a changed status, which stay; return how many."""

    async def store_page(self, source: str, page: Sequence[Parsed], import_id: str, now: datetime) -> ImportedPage:
        """Merge a page of an import in one transaction (`imports.merge`), and keep each as the source's last version.

        Ids that another source owns are left alone and reported as foreign.
        """

    async def finish_import(self, source: str, import_id: str, now: datetime) -> int:
        """Mark products of the source that this import did not name as missing; return how many are newly so."""

    async def document(self, product_id: str) -> Mapping[str, object] | None:
        """Return the source document kept as it came."""

    def diverged(self, source: str | None) -> AsyncIterator[tuple[Product, Product]]:
        """Iterate over (the source's last version, stored) pairs of products whose status differs between the two."""

    async def source_versions(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return the source's own last version of products, by id."""

    async def sources(self) -> dict[str, SourceState]:
        """Return what is remembered of every source, by name."""

    async def save_source(self, state: SourceState) -> None:
        """Remember the state of a source."""
