"""What the mirror and the store beside it answer alone: lists, the change feed, keys, prices, imports."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

from daemon.adapters.sql.catalogue import SqlCatalogue
from daemon.ports import ImportedPage, Page
from daemon.products.imports import Parsed, ProductFilter, SourceState
from daemon.products.product import PricePoint, Product
from daemon.products.verdicts import KeyHolder


class Beside:
    """The part of port Catalogue that asks nobody but our own store."""

    def __init__(self, stored: SqlCatalogue) -> None:
        self._stored = stored

    async def get_many(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return those of the named products that exist, by id, as they were last read."""
        return await self._stored.get_many(product_ids)

    async def count(self, where: ProductFilter | None = None) -> int:
        """Return how many products match."""
        return await self._stored.count(where)

    async def find(self, where: ProductFilter, limit: int, cursor: str | None = None) -> Page:
        """Return a page of products in the order of their ids. Raises InvalidInput for a cursor that is none."""
        return await self._stored.find(where, limit, cursor)

    async def mark(self) -> str:
        """Return the head of the change feed."""
        return await self._stored.mark()

    async def changed(self, since: str | None, limit: int) -> tuple[Sequence[Product], str]:
        """Return up to `limit` products changed after a mark, oldest change first, and the mark to go on from."""
        return await self._stored.changed(since, limit)

    def scan(self, page_size: int) -> AsyncIterator[Sequence[Product]]:
        """Iterate over all products in pages, in the order of their ids; survives writes meanwhile."""
        return self._stored.scan(page_size)

    async def history(self, product_ids: Sequence[str], before_day: str) -> dict[str, Sequence[PricePoint]]:
        """Return up to 60 points of distinct UTC days before a day, oldest first, by product id."""
        return await self._stored.history(product_ids, before_day)

    async def holders(self, kind: str, keys: Iterable[str]) -> dict[str, Sequence[KeyHolder]]:
        """Return who holds normalised keys: non-archived products, variants included."""
        return await self._stored.holders(kind, keys)

    async def statuses(self, product_ids: Sequence[str]) -> dict[str, str]:
        """Return the status text of those of the named products that exist."""
        return await self._stored.statuses(product_ids)

    async def forget_edits(self, before: datetime) -> int:
        """Delete edit records of before a time, but those of a changed status, which stay; return how many."""
        return await self._stored.forget_edits(before)

    async def store_page(self, source: str, page: Sequence[Parsed], import_id: str, now: datetime) -> ImportedPage:
        """Merge a page of an import, beside the shop's products, which are foreign to it."""
        return await self._stored.store_page(source, page, import_id, now)

    async def finish_import(self, source: str, import_id: str, now: datetime) -> int:
        """Mark products of the source that this import did not name as missing; return how many are newly so."""
        return await self._stored.finish_import(source, import_id, now)

    def diverged(self, source: str | None) -> AsyncIterator[tuple[Product, Product]]:
        """Iterate over (the source's last version, stored) pairs of imported products whose status differs."""
        return self._stored.diverged(source)

    async def save_source(self, state: SourceState) -> None:
        """Remember the state of a source."""
        await self._stored.save_source(state)
