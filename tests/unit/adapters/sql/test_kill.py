"""A process that dies in the middle of writing."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from daemon.adapters.sql import SqlStores, open_stores
from daemon.products.imports import ProductFilter
from tests.contract.makers import message


def killed(path: Path, after_lines: int, then_s: float) -> list[list[str]]:
    """Run the writer, kill it some time after it has acknowledged so many writes, return all acknowledgements."""
    command = [sys.executable, "-m", "tests.unit.adapters.sql.writer", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(after_lines)]
        time.sleep(then_s)
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    return [line.split() for line in lines if line.endswith("\n")]


async def kept_all(stores: SqlStores, acknowledged: list[list[str]]) -> None:
    for what, name in acknowledged:
        match what:
            case "page":
                assert await stores.catalogue.count(ProductFilter(brand=name)) == 25
            case "incident":
                assert (await stores.incidents.incident(name)).revision == 1
                assert len((await stores.audit.entries(10, target=f"i:{name}")).items) == 1
            case "edit":
                assert (await stores.catalogue.get("edited")).revision >= int(name)
            case "begun":
                assert not await stores.bot.begin(message(name))


async def interrupted_is_what_was_in_hand(stores: SqlStores, acknowledged: list[list[str]]) -> None:
    begun, done = ({name for what, name in acknowledged if what == said} for said in ("begun", "done"))
    told = {m.id for m in await stores.bot.interrupted()}
    assert len(told) <= 1
    assert not told & done
    # What was begun and not acknowledged as done is told of, unless it was done and only the word of that was lost.
    assert len(begun - done) <= 1
    for name in told:
        await stores.bot.done(name)
    assert await stores.bot.interrupted() == []


async def half_kept_nothing(stores: SqlStores) -> None:
    edited = await stores.catalogue.get("edited")
    assert edited.stock == edited.revision - 1
    told = (await stores.outbox.find((), 10_000)).items
    noted = (await stores.audit.entries(10_000)).items
    assert len(told) == len(noted) == sum((await stores.incidents.counts()).values())
    brands = {p.brand async for page in stores.catalogue.scan(1000) for p in page if p.brand}
    for brand in brands:
        assert await stores.catalogue.count(ProductFilter(brand=brand)) == 25


async def die(path: Path, rounds: int) -> None:
    chance = random.Random(1)
    acknowledged: list[list[str]] = []
    for _ in range(rounds):
        latest = killed(path, chance.randrange(3, 60), chance.random() / 100)
        acknowledged += latest
        async with open_stores(path) as stores:
            await interrupted_is_what_was_in_hand(stores, latest)
            await kept_all(stores, acknowledged)
            await half_kept_nothing(stores)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_a_killed_writer_leaves_every_acknowledged_write_and_no_half_one(path: Path) -> None:
    await die(path, 3)


@pytest.mark.slow
async def test_a_writer_killed_twenty_times_leaves_every_acknowledged_write(path: Path) -> None:
    await die(path, 20)
