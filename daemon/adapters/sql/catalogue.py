"""Products in SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.paging import checked_limit, number_before, page_of, text_after
from daemon.adapters.sql import import_pages, schema
from daemon.adapters.sql import product_queries as queries
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.forget import dropping, forget_rows
from daemon.adapters.sql.product_writes import Change, head, write_products
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import Records, text_list
from daemon.errors import Conflict, NotFound
from daemon.ports import ImportedPage, Page
from daemon.products.documents import to_json
from daemon.products.imports import EditRecord, Parsed, ProductFilter, SourceState, with_soldout_since
from daemon.products.product import PricePoint, Product
from daemon.products.records import PriceRun, price_points
from daemon.products.verdicts import KeyHolder

_PRODUCTS: Final = import_pages.PRODUCTS
_EDITS: Final[Records[EditRecord]] = Records(EditRecord)
_SOURCES: Final[Records[SourceState]] = Records(SourceState)
_DOCUMENTS: Final[Records[dict[str, object]]] = Records(dict[str, object])
_DIVERGED_PAGE: Final = 250

_e, _s = schema.edits.c, schema.sources.c
_EDITS_OF: Final = Statement(
    select(_e.revision, _e.body)
    .where(_e.product_id == bindparam("of_product"), _e.revision < bindparam("before"))
    .order_by(_e.revision.desc())
    .limit(bindparam("at_most"))
)
_FORGET_EDITS: Final = (dropping(_e.edited_at),)
_ALL_SOURCES: Final = Statement(select(_s.body).order_by(_s.name))
_source = insert(schema.sources)
_SAVE_SOURCE: Final = Statement(
    _source.on_conflict_do_update(index_elements=[_s.name], set_={"body": _source.excluded.body})
)


class SqlCatalogue:
    """A ports.Catalogue. feed: the name of this store's change feed, which its marks carry."""

    def __init__(self, database: Database, feed: str) -> None:
        self._database = database
        self._feed = feed

    async def get(self, product_id: str) -> Product:
        """Return one product. Raises NotFound."""
        return await self._database.read(lambda session: _get(session, product_id))

    async def get_many(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return those of the named products that exist, by id."""
        ids = text_list(product_ids)
        return await self._database.read(lambda s: {i: _PRODUCTS.read(b) for i, b in s.all(queries.GET_MANY, ids=ids)})

    async def count(self, where: ProductFilter | None = None) -> int:
        """Return how many products match."""
        values = queries.asked(where or ProductFilter())
        counting = queries.counting(values)
        return await self._database.read(lambda session: _number(session, counting, values))

    async def find(self, where: ProductFilter, limit: int, cursor: str | None = None) -> Page:
        """Return a page of products in the order of their ids. Raises InvalidInput for a cursor that is none."""
        last = text_after("products", cursor) if cursor else None
        values = queries.asked(where)
        walk, at_most = queries.listing(values), checked_limit(limit) + 1
        rows = await self._database.read(
            lambda s: [(i, _PRODUCTS.read(b)) for i, b in walk.page(s, last, at_most, **values)]
        )
        return page_of("products", rows, limit)

    async def mark(self) -> str:
        """Return the head of the change feed."""
        return self._mark(await self._database.read(head))

    async def changed(self, since: str | None, limit: int) -> tuple[Sequence[Product], str]:
        """Return up to `limit` products changed after a mark, oldest change first, and the mark to go on from.

        A mark of another feed (another store, or a catalogue in memory) says nothing here: all are changed.
        """
        after = self._place(since)
        rows = await self._database.read(
            lambda s: [
                (place, _PRODUCTS.read(body))
                for place, body in s.all(queries.CHANGED, after=after, at_most=checked_limit(limit))
            ]
        )
        return [product for _, product in rows], self._mark(rows[-1][0] if rows else after)

    async def scan(self, page_size: int) -> AsyncIterator[Sequence[Product]]:
        """Iterate over all products in pages, in the order of their ids; survives writes meanwhile."""
        last: str | None = None
        while page := await self._scan_page(last, checked_limit(page_size)):
            last = page[-1].id
            yield page

    async def replace(self, read: Product, new: Product, *, actor: str, now: datetime) -> Product:
        """Store `new` if the stored product is still as `read`; return it with its new revision."""

        def unit(session: Session) -> Product:
            before = _get(session, read.id)
            if new.id != read.id or before.revision != read.revision:
                raise Conflict(f"product {read.id!r} was changed meanwhile: revision {before.revision}")
            after = with_soldout_since(before, msgspec.structs.replace(new, revision=before.revision + 1), now)
            write_products(session, [Change(before, after)], actor, now)
            return after

        return await self._database.write(unit, durable=True)

    async def history(self, product_ids: Sequence[str], before_day: str) -> dict[str, Sequence[PricePoint]]:
        """Return up to 60 points of distinct UTC days before a day, oldest first, by product id."""
        ids, day = text_list(product_ids), date.fromisoformat(before_day).isoformat()
        return await self._database.read(lambda session: _history(session, ids, day))

    async def holders(self, kind: str, keys: Iterable[str]) -> dict[str, Sequence[KeyHolder]]:
        """Return who holds normalised keys: non-archived products, variants included, each once, by id."""
        wanted = text_list(keys)
        rows = await self._database.read(lambda s: s.all(queries.HOLDERS, of_kind=kind, keys=wanted))
        return {key: [KeyHolder(i, group) for _, i, group in held] for key, held in groupby(rows, itemgetter(0))}

    async def statuses(self, product_ids: Sequence[str]) -> dict[str, str]:
        """Return the status text of those of the named products that exist."""
        ids = text_list(product_ids)
        return await self._database.read(lambda session: dict(session.all(queries.STATUSES, ids=ids)))

    async def edits(self, product_id: str, limit: int, cursor: str | None = None) -> Page:
        """Return a page of EditRecord of one product, newest first."""
        before, at_most = number_before("edits", cursor), checked_limit(limit) + 1
        rows = await self._database.read(
            lambda s: [
                (revision, _EDITS.read(body))
                for revision, body in s.all(_EDITS_OF, of_product=product_id, before=before, at_most=at_most)
            ]
        )
        return page_of("edits", rows, limit)

    async def forget_edits(self, before: datetime) -> int:
        """Delete edit records of before a time, but those of a changed status; return how many."""
        return await forget_rows(self._database, _FORGET_EDITS, before)

    async def store_page(self, source: str, page: Sequence[Parsed], import_id: str, now: datetime) -> ImportedPage:
        """Merge a page of an import in one transaction, and keep each row as the source's last version."""
        return await self._database.write(import_pages.store_page(source, page, import_id, now), durable=False)

    async def finish_import(self, source: str, import_id: str, now: datetime) -> int:
        """Mark products of the source that this import did not name as missing; return how many are newly so."""
        return await self._database.write(import_pages.finish_import(source, import_id, now), durable=False)

    async def document(self, product_id: str) -> Mapping[str, object] | None:
        """Return the source document kept as it came."""
        row = await self._database.read(lambda session: session.one(queries.DOCUMENT, of_product=product_id))
        return None if row is None or row[0] is None else _DOCUMENTS.read(row[0])

    async def diverged(self, source: str | None) -> AsyncIterator[tuple[Product, Product]]:
        """Iterate over (the source's last version, stored) pairs of products whose status differs between the two."""
        values = {} if source is None else {"of_source": source}
        walk = queries.diverged(of_one_source=source is not None)
        last: str | None = None
        while pairs := await self._database.read(
            lambda s: [
                (i, _PRODUCTS.read(base), _PRODUCTS.read(body))
                for i, base, body in walk.page(s, last, _DIVERGED_PAGE, **values)  # noqa: B023  # awaited at once
            ]
        ):
            last = pairs[-1][0]
            for _, base, stored in pairs:
                yield base, stored

    async def source_versions(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Return the source's own last version of products, by id."""
        ids = text_list(product_ids)
        return await self._database.read(lambda s: {i: _PRODUCTS.read(b) for i, b in s.all(queries.VERSIONS, ids=ids)})

    async def sources(self) -> dict[str, SourceState]:
        """Return what is remembered of every source, by name."""
        states = await self._database.read(lambda s: [_SOURCES.read(body) for (body,) in s.all(_ALL_SOURCES)])
        return {state.name: state for state in states}

    async def save_source(self, state: SourceState) -> None:
        """Remember the state of a source."""
        body = to_json(state)
        await self._database.write(lambda s: s.run(_SAVE_SOURCE, name=state.name, body=body), durable=False)

    async def _scan_page(self, last: str | None, size: int) -> list[Product]:
        return await self._database.read(
            lambda session: [_PRODUCTS.read(body) for _, body in queries.SCAN.page(session, last, size)]
        )

    def _mark(self, place: int) -> str:
        return f"{self._feed}:{place}"

    def _place(self, mark: str | None) -> int:
        feed, _, place = (mark or "").partition(":")
        return int(place) if feed == self._feed and place.isdecimal() else 0


def _get(session: Session, product_id: str) -> Product:
    row = session.one(queries.GET, of_product=product_id)
    if row is None:
        raise NotFound(f"there is no product {product_id!r}")
    return _PRODUCTS.read(row[0])


def _number(session: Session, query: Statement, values: Mapping[str, Any]) -> int:
    row = session.one(query, **values)
    return int(row[0]) if row else 0


def _history(session: Session, ids: str, day: str) -> dict[str, Sequence[PricePoint]]:
    rows = session.all(queries.RUNS, ids=ids, day=day)
    found: dict[str, Sequence[PricePoint]] = {}
    for product_id, runs in groupby(rows, itemgetter(0)):
        points = price_points([_run(*run) for _, *run in runs], day)
        if points:
            found[product_id] = points
    return found


def _run(first_day: str, price: str | None, currency: str | None) -> PriceRun:
    return PriceRun(first_day, None if price is None else Decimal(price), currency)
