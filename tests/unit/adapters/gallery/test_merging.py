"""Small blocks become few large ones, in the background of all else."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from daemon.adapters.gallery import FileGallery, open_gallery, rewriting, shelf
from daemon.adapters.gallery.view import BlockView
from daemon.errors import StoreFull
from daemon.inference.executor import ThreadOffload
from daemon.ports.sightings import Ingested
from tests.contract.sighted import DAWN_S, cameras, files_of, ids, seen, unit

T = TypeVar("T")


def files(folder: Path) -> int:
    return len(list((folder / "association").iterdir()))


async def filled(opened: FileGallery, count: int, start: int = 0) -> None:
    await opened.put_network(cameras(), [])
    for n in range(start, start + count):
        await opened.ingest([seen(f"d{n:03}", "abc"[n % 3], 60.0 * (n * 7 % count), body=n, track=f"t{n // 5}")])


async def test_many_small_batches_leave_few_files(tmp_path: Path) -> None:
    async with files_of(tmp_path) as opened:
        await filled(opened, 70)
        assert files(tmp_path) < 2 * rewriting.SEVERAL
        before = sorted(await ids(opened))
        while await opened.compact():
            pass
        assert files(tmp_path) == 1
        assert not await opened.compact()
        assert sorted(await ids(opened)) == before
        assert len({name for names in before for name in names}) == 70
        assert await opened.verify() == []


async def test_a_batch_is_kept_though_merging_fails_or_has_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreFull("no room to merge")

    async with files_of(tmp_path) as opened:
        await filled(opened, 7)
        with monkeypatch.context() as patched, capture_logs() as logs:
            patched.setattr(shelf, "rewrite", full)
            assert await opened.ingest([seen("x1")]) == Ingested(stored=1, known=0)
        assert [entry["event"] for entry in logs] == ["gallery.merge_put_off"]
        async with opened._reshaping:
            assert await opened.ingest([seen("x2")]) == Ingested(stored=1, known=0)
        assert files(tmp_path) == 9
        assert await opened.ingest([seen("x3")]) == Ingested(stored=1, known=0)
        assert files(tmp_path) == 3


async def test_a_window_of_what_is_compact_is_a_slice_of_the_map(tmp_path: Path) -> None:
    async with files_of(tmp_path) as opened:
        await filled(opened, 20)
        while await opened.compact():
            pass
        (block,) = opened._shelf.blocks
        with await opened.view("osnet") as view:
            window = view.window(1, DAWN_S, DAWN_S + 700)
            assert 1 < len(window.rows) < 7
            for found, column in (
                (window.body, block.column("body")),
                (window.times, block.column("first")),
                (window.quality, block.column("quality")),
                (window.direction_deg, block.column("direction")),
            ):
                assert contains(column, found)


def contains(column: NDArray[np.generic], found: NDArray[np.generic]) -> bool:
    return not found.flags.owndata and bool(np.shares_memory(column, found))


async def test_a_window_in_one_of_several_blocks_is_a_slice_too(tmp_path: Path) -> None:
    async with files_of(tmp_path) as opened:
        await opened.put_network(cameras(), [])
        for day in range(3):
            await opened.ingest([seen(f"d{day}-{n}", "a", 86_400 * day + n, body=n) for n in range(5)])
        with await opened.view("osnet") as view:
            window = view.window(0, DAWN_S + 86_400, DAWN_S + 86_403)
            assert len(window.rows) == 3
            assert any(np.shares_memory(block.body, window.body) for block in opened._shelf.blocks)
            across = view.window(0, DAWN_S + 3, DAWN_S + 86_402)
            assert [view.id_of(int(row)) for row in across.rows] == ["d0-3", "d0-4", "d1-0", "d1-1"]
            np.testing.assert_allclose(across.body, [unit(n) for n in (3, 4, 0, 1)], atol=1e-3)


def test_what_is_merged_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sized:
        def __init__(self, size: int, day: int = 1) -> None:
            self.size, self.name = size, str(size)
            self.about = type("About", (), {"day": day, "body_model": "m"})

    sizes = [10, rewriting.FULL - 1, 20, rewriting.FULL, rewriting.FULL // 2, rewriting.FULL - 2]
    found = rewriting.mergeable([Sized(size) for size in sizes])  # type: ignore[misc]  # only sizes matter
    assert [block.size for block in found] == [10, 20, rewriting.FULL // 2, rewriting.FULL - 2]
    assert rewriting.mergeable([Sized(rewriting.FULL), Sized(rewriting.FULL + 5), Sized(7)]) == ()  # type: ignore[list-item]
    assert rewriting.mergeable([Sized(5, 1), Sized(6, 2)]) == ()  # type: ignore[list-item]
    two = rewriting.mergeable([Sized(rewriting.FULL - 1), Sized(rewriting.FULL - 2)])  # type: ignore[list-item]
    assert len(two) == 2


class Recording(ThreadOffload):
    """Says in which threads work was done."""

    def __init__(self) -> None:
        super().__init__(1, 8)
        self.threads: set[int] = set()

    async def run(self, work: Callable[[], T], *, what: str) -> T:
        def recorded() -> T:
            self.threads.add(threading.get_ident())
            return work()

        return await super().run(recorded, what=what)


async def test_files_are_touched_in_threads_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touched: set[int] = set()
    for name in ("fsync", "open", "unlink", "rename", "fdopen"):
        real = getattr(os, name)

        def watched(*given: object, real: Callable[..., object] = real, **more: object) -> object:
            touched.add(threading.get_ident())
            return real(*given, **more)

        monkeypatch.setattr(os, name, watched)
    offload = Recording()
    async with open_gallery(tmp_path, offload) as opened:
        touched.clear()  # the lock and the database's file are made before there is anything to hold up
        await filled(opened, 20)
        await opened.compact()
        await opened.forget(detections=["d003"])
        await opened.verify()
        with await opened.view("osnet") as view:
            assert isinstance(view, BlockView)
        assert (await opened.detection("d004")).body is not None
        assert touched
        assert touched <= offload.threads
        assert threading.get_ident() not in touched
    await offload.close(1)


async def test_a_view_is_the_same_while_nothing_changes(tmp_path: Path) -> None:
    async with files_of(tmp_path) as opened:
        await filled(opened, 3)
        with await opened.view("osnet") as first, await opened.view("osnet") as second:
            assert first is second
        with await opened.view("osnet", "dlib") as other:
            assert other is not first
        await opened.remove_camera("c")
        with await opened.view("osnet", "dlib") as third:
            assert third is not other
            assert third.size == 2
