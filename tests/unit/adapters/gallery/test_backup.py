"""Copies of a gallery."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.adapters.gallery import backup
from daemon.errors import AlreadyRunning, Conflict, NotFound, StoreCorrupt, Unavailable
from tests.contract.sighted import cameras, files_of, ids, seen


async def filled(state: Path, count: int = 12) -> None:
    async with files_of(state) as gallery:
        await gallery.put_network(cameras(), [])
        for n in range(count):
            await gallery.ingest([seen(f"d{n:02}", "a", n, body=n)])
        await gallery.keep_model("site", b"learnt")


def gone(state: Path) -> None:
    shutil.rmtree(state / "association")
    for path in state.glob("association.sqlite3*"):
        path.unlink()


async def test_a_copy_that_is_put_back_is_the_gallery_without_what_was_forgotten_since(tmp_path: Path) -> None:
    state, copy = tmp_path / "state", tmp_path / "copy"
    await filled(state)
    async with files_of(state) as gallery:
        found = backup.back_up(state, copy)
        assert (found.path, found.detections) == (copy, 12)
        await gallery.forget(detections=["d03", "d07"])
        await gallery.ingest([seen("later")])
    gone(state)
    assert backup.restore(copy, state) == found._replace(path=state)
    async with files_of(state) as gallery:
        assert await ids(gallery) == [(f"d{n:02}",) for n in range(12) if n not in {3, 7}]
        assert await gallery.kept_model("site") == b"learnt"
        assert await gallery.verify() == []
    assert not [path for path in tmp_path.rglob("*") if path.stat().st_mode & 0o077 and path.is_relative_to(copy)]


async def test_a_copy_of_a_lost_disk_has_the_journal_with_it(tmp_path: Path) -> None:
    state, copy = tmp_path / "state", tmp_path / "copy"
    await filled(state)
    async with files_of(state) as gallery:
        await gallery.forget(detections=["d03"])
    backup.back_up(state, copy)
    (tmp_path / "new").mkdir()
    backup.restore(copy, tmp_path / "new")
    async with files_of(tmp_path / "new") as gallery:
        assert len(await ids(gallery)) == 11
    assert (tmp_path / "new" / "association.deletions").read_bytes() == (state / "association.deletions").read_bytes()


async def test_files_that_are_merged_away_meanwhile_are_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    await filled(state, 4)
    real = backup._copy_file

    async def merged() -> None:
        async with files_of(state) as gallery:
            await gallery.compact()

    def late(source: Path, target: Path) -> None:
        if len(list((state / "association").iterdir())) > 1:
            monkeypatch.setattr(backup, "_copy_file", real)
            asyncio.run_coroutine_threadsafe(merged(), loop).result()
        real(source, target)

    monkeypatch.setattr(backup, "_copy_file", late)
    loop = asyncio.get_running_loop()
    found = await asyncio.to_thread(backup.back_up, state, tmp_path / "copy")
    assert (found.blocks, found.detections) == (1, 4)

    def never(source: Path, target: Path) -> None:
        raise FileNotFoundError(source)

    monkeypatch.setattr(backup, "_copy_file", never)
    with pytest.raises(Unavailable, match="change too fast"):
        backup.back_up(state, tmp_path / "other")


async def test_nothing_is_overwritten_and_nothing_broken_is_put_back(tmp_path: Path) -> None:
    state, copy = tmp_path / "state", tmp_path / "copy"
    with pytest.raises(NotFound, match="no gallery there"):
        backup.back_up(state, copy)
    await filled(state, 3)
    backup.back_up(state, copy)
    refused(lambda: backup.back_up(state, copy), Conflict, "is there already")
    refused(lambda: backup.restore(copy, state), Conflict, "there is a gallery")
    refused(lambda: backup.restore(tmp_path / "none", state), NotFound, "no copy")
    async with files_of(state):
        refused(lambda: backup.restore(copy, state), AlreadyRunning, "held by process")
    block = next((copy / "association").iterdir())
    block.write_bytes(block.read_bytes()[:-1])
    gone(state)
    refused(lambda: backup.restore(copy, state), StoreCorrupt, str(block))
    assert not (state / "association").exists()


def refused(work: Callable[[], object], error: type[Exception], why: str) -> None:
    with pytest.raises(error) as caught:
        work()
    assert why in str(caught.value)
