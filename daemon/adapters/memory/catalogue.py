"""Products in memory, with everything that the SQL catalogue does."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from daemon.adapters.memory.feed import ChangeFeed
from daemon.adapters.paging import checked_limit, number_before, page_of, text_after
from daemon.errors import Conflict, NotFound
from daemon.ports import ImportedPage, Page
from daemon.products.importing import CREATED, FOREIGN, UNCHANGED, UPDATED, PagePlan, RowPlan
from daemon.products.imports import EditRecord, Parsed, ProductFilter, SourceState, with_soldout_since
from daemon.products.keys import Key
from daemon.products.product import PricePoint, Product
from daemon.products.records import (
    PriceRun,
    continues,
    edit_record,
    held_keys,
    matches,
    moves_status,
    price_points,
    price_run,
    status_text,
)
from daemon.products.verdicts import KeyHolder


class MemoryCatalogue:
    """A ports.Catalogue that is gone with the process. Nothing is awaited inside a method, so each is atomic."""

    def __init__(self) -> None:
        self._products: dict[str, Product] = {}
        self._ids: list[str] = []  # sorted; made anew when products have been added
        self._feed = ChangeFeed()
        self._holders: dict[Key, dict[str, None]] = {}
        self._members: dict[str, dict[str, None]] = {}
        self._bases: dict[str, Product] = {}
        self._documents: dict[str, Mapping[str, object]] = {}
        self._seen: dict[str, str] = {}
        self._runs: dict[str, list[PriceRun]] = {}
        self._edits: dict[str, list[EditRecord]] = {}
        self._sources: dict[str, SourceState] = {}

    async def get(self, product_id: str) -> Product:
        """Return one product. Raises NotFound."""
        try:
            return self._products[product_id]
        except KeyError:
            raise NotFound(f"there is no product {product_id!r}") from None

    async def get_many(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return those of the named products that exist, by id."""
        return {i: self._products[i] for i in product_ids if i in self._products}

    async def count(self, where: ProductFilter | None = None) -> int:
        """Return how many products match."""
        return len(self._products) if where is None else sum(matches(p, where) for p in self._products.values())

    async def find(self, where: ProductFilter, limit: int, cursor: str | None = None) -> Page:
        """Return a page of products in the order of their ids. Raises InvalidInput for a cursor that is none."""
        after = text_after("products", cursor)
        wanted = checked_limit(limit) + 1
        found = []
        for product_id in self._ids_after(after if cursor else None):
            if matches(product := self._products[product_id], where):
                found.append((product_id, product))
                if len(found) == wanted:
                    break
        return page_of("products", found, limit)

    async def mark(self) -> str:
        """Return the head of the change feed."""
        return self._feed.head()

    async def changed(self, since: str | None, limit: int) -> tuple[Sequence[Product], str]:
        """Return up to `limit` products changed after a mark, and the mark to go on from."""
        ids, mark = self._feed.after(since, checked_limit(limit))
        return [self._products[i] for i in ids], mark

    async def scan(self, page_size: int) -> AsyncIterator[Sequence[Product]]:
        """Iterate over all products in pages, in the order of their ids; survives writes meanwhile."""
        last: str | None = None
        while ids := self._ids_after(last)[: checked_limit(page_size)]:
            last = ids[-1]
            yield [self._products[i] for i in ids]

    async def replace(self, read: Product, new: Product, *, actor: str, now: datetime) -> Product:
        """Store `new` if the stored product is still as `read`; return it with its new revision."""
        before = await self.get(read.id)
        if new.id != read.id or before.revision != read.revision:
            raise Conflict(f"product {read.id!r} was changed meanwhile: revision {before.revision}")
        raised = msgspec.structs.replace(new, revision=before.revision + 1)
        after = with_soldout_since(before, raised, now)
        self._write(before, after, now, actor)
        return after

    async def history(self, product_ids: Sequence[str], before_day: str) -> dict[str, Sequence[PricePoint]]:
        """Return up to 60 points of distinct UTC days before a day, oldest first, by product id."""
        points = {i: price_points(self._runs.get(i, ()), before_day) for i in product_ids}
        return {i: found for i, found in points.items() if found}

    async def holders(self, kind: str, keys: Iterable[str]) -> dict[str, Sequence[KeyHolder]]:
        """Return who holds normalised keys: non-archived products, variants included, each once, by id."""
        held = {key: sorted(self._holders.get((kind, key), ())) for key in keys}
        return {k: [KeyHolder(i, self._products[i].item_group_id) for i in ids] for k, ids in held.items() if ids}

    async def statuses(self, product_ids: Sequence[str]) -> dict[str, str]:
        """Return the status text of those of the named products that exist."""
        return {i: status_text(self._products[i]) for i in product_ids if i in self._products}

    async def edits(self, product_id: str, limit: int, cursor: str | None = None) -> Page:
        """Return a page of EditRecord of one product, newest first."""
        before = number_before("edits", cursor)
        records = [(r.revision, r) for r in reversed(self._edits.get(product_id, [])) if r.revision < before]
        return page_of("edits", records, checked_limit(limit))

    async def forget_edits(self, before: datetime) -> int:
        """Delete edit records of before a time, but those of a changed status; return how many."""
        count = 0
        for product_id, records in self._edits.items():
            kept = [record for record in records if record.at >= before or moves_status(record)]
            count += len(records) - len(kept)
            self._edits[product_id] = kept
        return count

    async def store_page(self, source: str, page: Sequence[Parsed], import_id: str, now: datetime) -> ImportedPage:
        """Merge a page of an import, and keep each row as the source's last version."""
        ids = [parsed.product.id for parsed in page]
        stored = {i: self._products[i] for i in ids if i in self._products}
        plan = PagePlan(source, now, stored, {i: self._bases[i] for i in ids if i in self._bases})
        plan.take(page)
        for row in plan.rows:
            if row.outcome != FOREIGN:
                self._keep(row, f"source:{source}", import_id, now)
        return ImportedPage(plan.ids(CREATED), plan.ids(UPDATED), plan.ids(UNCHANGED), plan.ids(FOREIGN))

    async def finish_import(self, source: str, import_id: str, now: datetime) -> int:
        """Mark products of the source that this import did not name as missing; return how many are newly so."""
        gone = [
            p
            for i, p in self._products.items()
            if p.source == source and p.missing_since is None and self._seen.get(i) != import_id
        ]
        for product in gone:
            after = msgspec.structs.replace(product, missing_since=now, revision=product.revision + 1)
            self._write(product, after, now, f"source:{source}")
        return len(gone)

    async def document(self, product_id: str) -> Mapping[str, object] | None:
        """Return the source document kept as it came."""
        return self._documents.get(product_id)

    async def diverged(self, source: str | None) -> AsyncIterator[tuple[Product, Product]]:
        """Iterate over (the source's last version, stored) pairs of products whose status differs between the two."""
        for product_id in self._ids_after(None):
            stored, base = self._products[product_id], self._bases.get(product_id)
            if base is not None and base.status != stored.status and source in {None, stored.source}:
                yield base, stored

    async def source_versions(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return the source's own last version of products, by id."""
        return {i: self._bases[i] for i in product_ids if i in self._bases}

    async def sources(self) -> dict[str, SourceState]:
        """Return what is remembered of every source, by name."""
        return dict(self._sources)

    async def save_source(self, state: SourceState) -> None:
        """Remember the state of a source."""
        self._sources[state.name] = state

    def _ids_after(self, last: str | None) -> list[str]:
        if len(self._ids) != len(self._products):
            self._ids = sorted(self._products)
        return self._ids if last is None else self._ids[bisect_right(self._ids, last) :]

    def _keep(self, row: RowPlan, actor: str, import_id: str, now: datetime) -> None:
        product_id = row.after.id
        self._seen[product_id] = import_id
        self._bases[product_id] = row.theirs
        if row.document is None:
            self._documents.pop(product_id, None)
        else:
            self._documents[product_id] = row.document
        if row.outcome != UNCHANGED:
            self._write(row.before, row.after, now, actor)

    def _write(self, before: Product | None, after: Product, now: datetime, actor: str) -> None:
        product_id = after.id
        self._products[product_id] = after
        keys_before, keys_after = held_keys(before), held_keys(after)
        touched = [i for key in (*keys_before, *keys_after) for i in self._holders.get(key, ())]
        touched += self._members.get(product_id, ())
        for key in keys_before:
            self._holders[key].pop(product_id, None)
        for key in keys_after:
            self._holders.setdefault(key, {})[product_id] = None
        if before is not None and before.item_group_id is not None:
            self._members[before.item_group_id].pop(product_id, None)
        if after.item_group_id is not None:
            self._members.setdefault(after.item_group_id, {})[product_id] = None
        self._feed.move([*sorted(set(touched) - {product_id}), product_id])
        runs = self._runs.setdefault(product_id, [])
        add_run(runs, price_run(after, now))
        if before is not None:
            self._edits.setdefault(product_id, []).append(edit_record(before, after, actor, now))


def add_run(runs: list[PriceRun], run: PriceRun) -> None:
    """Add today's run to runs in the order of their days: it replaces one that began today."""
    if runs and runs[-1].first_day == run.first_day:
        runs.pop()
    if not continues(runs[-1] if runs else None, run):
        runs.append(run)
