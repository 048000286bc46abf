"""Units of work: whole or not at all, cancelled or refused by the disk."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from msgspec.structs import replace

from daemon.adapters.sql import SqlStores, open_stores
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.faults import translated
from daemon.adapters.sql.statements import Session
from daemon.errors import Conflict, StoreCorrupt, StoreFull, Unavailable, ZhibanError
from daemon.products.imports import Parsed, ProductFilter
from tests.contract.makers import NOW, audit, batch, entry, incident, product, store
from tests.contract.test_people import ANN, SECRET, token


def inner(stores: SqlStores) -> Database:
    return stores.catalogue._database


async def in_transaction(stores: SqlStores) -> list[bool]:
    workers = [inner(stores)._writer, *inner(stores)._readers]
    return [await worker.run(lambda connection: connection.in_transaction) for worker in workers]


async def pragma(stores: SqlStores, text: str) -> Any:
    return await inner(stores)._writer.run(lambda connection: connection.execute(f"PRAGMA {text}").fetchone())


def test_the_driver_still_has_the_method_that_units_go_through() -> None:
    assert iscoroutinefunction(aiosqlite.Connection._execute)
    assert isinstance(aiosqlite.Connection._conn, property)


async def test_the_connections_are_set_up(stores: SqlStores) -> None:
    assert await pragma(stores, "journal_mode") == ("wal",)
    assert await pragma(stores, "foreign_keys") == (1,)
    assert await pragma(stores, "busy_timeout") == (5000,)


async def test_what_must_not_be_lost_waits_for_the_disk(stores: SqlStores) -> None:
    await store(stores.catalogue, [product("a")])
    assert await pragma(stores, "synchronous") == (1,)
    await stores.incidents.commit(batch(incidents=[incident()]))
    assert await pragma(stores, "synchronous") == (2,)
    await stores.incidents.commit(replace(batch(), rechecks={"a": NOW}))
    assert await pragma(stores, "synchronous") == (1,)
    await stores.catalogue.replace(await stores.catalogue.get("a"), product("a"), actor="ann", now=NOW)
    assert await pragma(stores, "synchronous") == (2,)


async def test_readers_cannot_write(stores: SqlStores) -> None:
    for reader in inner(stores)._readers:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await reader.run(lambda connection: connection.execute("DELETE FROM products"))


async def test_a_unit_that_raises_leaves_nothing_behind(stores: SqlStores) -> None:
    def unit(session: Session) -> None:
        session._connection.execute("INSERT INTO progress VALUES ('a', 'b')")
        raise KeyError("mine")

    with pytest.raises(KeyError):
        await inner(stores).write(unit, durable=True)
    assert await stores.incidents.progress("a") is None
    assert await in_transaction(stores) == [False] * 3


async def test_a_unit_whose_caller_is_gone_before_its_turn_is_not_begun(stores: SqlStores) -> None:
    begun: list[str] = []
    go_on = threading.Event()

    def first(_: Session) -> None:
        begun.append("first")
        go_on.wait(10)

    running = asyncio.ensure_future(inner(stores).write(first, durable=False))
    waiting = asyncio.ensure_future(inner(stores).write(lambda _: begun.append("second"), durable=False))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait([running, waiting])
    assert waiting.cancelled()
    assert begun == ["first"]


async def test_a_unit_whose_caller_goes_before_the_commit_is_rolled_back(stores: SqlStores) -> None:
    in_it, go_on = threading.Event(), threading.Event()

    def unit(session: Session) -> None:
        session._connection.execute("INSERT INTO progress VALUES ('a', 'b')")
        in_it.set()
        go_on.wait(10)

    task = asyncio.ensure_future(inner(stores).write(unit, durable=False))
    await asyncio.to_thread(in_it.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await stores.incidents.progress("a") is None


@pytest.mark.parametrize("seed", range(5))
async def test_cancelling_at_any_moment_leaves_whole_units_and_usable_connections(stores: SqlStores, seed: int) -> None:
    chance = random.Random(seed)
    await store(stores.catalogue, [product(f"p{n}", stock=Decimal(0)) for n in range(4)])

    async def change(n: int) -> None:
        read = await stores.catalogue.get(f"p{n % 4}")
        assert isinstance(read.stock, Decimal)
        await stores.catalogue.replace(read, replace(read, stock=read.stock + 1), actor="a", now=NOW)

    async def commit(n: int) -> None:
        new = incident(f"p{n}", rule=f"r{n}")
        await stores.incidents.commit(batch(incidents=[new], entries=[entry(incident_id=new.id)], audits=[audit()]))

    async def take(n: int) -> None:
        rows = [Parsed(product=product(f"{n}-{i}", brand=f"brand{n}")) for i in range(20)]
        await stores.catalogue.store_page("shop", rows, "run", NOW)

    for n in range(60):
        tasks = [asyncio.ensure_future(work(n)) for work in (change, commit, take)]
        for _ in range(chance.randrange(6)):
            await asyncio.sleep(chance.choice((0, 0, 0.0003)))
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert await in_transaction(stores) == [False] * 3
        assert await stores.catalogue.count(ProductFilter(brand=f"brand{n}")) in {0, 20}

    for n in range(4):
        stored = await stores.catalogue.get(f"p{n}")
        assert stored.stock == stored.revision - 1 == len((await stores.catalogue.edits(f"p{n}", 100)).items)
    told = (await stores.outbox.find((), 100)).items
    assert len(told) == len((await stores.audit.entries(100)).items) == sum((await stores.incidents.counts()).values())


async def test_nothing_of_a_cancelled_call_happens_after_it_has_returned(stores: SqlStores) -> None:
    chance = random.Random(7)
    for n in range(60):
        rows = [Parsed(product=product(f"{n}-{i}")) for i in range(30)]
        task = asyncio.ensure_future(stores.catalogue.store_page("shop", rows, "run", NOW))
        await asyncio.sleep(chance.choice((0, 0.0005, 0.001)))
        task.cancel()
        await asyncio.wait([task])
        mark = await stores.catalogue.mark()
        await asyncio.sleep(0.001)
        assert await stores.catalogue.mark() == mark


async def test_a_full_disk_keeps_nothing_of_the_write_and_all_of_what_was(stores: SqlStores) -> None:
    await store(stores.catalogue, [product("a", title="kept")])
    (pages,) = await pragma(stores, "page_count")
    await pragma(stores, f"max_page_count={pages + 5}")
    rows = [Parsed(product=product(f"b{n}", description="x" * 5000)) for n in range(50)]
    mark = await stores.catalogue.mark()
    with pytest.raises(StoreFull):
        await stores.catalogue.store_page("shop", rows, "run", NOW)
    assert await in_transaction(stores) == [False] * 3
    with pytest.raises(StoreFull):
        await stores.incidents.commit(
            batch(incidents=[incident(message="x" * 200_000)], entries=[entry()], audits=[audit()])
        )
    assert (await stores.catalogue.count(), await stores.catalogue.mark()) == (1, mark)
    assert (await stores.outbox.find((), 10)).items == ()
    assert sum((await stores.incidents.counts()).values()) == 0
    await pragma(stores, "max_page_count=1000000")
    assert len((await stores.catalogue.store_page("shop", rows, "run", NOW)).created) == 50


async def test_a_store_without_room_says_so_until_a_write_has_found_some(stores: SqlStores) -> None:
    await stores.incidents.check()
    (pages,) = await pragma(stores, "page_count")
    await pragma(stores, f"max_page_count={pages}")
    big = batch(incidents=[incident(message="x" * 200_000)])
    with pytest.raises(StoreFull):
        await stores.incidents.commit(big)
    with pytest.raises(StoreFull, match="disk is full"):
        await stores.incidents.check()
    await stores.bot.done("nobody's")  # changes nothing, and so proves nothing
    with pytest.raises(Conflict):
        await stores.incidents.commit(batch(incidents=[incident(revision=7)]))
    with pytest.raises(StoreFull):
        await stores.incidents.check()

    await pragma(stores, "max_page_count=1000000")
    with pytest.raises(StoreFull):
        await stores.incidents.check()
    await stores.incidents.commit(big)
    await stores.incidents.check()


async def test_a_token_is_good_though_its_use_cannot_be_noted(stores: SqlStores, path: Path) -> None:
    await stores.principals.create(ANN)
    await stores.principals.add_token(token(), SECRET)
    await pragma(stores, "busy_timeout=1")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await stores.principals.by_token(SECRET, NOW) == (ANN, token())
        other.execute("ROLLBACK")
    assert (await stores.principals.by_token(SECRET, NOW))[1].last_used_at == NOW


async def test_a_lock_held_by_another_program_is_unavailable(
    stores: SqlStores, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pragma(stores, "busy_timeout=1")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await store(stores.catalogue, [product("a")])
        assert await stores.catalogue.count() == 0
        other.execute("ROLLBACK")
    await store(stores.catalogue, [product("a")])


async def test_a_closed_store_is_unavailable(path: Path) -> None:
    async with open_stores(path) as stores:
        pass
    for call in (stores.catalogue.count(), stores.incidents.commit(batch(audits=[audit()]))):
        with pytest.raises(Unavailable, match="closed"):
            await call


def damaging(body: bytes) -> Callable[[sqlite3.Connection], object]:
    return lambda connection: connection.execute("UPDATE products SET body = ?", (body,))


async def test_a_damaged_record_is_told_and_not_a_crash(stores: SqlStores) -> None:
    await store(stores.catalogue, [product("a")])
    for body in (b'{"id": 3}', b"\xff\xfe", b"{", b'{"id":"\xed\xa0\x80', b""):
        await inner(stores)._writer.run(damaging(body))
        with pytest.raises(StoreCorrupt, match="Product"):
            await stores.catalogue.get("a")


async def test_a_damaged_file_is_told_and_not_a_crash(path: Path) -> None:
    async with open_stores(path) as stores:
        await store(stores.catalogue, [product(f"{n}", title="x" * 300) for n in range(500)])
    content = bytearray(path.read_bytes())
    for at in range(8192, len(content), 512):
        content[at : at + 64] = b"\xa5" * 64
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt):  # noqa: PT012  # some damage is found on opening, some on reading
        async with open_stores(path) as stores:
            async for _ in stores.catalogue.scan(100):
                pass


async def test_closing_waits_for_units_and_survives_cancellation(path: Path) -> None:
    async def use() -> None:
        async with open_stores(path) as stores:
            task = asyncio.ensure_future(store(stores.catalogue, [product("a")]))
            await asyncio.sleep(0)
            asyncio.current_task().cancel()  # type: ignore[union-attr]  # a task is running
            await task

    with pytest.raises(asyncio.CancelledError):
        await use()
    async with open_stores(path) as stores:
        assert await stores.catalogue.count() in {0, 1}


def test_every_error_of_the_driver_has_a_meaning() -> None:
    for name in dir(sqlite3):
        if name.startswith("SQLITE_") and isinstance(code := getattr(sqlite3, name), int) and 1 <= code <= 26:
            error = sqlite3.OperationalError("x")
            error.sqlite_errorcode = code
            assert isinstance(translated(error), ZhibanError)
    assert isinstance(translated(sqlite3.ProgrammingError("x")), Unavailable)
