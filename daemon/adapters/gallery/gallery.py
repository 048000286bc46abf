"""The gallery: a ports.Gallery over block files and a database that says which of them count."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

import structlog

from daemon.adapters.gallery.block import Block, block_path
from daemon.adapters.gallery.deletions import Deletion
from daemon.adapters.gallery.rewriting import due, mergeable, unlink
from daemon.adapters.gallery.rows import DAY_S
from daemon.adapters.gallery.shelf import Shelf
from daemon.adapters.gallery.view import BlockView
from daemon.adapters.sql.faults import translated
from daemon.errors import NotFound, Unavailable
from daemon.ports.sightings import Camera, Ingested, Sighting, SightingsView, Way

T = TypeVar("T")
log = structlog.get_logger()


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

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._files = shelf.files
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
            found = await _to_the_end(self._shelf.add(batch))
        if not self._reshaping.locked():  # what is at work there may take long, and merging can wait
            async with self._reshaping:
                await _to_the_end(self._merge_due())
        return found.outcome

    async def detection(self, detection_id: str) -> Sighting:
        """Return one with its vectors. Raises NotFound."""
        return await self._shelf.in_thread(partial(_sighting, self._shelf.blocks, detection_id), "detection")

    async def models(self) -> Mapping[tuple[str, str], int]:
        """Return how many detections there are of each pair of body and face model."""
        pairs: Counter[tuple[str, str]] = Counter()
        for block in self._shelf.blocks:
            pairs.update(block.about.pairs)
        return dict(sorted(pairs.items()))

    async def view(self, body_model: str, face_model: str = "") -> AbstractContextManager[SightingsView]:
        """Return what a search reads; it does not change whatever is ingested or forgotten. Raises NotFound."""
        cameras = await self._files.network.ids()
        of = (self._shelf.blocks, cameras, body_model, face_model)
        if self._last_view is None or self._last_view.of != of:
            self._last_view = None
            widths = self._shelf.widths.get(("body", body_model), 0), self._shelf.widths.get(("face", face_model), 0)
            make = partial(BlockView, self._shelf.blocks, cameras, body_model, face_model, widths)
            self._last_view = _LastView(of, await self._shelf.in_thread(make, "view"))
        return nullcontext(self._last_view.view)

    async def compact(self) -> bool:
        """Merge some small blocks in one bounded step; return whether there is more to do."""
        async with self._reshaping:
            if some := mergeable(self._shelf.blocks):
                await _to_the_end(self._shelf.merge(some))
            return bool(mergeable(self._shelf.blocks))

    async def forget(self, before: datetime | None = None, detections: Sequence[str] = ()) -> int:
        """Delete for good what is older, or named; return how many went. Raises StoreFull, Unavailable.

        Then, or after a death, what is left of it is done when the gallery is opened again.
        """
        async with self._reshaping:
            return await _to_the_end(self._forget(before, tuple(dict.fromkeys(detections))))

    async def reapply_deletions(self) -> int:
        """Delete again what the journal has and the database does not know of; return how many went."""
        async with self._reshaping:
            return await _to_the_end(self._catch_up())

    async def verify(self) -> Sequence[str]:
        """Check every block's checksums and counts; return the faults in words.

        Faulty blocks are served no more; those whose file was put back whole are served again.
        """
        async with self._reshaping:
            faults = await self._files.writer.run(_database_faults)
            return [*faults, *await _to_the_end(self._shelf.faults())]

    async def keep_model(self, name: str, content: bytes) -> None:
        """Keep what was learnt of this site under a name."""
        await self._files.registry.keep(name, content)

    async def kept_model(self, name: str) -> bytes | None:
        """Return what was kept under a name."""
        return await self._files.registry.kept(name)

    async def _merge_due(self) -> None:
        """Merge what is due; that this fails is no fault of what was just kept."""
        try:
            while some := due(self._shelf.blocks):
                await self._shelf.merge(some)
        except Unavailable as error:
            log.warning("gallery.merge_put_off", reason=str(error))

    async def _forget(self, before: datetime | None, ids: Sequence[str]) -> int:
        if before is None and not ids:
            return 0
        await self._catch_up()
        journal = self._files.journal
        deletion = await self._shelf.in_thread(partial(journal.add, before, ids), "forget")
        count = await self._delete(deletion, ids)
        await self._wipe(journal.applied)
        return count

    async def _catch_up(self) -> int:
        """Apply what the journal has and the database does not know of, such as a deletion that was cut short."""
        deletions, applied = self._files.journal.outstanding(await self._files.registry.applied())
        count = 0
        for deletion in deletions:
            count += await self._delete(deletion, None)
        if deletions:
            await self._wipe(applied)
            log.info("gallery.deletions_applied", deletions=len(deletions), detections=count)
        return count

    async def _delete(self, deletion: Deletion, ids: Sequence[str] | None) -> int:
        count = await self._shelf.delete(deletion, ids)
        before_s = deletion.before_s
        if before_s is not None:
            rows = await self._files.registry.blocks()
            await self._delete_damaged([row.name for row in rows if row.damage and (row.day + 1) * DAY_S <= before_s])
        return count

    async def _delete_damaged(self, names: Sequence[str]) -> None:
        """Delete blocks that nobody can read and whose day is to be forgotten whole."""
        if names:
            await self._files.registry.change((), names)
            paths = [block_path(self._files.folder, name) for name in names]
            await self._shelf.in_thread(partial(unlink, paths), "forget")

    async def _wipe(self, applied: str) -> None:
        """Say that deletions are applied, and empty the write-ahead log."""
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


def _sighting(blocks: Sequence[Block], detection_id: str) -> Sighting:
    for block in blocks:
        record = block.find(detection_id)
        if record is not None:
            return block.sighting(record)
    raise NotFound(f"there is no detection {detection_id!r}")


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
