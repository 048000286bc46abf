"""What is acknowledged is on disk; what fails, or is given up, is there whole or not at all."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from daemon.adapters.gallery import open_gallery
from daemon.adapters.gallery.registry import SqlRegistry
from daemon.errors import StoreFull
from daemon.ports.sightings import Ingested
from tests.contract.sighted import AtOnce, cameras, files_of, ids, seen
from tests.unit.adapters.gallery.test_merging import files, filled

T = TypeVar("T")


async def test_all_is_on_disk_before_the_database_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def watch(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def watched(*given: object, **more: object) -> object:
            order.append(name)
            return real(*given, **more)

        monkeypatch.setattr(owner, name, watched)

    async with files_of(tmp_path) as opened:
        await filled(opened, 2)
        watch(os, "fsync")
        watch(os, "rename")
        watch(os, "unlink")
        watch(SqlRegistry, "change")
        await opened.ingest([seen("x1", "a", 1)])
        assert order == ["fsync", "rename", "fsync", "change"]
        order.clear()
        await opened.compact()
        assert order == ["fsync", "rename", "fsync", "change", *["unlink"] * 3]
        order.clear()
        await opened.forget(detections=["x1"])
        assert order == ["fsync", "fsync", "rename", "fsync", "change", "unlink", "change"], "the journal comes first"


async def test_a_full_disk_keeps_nothing_of_the_batch_and_all_of_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with files_of(tmp_path) as opened:
        await filled(opened, 4)
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            two_days = [seen("x1", "a", 1), seen("x2", "a", 100_000)]
            with pytest.raises(StoreFull):
                await opened.ingest(two_days)
            with pytest.raises(StoreFull):
                await opened.compact()
            with pytest.raises(StoreFull):
                await opened.forget(detections=["d000"])
        assert files(tmp_path) == 4
        assert len(await ids(opened)) == 3
        assert await opened.verify() == []
        assert await opened.ingest(two_days) == Ingested(stored=2, known=0)
    async with files_of(tmp_path) as opened:
        assert sum((await opened.models()).values()) == 6


async def test_a_database_without_room_keeps_nothing_of_the_batch(tmp_path: Path) -> None:
    async with files_of(tmp_path) as opened:
        await filled(opened, 2)
        pages = "PRAGMA max_page_count=1"
        await opened._files.writer.run(lambda connection: connection.execute(pages).fetchall())
        with pytest.raises(StoreFull):
            await opened.keep_model("site", bytes(10**6))
        models = [seen(f"x{n}", seconds=n, body=n, body_model=f"{n:0400}") for n in range(40)]
        with pytest.raises(StoreFull):
            await opened.ingest(models)
        assert files(tmp_path) == 2
        roomy = "PRAGMA max_page_count=1000000"
        await opened._files.writer.run(lambda connection: connection.execute(roomy).fetchall())
        assert (await opened.ingest(models)).stored == 40


class Slow(AtOnce):
    """Waits before it works, as a busy pool does."""

    async def run(self, work: Callable[[], T], *, what: str) -> T:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return work()


@pytest.mark.parametrize("ticks", range(0, 30, 3))
async def test_a_batch_whose_caller_gives_up_is_kept_whole_or_not_at_all(tmp_path: Path, ticks: int) -> None:
    async with open_gallery(tmp_path, Slow()) as opened:
        await opened.put_network(cameras(), [])
        batch = [seen("x1", "a", 1), seen("x2", "a", 100_000)]
        task = asyncio.ensure_future(opened.ingest(batch))
        for _ in range(ticks):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        kept = sum((await opened.models()).values())
        assert kept in {0, 2}
        assert files(tmp_path) == kept
        found = await opened.ingest(batch)
        assert (found.stored, found.known) == (2 - kept, kept)
    async with open_gallery(tmp_path, Slow()) as opened:
        assert len(await ids(opened)) == 2
