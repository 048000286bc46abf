"""100,000 documents of a shop read and mapped, and read again unchanged, against a bare loop over the same.

The loop is what anybody writes first: `async for` over find(), the driver's own decoding, each document let go. CPU
seconds of the client's whole process, threads of the driver and of the mirror's store included; the server works in
a process of its own. Both sides read in turns: page by page on the first reading, whole on the passes.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import pymongo
import structlog
from motor.motor_asyncio import AsyncIOMotorClient

from daemon.adapters.clock import SystemClock
from daemon.adapters.mongo.collection import Collection, open_collection
from daemon.adapters.mongo.documents import Document, id_of
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.adapters.mongo.observing import Observer
from daemon.adapters.mongo.reading import Reader
from daemon.adapters.sql import open_stores
from daemon.config import MongodbSection
from tests.benchmarks.__main__ import versions
from tests.benchmarks.corpus import SEED
from tests.benchmarks.shop_documents import object_id, planted
from tests.interop.mongo_shop import DRIVERS, Driver
from tests.mongo_server import Shop

AREA: Final = "mongodb"
DOCUMENTS: Final = 100_000
READING_GOAL: Final = 1.5
PASS_GOAL: Final = 1.3
#: Passes over everything; the server of the tests takes half a minute for each.
ROUNDS: Final = 1
#: So large because that server looks at every document for each page.
_PAGE: Final = 10_000


class Rig(NamedTuple):
    """What the daemon reads a shop with, and a bare collection of the same driver beside it."""

    collection: Collection
    mapping: ShopMapping
    observer: Observer
    reader: Reader
    bare: Any


@dataclass(slots=True)
class Costs:
    """CPU seconds of a first reading, page by page: of the bare loop, and of what the daemon does."""

    bare: list[float] = field(default_factory=list)
    read: list[float] = field(default_factory=list)
    mapped: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)

    def whole(self, *parts: list[float]) -> float:
        """Return what all pages cost, from the median page."""
        return statistics.median(map(sum, zip(*parts, strict=True))) * DOCUMENTS / _PAGE


async def rows() -> AsyncIterator[dict[str, Any]]:
    """Measure with both drivers, each with a mirror that is empty at first."""
    structlog.configure(processors=[_silent])
    common = {"unit": "CPU s", "seed": SEED, "versions": versions("motor", "pymongo", "msgspec")}
    try:
        with tempfile.TemporaryDirectory() as folder, planted(Path(folder), DOCUMENTS) as shop:
            for driver in DRIVERS:
                async with _rig(Path(folder) / f"{driver}.sqlite3", shop, driver) as rig:
                    for row in await _measured(rig, driver):
                        yield row | common
    finally:
        structlog.reset_defaults()


async def _measured(rig: Rig, driver: Driver) -> list[dict[str, Any]]:
    gc.collect()
    gc.freeze()  # as daemon.main.process does
    costs, loops, passes = await _first_reading(rig), [], []
    for _ in range(ROUNDS):
        loops.append(await _cpu(lambda: _loop(rig.bare, {}, DOCUMENTS)))
        passes.append(await _cpu(lambda: _pass(rig.reader)))
    name, bare = f"{DOCUMENTS:,} documents by {driver}", costs.whole(costs.bare)
    mapped, stored = costs.whole(costs.read, costs.mapped), costs.whole(costs.read, costs.stored)
    return [
        _row(f"{name}: read and mapped, against a bare loop", mapped, bare, READING_GOAL),
        _row(f"{name}: read, mapped and stored, against the same", stored, bare, None),
        _row(
            f"{name}: a pass that finds all unchanged, mirror included, against a bare loop",
            statistics.median(passes), statistics.median(loops), PASS_GOAL,
        ),
    ]  # fmt: skip


async def _first_reading(rig: Rig) -> Costs:
    """Read everything for the first time, each page by the bare loop and then as the daemon does."""
    costs, after = Costs(), None
    for _ in range(DOCUMENTS // _PAGE):
        where = {"_id": {"$gte": object_id(0)} if after is None else {"$gt": id_of(after)}}
        costs.bare.append(await _cpu(lambda: _loop(rig.bare, where, _PAGE)))  # noqa: B023 - awaited in its round
        begun = time.process_time()
        page = [one for one in await rig.collection.page(after, _PAGE) if isinstance(one, Document)]
        costs.read.append(time.process_time() - begun)
        costs.mapped.append(await _cpu(lambda: _mapped(rig, page)))  # noqa: B023
        costs.stored.append(await _cpu(lambda: _stored(rig, page)))  # noqa: B023
        after = page[-1].place
    return costs


async def _mapped(rig: Rig, page: list[Document]) -> None:
    wanted = rig.mapping.wanted(page)
    paths = rig.mapping.relations
    related = {name: await rig.collection.related(name, ids, paths[name]) for name, ids in wanted.items()}
    _check("mapped", len([rig.mapping.product(document, None, related) for document in page]), _PAGE)


async def _stored(rig: Rig, page: list[Document]) -> None:
    _check("stored", len(await rig.observer.take(page)), _PAGE)


async def _loop(bare: Any, where: dict[str, Any], count: int) -> None:
    seen = 0
    async for _ in bare.find(where, limit=count, sort=[("_id", 1)] if where else None):
        seen += 1
    _check("read", seen, count)


async def _pass(reader: Reader) -> None:
    tally = await reader.read_all(lambda: None)
    _check("passed", tally.documents, DOCUMENTS)
    _check("changed", tally.changed, 0)


def _check(what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise OSError(f"{found} documents {what}, {wanted} expected")


async def _cpu(work: Callable[[], Awaitable[None]]) -> float:
    gc.collect()
    begun = time.process_time()
    await work()
    return time.process_time() - begun


def _row(name: str, ours: float, peer: float, goal: float | None) -> dict[str, Any]:
    return {
        "name": name, "ours": ours, "peer": peer, "ratio": ours / peer,
        "goal": "reported" if goal is None else f"at most {goal} x the CPU time",
        "met": None if goal is None else ours <= goal * peer,
    }  # fmt: skip


@asynccontextmanager
async def _rig(path: Path, shop: Shop, driver: Driver) -> AsyncIterator[Rig]:
    section = MongodbSection(driver=driver, timeout="60s", page_size=_PAGE)
    clock = SystemClock()
    mapping = ShopMapping(section, currency="EUR", timezone="Europe/Berlin", locale="de_DE")
    client: Any = AsyncIOMotorClient(shop.uri) if driver == "motor" else pymongo.AsyncMongoClient(shop.uri)
    async with open_stores(path) as stores, open_collection(section, shop.uri) as collection:
        observer = Observer(section, collection, mapping, stores.mirror, clock)
        reader = Reader(section, collection, observer, stores.mirror, stores.catalogue, clock)
        yield Rig(collection, mapping, observer, reader, client[shop.name]["products"])
    closing = client.close()
    if closing is not None:
        await closing


def _silent(_logger: object, _method: str, _event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    raise structlog.DropEvent
