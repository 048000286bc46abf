"""The gallery: a ports.Gallery over block files and a database that says which of them count."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import structlog

from daemon.adapters.gallery.batches import Batch, sorted_out
from daemon.adapters.gallery.block import Block, block_path
from daemon.adapters.gallery.deletions import Deletion, Journal
from daemon.adapters.gallery.network import SqlNetwork
from daemon.adapters.gallery.registry import SqlRegistry
from daemon.adapters.gallery.rewriting import Damaged, due, kept_of, mergeable, rewrite, unlink, write_rows
from daemon.adapters.gallery.rows import DAY_S
from daemon.adapters.gallery.view import BlockView
from daemon.adapters.sql.database import Worker
from daemon.adapters.sql.faults import translated
from daemon.errors import NotFound, StoreCorrupt, ZhibanError
from daemon.ports import Offload
from daemon.ports.sightings import Camera, Ingested, Sighting, SightingsView, Way

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")
log = structlog.get_logger()


class Files(NamedTuple):
    """What the gallery works on. writer: the connection that the registry writes by."""

    folder: Path
    journal: Journal
    registry: SqlRegistry
    network: SqlNetwork
    writer: Worker
    offload: Offload


class _LastView(NamedTuple):
    """A view, and what it is of: as long as that stays the same, it is the same view."""

    of: tuple[tuple[Block, ...], tuple[str, ...], str, str]
    view: BlockView


class FileGallery:
    """A ports.Gallery. Made by `open_gallery`.

    A batch is one file for each day and body model in it, on disk before the database says, in one transaction, that
    all of them count: a death before leaves files that do not count, and are deleted when the gallery is opened.
    Small blocks are merged by and by, eight of about one size at a time; `compact` merges what is left.
    """

    def __init__(self, files: Files, blocks: Sequence[Block], widths: Mapping[tuple[str, str], int]) -> None:
        self._files = files
        self._blocks = tuple(blocks)
        self._widths = dict(widths)
        self._ingesting = asyncio.Lock()
        self._reshaping = asyncio.Lock()
        self._last_view: _LastView | None = None

    async def put_network(self, cameras: Sequence[Camera], ways: Sequence[Way]) -> None:
        """Replace the network. Raises InvalidInput."""
        await self._files.network.put(cameras, ways)

    async def network(self) -> tuple[Sequence[Camera], Sequence[Way]]:
        """Return the cameras and ways, by id."""
        return await self._files.network.read()

    async def put_camera(self, camera: Camera, ways: Sequence[Way]) -> None:
        """Add or move one camera, with all the ways from and to it. Raises InvalidInput."""
        await self._files.network.put_camera(camera, ways)

    async def remove_camera(self, camera_id: str) -> None:
        """Take one camera out of the network. Raises NotFound."""
        await self._files.network.remove_camera(camera_id)

    async def ingest(self, batch: Sequence[Sighting]) -> Ingested:
        """Keep sightings, each once by its id. Raises StoreFull, Unavailable; then nothing of the batch is kept."""
        async with self._ingesting:
            found = await _to_the_end(self._ingest(batch))
        async with self._reshaping:
            while some := due(self._blocks):
                await _to_the_end(self._merge(some))
        return found.outcome

    async def detection(self, detection_id: str) -> Sighting:
        """Return one with its vectors. Raises NotFound."""
        return await self._in_thread(partial(_sighting, self._blocks, detection_id), "detection")

    async def models(self) -> Mapping[tuple[str, str], int]:
        """Return how many detections there are of each pair of body and face model."""
        pairs: Counter[tuple[str, str]] = Counter()
        for block in self._blocks:
            pairs.update(block.about.pairs)
        return dict(sorted(pairs.items()))

    async def view(self, body_model: str, face_model: str = "") -> AbstractContextManager[SightingsView]:
        """Return what a search reads; it does not change whatever is ingested or forgotten. Raises NotFound."""
        cameras = await self._files.network.ids()
        of = (self._blocks, cameras, body_model, face_model)
        if self._last_view is None or self._last_view.of != of:
            self._last_view = None
            widths = self._widths.get(("body", body_model), 0), self._widths.get(("face", face_model), 0)
            make = partial(BlockView, self._blocks, cameras, body_model, face_model, widths)
            self._last_view = _LastView(of, await self._in_thread(make, "view"))
        return nullcontext(self._last_view.view)

    async def compact(self) -> bool:
        """Merge some small blocks in one bounded step; return whether there is more to do."""
        async with self._reshaping:
            if some := mergeable(self._blocks):
                await _to_the_end(self._merge(some))
            return bool(mergeable(self._blocks))

    async def forget(self, before: datetime | None = None, detections: Sequence[str] = ()) -> int:
        """Delete for good what is older, or named; return how many went. Raises StoreFull, Unavailable.

        Then, or after a death, what is left of it is done when the gallery is opened again.
        """
        async with self._reshaping:
            return await _to_the_end(self._forget(before, tuple(dict.fromkeys(detections))))

    async def reapply_deletions(self) -> int:
        """Delete again what the journal has and the database does not know of; return how many went."""
        async with self._reshaping:
            deletions, applied = self._files.journal.outstanding(await self._files.registry.applied())
            count = 0
            for deletion in deletions:
                count += await _to_the_end(self._delete(deletion, None))
            if deletions:
                await _to_the_end(self._wipe(applied))
                log.info("gallery.deletions_applied", deletions=len(deletions), detections=count)
            return count

    async def verify(self) -> Sequence[str]:
        """Check every block's checksums and counts; return the faults in words.

        Faulty blocks are served no more; those whose file was put back whole are served again.
        """
        async with self._reshaping:
            faults = list(await self._files.writer.run(_database_faults))
            for block in self._blocks:
                found = await self._in_thread(partial(_faults, block), "verify")
                if found:
                    await self._refuse(block, found[0])
            damaged = [row for row in await self._files.registry.blocks() if row.damage]
            return faults + [row.damage for row in damaged if not await self._serve_again(row.name)]

    async def keep_model(self, name: str, content: bytes) -> None:
        """Keep what was learnt of this site under a name."""
        await self._files.registry.keep(name, content)

    async def kept_model(self, name: str) -> bytes | None:
        """Return what was kept under a name."""
        return await self._files.registry.kept(name)

    async def _in_thread(self, work: Callable[[], T], what: str) -> T:
        return await self._files.offload.run(work, what=f"association.{what}")

    async def _ingest(self, batch: Sequence[Sighting]) -> Batch:
        work = partial(_written, self._files.folder, batch, self._blocks, dict(self._widths))
        found, blocks = await self._in_thread(work, "ingest")
        if blocks:
            try:
                await self._files.registry.change(blocks, widths=found.widths)
            except ZhibanError:
                await self._unlink(blocks)
                raise
            self._widths.update(found.widths)
            self._blocks += tuple(blocks)
        return found

    async def _merge(self, some: Sequence[Block]) -> None:
        try:
            merged = await self._in_thread(partial(rewrite, self._files.folder, some), "merge")
        except Damaged as damaged:
            await self._refuse(damaged.block, str(damaged))
            return
        await self._replace(some, [merged] if merged else [])

    async def _forget(self, before: datetime | None, ids: Sequence[str]) -> int:
        if before is None and not ids:
            return 0
        journal = self._files.journal
        deletion = await self._in_thread(partial(journal.add, before, ids), "forget")
        count = await self._delete(deletion, ids)
        await self._wipe(journal.applied)
        return count

    async def _delete(self, deletion: Deletion, ids: Sequence[str] | None) -> int:
        await self._delete_damaged(deletion)
        count = 0
        for block in self._blocks:
            work = partial(_without, self._files, block, deletion, ids)
            try:
                left = await self._in_thread(work, "forget")
            except Damaged as damaged:
                await self._refuse(damaged.block, str(damaged))
                continue
            if left is not None:
                count += block.about.records - sum(one.about.records for one in left)
                await self._replace([block], left)
        return count

    async def _delete_damaged(self, deletion: Deletion) -> None:
        """Delete blocks that nobody can read and that are of days that are to be forgotten whole."""
        before_s = deletion.before_s
        if before_s is None:
            return
        gone = [
            row.name
            for row in await self._files.registry.blocks()
            if row.damage and (row.day + 1) * DAY_S <= before_s
        ]  # fmt: skip
        if gone:
            await self._files.registry.change((), gone)
            await self._in_thread(partial(unlink, [block_path(self._files.folder, name) for name in gone]), "forget")

    async def _replace(self, old: Sequence[Block], new: Sequence[Block]) -> None:
        try:
            await self._files.registry.change(new, [block.name for block in old])
        except ZhibanError:
            await self._unlink(new)
            raise
        self._blocks = (*(block for block in self._blocks if block not in old), *new)
        self._last_view = None
        await self._unlink(old)

    async def _refuse(self, block: Block, why: str) -> None:
        log.error("gallery.block_refused", block=str(block.path), reason=why)
        self._blocks = tuple(one for one in self._blocks if one is not block)
        self._last_view = None
        await self._files.registry.damaged(block.name, why)

    async def _serve_again(self, name: str) -> bool:
        block = await self._in_thread(partial(_whole, self._files.folder, name, self._blocks), "verify")
        if block is not None:
            await self._files.registry.damaged(name, "")
            self._blocks += (block,)
            log.info("gallery.block_restored", block=str(block.path))
        return block is not None

    async def _unlink(self, blocks: Sequence[Block]) -> None:
        await self._in_thread(partial(unlink, [block.path for block in blocks]), "unlink")

    async def _wipe(self, applied: str) -> None:
        """Say that deletions are applied, and empty the write-ahead log of what they deleted."""
        await self._files.registry.change((), applied=applied)
        await self._files.writer.run(_emptied_log)


async def _to_the_end(work: Awaitable[T]) -> T:
    """Wait for work that must not stop halfway; when cancelled, be so after it has ended."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
        except Exception:  # noqa: BLE001 - raised below
            break
    if cancelled:
        raise asyncio.CancelledError
    return task.result()


def _written(
    folder: Path, batch: Sequence[Sighting], blocks: Sequence[Block], widths: Mapping[tuple[str, str], int]
) -> tuple[Batch, list[Block]]:
    found = sorted_out(batch, blocks, widths)
    return found, write_rows(folder, found.rows())


def _sighting(blocks: Sequence[Block], detection_id: str) -> Sighting:
    for block in blocks:
        record = block.find(detection_id)
        if record is not None:
            return block.sighting(record)
    raise NotFound(f"there is no detection {detection_id!r}")


def _faults(block: Block) -> Sequence[str]:
    try:
        return list(block.faults())
    except StoreCorrupt as error:
        return [str(error)]


def _whole(folder: Path, name: str, served: Sequence[Block]) -> Block | None:
    """Return a block that was damaged and is whole now; None while it is not, or when others have its detections."""
    try:
        block = Block(folder, name)
    except ZhibanError:
        return None
    ids = block.column("id_keys")
    return None if _faults(block) or any(other.holds(ids).any() for other in served) else block


def _without(
    files: Files, block: Block, deletion: Deletion, ids: Sequence[str] | None
) -> Sequence[Block] | None:  # fmt: skip
    """Return what takes the place of a block after a deletion, None when it stays."""
    kept: NDArray[np.bool_] | None = kept_of(block, deletion, files.journal, ids)
    if kept is None:
        return None
    left = rewrite(files.folder, [block], [kept])
    return [left] if left else []


def _emptied_log(connection: sqlite3.Connection) -> None:
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise translated(error) from error


def _database_faults(connection: sqlite3.Connection) -> Sequence[str]:
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
        found += [f"{row[0]}: a row points nowhere" for row in connection.execute("PRAGMA foreign_key_check")][:5]
    except sqlite3.Error as error:
        raise translated(error) from error
    return [f"the gallery's database: {fault}" for fault in found]
