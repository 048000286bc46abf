"""The SQLite stores: what a pass over an unchanged catalogue costs them, imports, scans and small units of work.

CPU seconds of the whole process, the connections' threads included.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from daemon.adapters.sql import SqlStores, open_stores
from daemon.ports import Batch
from daemon.products.documents import Reader, to_json
from daemon.products.ids import new_id
from daemon.products.imports import Parsed
from daemon.products.passes import PassKind, PassRecord, PassState
from daemon.products.product import Product
from tests.benchmarks import corpus
from tests.benchmarks.__main__ import versions
from tests.benchmarks.peers import hop_store

AREA: Final = "products"
PRODUCTS: Final = 100_000
PAGE: Final = 250
SMALL: Final = 2000
Row = dict[str, Any]


async def rows() -> AsyncIterator[Row]:
    """Bring the rows of the store."""
    page = _parsed(corpus.products(PRODUCTS))
    with tempfile.TemporaryDirectory() as folder:
        async with open_stores(Path(folder) / "zhiban.db") as stores:
            first = await _cpu(lambda: _import(stores, page, "first"))
            yield _rate("store: import of new products", first, "at least 20,000 products per CPU-second", 20_000)
            second = await _cpu(lambda: _import(stores, page, "second"))
            yield _rate(
                "store: import of the same file again", second, "at least 20,000 products per CPU-second", 20_000
            )
            scan = await _cpu(lambda: _scan(stores))
            yield _rate("store: scan of all products", scan, "", None)
            await stores.incidents.commit(Batch(rechecks={p.product.id: corpus.NOW + timedelta(days=1) for p in page}))
            yield await _unchanged(stores)
            async for row in _small(stores, Path(folder), page[0].product):
                yield row


def _parsed(products: list[Product]) -> list[Parsed]:
    return [Parsed(product=p, document={"id": p.id, "title": p.title, "sku": p.sku}) for p in products]


async def _cpu(work: Callable[[], Awaitable[object]]) -> float:
    gc.collect()
    gc.freeze()
    begun = time.process_time()
    await work()
    return time.process_time() - begun


async def _import(stores: SqlStores, page: list[Parsed], run: str) -> None:
    for start in range(0, len(page), PAGE):
        await stores.catalogue.store_page(corpus.SOURCE, page[start : start + PAGE], run, corpus.NOW)
    await stores.catalogue.finish_import(corpus.SOURCE, run, corpus.NOW)


async def _scan(stores: SqlStores) -> None:
    async for _ in stores.catalogue.scan(PAGE):
        pass


async def _unchanged(stores: SqlStores) -> Row:
    """What a pass asks of the stores when nothing changed and nothing is due."""
    mark = await stores.catalogue.mark()
    record = PassRecord(id=new_id(), kind=PassKind.CHANGED, state=PassState.RUNNING, started_at=corpus.NOW)

    async def once() -> None:
        await stores.incidents.progress("passes.last_full")
        await stores.incidents.add_pass(record)
        products, head = await stores.catalogue.changed(mark, PAGE)
        due = await stores.incidents.due(corpus.NOW, PAGE)
        if products or due or await stores.catalogue.count() != PRODUCTS:
            raise AssertionError("something changed")
        await stores.incidents.commit(Batch(progress={"passes.mark": head}))
        await stores.incidents.add_pass(record)

    async def twenty() -> None:
        for _ in range(20):
            await once()

    await once()
    seconds = await _cpu(twenty) / 20
    return {
        "name": "store: its part of a pass over 100,000 unchanged products",
        "ours": seconds,
        "unit": "CPU s",
        "goal": "at most 0.05",
        "met": seconds <= 0.05,
        "seed": corpus.SEED,
    }


async def _small(stores: SqlStores, folder: Path, product: Product) -> AsyncIterator[Row]:
    """One small unit at a time, against a thread hop for each statement."""
    reader: Reader[Product] = Reader(Product)
    peer = await hop_store.prepared(folder / "peer.db", to_json(product))
    try:
        ours = await _each(lambda n: stores.catalogue.get("1"))
        theirs = await _each(lambda n: _decoded(reader, peer))
        yield _pair("store: read one product by its id", ours, theirs)
        ours = await _each(lambda n: stores.incidents.commit(Batch(progress={"bench": str(n)})))
        theirs = await _each(lambda n: hop_store.write(peer, str(n)))
        yield _pair("store: write one small value, committed", ours, theirs)
    finally:
        await peer.close()


async def _decoded(reader: Reader[Product], peer: Any) -> Product:
    return reader.read(await hop_store.read(peer))


async def _each(work: Callable[[int], Awaitable[object]]) -> float:
    async def all_of_them() -> None:
        for n in range(SMALL):
            await work(n)

    return min([await _cpu(all_of_them) for _ in range(3)]) / SMALL * 1e6


def _rate(name: str, seconds: float, goal: str, least: float | None) -> Row:
    rate = PRODUCTS / seconds
    return {
        "name": name,
        "ours": rate,
        "unit": "products/CPU s",
        "goal": goal,
        "met": None if least is None else rate >= least,
        "seed": corpus.SEED,
    }


def _pair(name: str, ours: float, theirs: float) -> Row:
    return {
        "name": name,
        "ours": ours,
        "peer": theirs,
        "ratio": theirs / ours,
        "unit": "CPU us",
        "goal": "cheaper than a hop a statement",
        "met": ours < theirs,
        "versions": versions("aiosqlite", "sqlalchemy"),
    }
