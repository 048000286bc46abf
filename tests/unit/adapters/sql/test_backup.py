"""Copies of a store, taken while it is written to, and put back."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from daemon.adapters.sql import SqlStores, open_stores
from daemon.adapters.sql.backup import back_up, restore, verify
from daemon.errors import Conflict, NotFound, StoreCorrupt, UnreadableFile, ZhibanError
from daemon.products.imports import ProductFilter
from tests.contract.makers import NOW, batch, incident, product, store


async def filled(path: Path, *ids: str) -> None:
    async with open_stores(path) as stores:
        await store(stores.catalogue, [product(i) for i in ids])


async def ids_in(path: Path) -> list[str]:
    async with open_stores(path) as stores:
        return [p.id for p in (await stores.catalogue.find(ProductFilter(), 100)).items]


async def test_a_backup_of_a_store_in_use_is_a_whole_private_file(
    stores: SqlStores, path: Path, tmp_path: Path
) -> None:
    await store(stores.catalogue, [product(i) for i in "abc"])
    await stores.incidents.commit(batch(incidents=[incident()]))
    copy = back_up(path, tmp_path / "copy.db")
    assert (copy.counts["products"], copy.counts["incidents"], copy.counts["entries"]) == (3, 1, 0)
    assert stat.S_IMODE(copy.path.stat().st_mode) == 0o600
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy.db", "state"]
    assert await ids_in(copy.path) == ["a", "b", "c"]


async def test_a_backup_taken_while_others_write_is_one_state(stores: SqlStores, path: Path, tmp_path: Path) -> None:
    async def write() -> None:
        for n in range(60):
            await store(stores.catalogue, [product(f"{n}-{i}") for i in range(10)], run=str(n))

    writing = asyncio.ensure_future(write())
    copies = [await asyncio.to_thread(back_up, path, tmp_path / f"{n}.db") for n in range(5)]
    await writing
    counts = [copy.counts["products"] for copy in copies]
    assert counts == sorted(counts)
    assert all(count % 10 == 0 for count in counts)
    assert all(copy.counts["source_versions"] == copy.counts["products"] for copy in copies)


async def test_a_backup_never_overwrites(path: Path, tmp_path: Path) -> None:
    await filled(path, "a")
    target = tmp_path / "precious"
    target.write_text("mine")
    with pytest.raises(Conflict):
        back_up(path, target)
    assert target.read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["precious", "state"]


async def test_what_cannot_be_backed_up_is_told_and_leaves_no_file(path: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        back_up(path, tmp_path / "x.db")
    await filled(path, "a")
    with pytest.raises(ZhibanError):
        back_up(path, tmp_path / "no" / "such" / "folder.db")
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xa5" * len(content[8192:])
    path.write_bytes(content)
    with pytest.raises(ZhibanError):
        back_up(path, tmp_path / "x.db")
    assert [p.name for p in tmp_path.iterdir()] == ["state"]


async def test_a_restored_store_is_as_it_was_and_the_one_before_is_kept(path: Path, tmp_path: Path) -> None:
    await filled(path, "a")
    back_up(path, tmp_path / "copy.db")
    await filled(path, "b")
    for n in (1, 2):
        _, kept = restore(tmp_path / "copy.db", path)
        assert kept == path.with_name(f"zhiban.db.before-restore-{n}")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert await ids_in(path) == ["a"]
    assert await ids_in(path.with_name("zhiban.db.before-restore-1")) == ["a", "b"]


async def test_a_copy_that_is_not_whole_replaces_nothing(path: Path, tmp_path: Path) -> None:
    await filled(path, "a")
    bad = tmp_path / "bad.db"
    bad.write_bytes(path.read_bytes()[:-8192])
    newer = tmp_path / "newer.db"
    back_up(path, newer)
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    text, empty = tmp_path / "text.db", tmp_path / "empty.db"
    text.write_text("id,title\n" * 1000)
    empty.touch()
    for copy in (bad, newer, text, empty, tmp_path / "ghost.db"):
        with pytest.raises((UnreadableFile, StoreCorrupt)):
            restore(copy, path)
    assert await ids_in(path) == ["a"]
    assert [p.name for p in path.parent.iterdir() if "restor" in p.name or "part" in p.name] == []


async def test_a_row_that_points_nowhere_is_found(path: Path, tmp_path: Path) -> None:
    await filled(path, "a")
    copy = back_up(path, tmp_path / "copy.db").path
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("INSERT INTO sightings VALUES ('ghost', 'run')")
    with pytest.raises(StoreCorrupt, match="sightings"):
        verify(copy)


async def test_a_restored_store_goes_on_with_its_feed(path: Path, tmp_path: Path) -> None:
    await filled(path, "a")
    async with open_stores(path) as stores:
        mark = await stores.catalogue.mark()
    back_up(path, tmp_path / "copy.db")
    restore(tmp_path / "copy.db", path)
    async with open_stores(path) as stores:
        assert (await stores.catalogue.changed(mark, 10))[0] == []
        read = await stores.catalogue.get("a")
        await stores.catalogue.replace(read, read, actor="ann", now=NOW)
        assert [p.id for p in (await stores.catalogue.changed(mark, 10))[0]] == ["a"]
