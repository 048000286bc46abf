"""The blocks that are served, and how they change: added, put in the place of others, refused, served again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import structlog

from daemon.adapters.gallery.batches import Batch, sorted_out
from daemon.adapters.gallery.block import Block
from daemon.adapters.gallery.deletions import Deletion, Journal
from daemon.adapters.gallery.network import SqlNetwork
from daemon.adapters.gallery.registry import Registered, SqlRegistry
from daemon.adapters.gallery.rewriting import Damaged, kept_of, rewrite, unlink, write_rows
from daemon.adapters.sql.database import Worker
from daemon.errors import StoreCorrupt, ZhibanError
from daemon.ports import Offload
from daemon.ports.sightings import Sighting

T = TypeVar("T")
log = structlog.get_logger()

#: Nothing takes the place of a block: it stays.
STAYS: Final = None


class Files(NamedTuple):
    """What the gallery works on. writer: the connection that the registry writes by."""

    folder: Path
    journal: Journal
    registry: SqlRegistry
    network: SqlNetwork
    writer: Worker
    offload: Offload


class Shelf:
    """The blocks that are served, and the widths of models, by kind and name. Changed on the loop alone.

    Whoever takes `blocks` has the blocks of one moment, and they stay readable. Changes but `add` are made one after
    another by the caller, and each goes to its end: see `to_the_end`.
    """

    def __init__(self, files: Files, blocks: Sequence[Block], widths: Mapping[tuple[str, str], int]) -> None:
        self.files = files
        self.blocks = tuple(blocks)
        self.widths = dict(widths)

    async def in_thread(self, work: Callable[[], T], what: str) -> T:
        """Run work in a thread. Raises Unavailable when too much waits."""
        return await self.files.offload.run(work, what=f"association.{what}")

    async def add(self, batch: Sequence[Sighting]) -> Batch:
        """Keep what is new of a batch, all of it or nothing. Raises StoreFull, Unavailable."""
        work = partial(_written, self.files.folder, batch, self.blocks, dict(self.widths))
        found, blocks = await self.in_thread(work, "ingest")
        if blocks:
            try:
                await self.files.registry.change(blocks, widths=found.widths)
            except ZhibanError:
                await self._unlink(blocks)
                raise
            self.widths.update(found.widths)
            self.blocks += tuple(blocks)
        return found

    async def merge(self, some: Sequence[Block]) -> None:
        """Put one block in the place of some of a kind. One that turns out to be damaged is refused."""
        try:
            merged = await self.in_thread(partial(rewrite, self.files.folder, some), "merge")
        except Damaged as damaged:
            await self.refuse(damaged.block, str(damaged))
            return
        await self._replace(some, [merged] if merged else [])

    async def delete(self, deletion: Deletion, ids: Sequence[str] | None) -> int:
        """Delete what a deletion names from all blocks; return how many went. ids: see `kept_of`."""
        count = 0
        for block in self.blocks:
            work = partial(_without, self.files, block, [deletion], ids)
            try:
                left = await self.in_thread(work, "forget")
            except Damaged as damaged:
                await self.refuse(damaged.block, str(damaged))
                continue
            if left is not STAYS:
                count += block.about.records - sum(one.about.records for one in left)
                await self._replace([block], left)
        return count

    async def refuse(self, block: Block, why: str) -> None:
        """Serve a block no more."""
        log.error("gallery.block_refused", block=str(block.path), reason=why)
        self.blocks = tuple(one for one in self.blocks if one is not block)
        await self.files.registry.damaged(block.name, why)

    async def faults(self) -> Sequence[str]:
        """Read all blocks; refuse those with faults, serve again those that are whole again; return what is wrong."""
        for block in self.blocks:
            found = await self.in_thread(partial(_faults, block), "verify")
            if found:
                await self.refuse(block, found[0])
        damaged = [row for row in await self.files.registry.blocks() if row.damage]
        return [row.damage for row in damaged if not await self._serve_again(row)]

    async def _serve_again(self, row: Registered) -> bool:
        """Serve a block that is whole again, without what was forgotten while it was not."""
        block = await self.in_thread(partial(_whole, self.files.folder, row.name, self.blocks), "verify")
        if block is None:
            return False
        deletions = self.files.journal.outstanding(row.applied).deletions
        left = await self.in_thread(partial(_without, self.files, block, deletions, None), "verify")
        if left is STAYS:
            await self.files.registry.restored(row.name)
            self.blocks += (block,)
        else:
            await self._replace([block], left)
        log.info("gallery.block_restored", block=str(block.path))
        return True

    async def _replace(self, old: Sequence[Block], new: Sequence[Block]) -> None:
        try:
            await self.files.registry.change(new, [block.name for block in old])
        except ZhibanError:
            await self._unlink(new)
            raise
        self.blocks = (*(block for block in self.blocks if block not in old), *new)
        await self._unlink(old)

    async def _unlink(self, blocks: Sequence[Block]) -> None:
        await self.in_thread(partial(unlink, [block.path for block in blocks]), "unlink")


def _written(
    folder: Path, batch: Sequence[Sighting], blocks: Sequence[Block], widths: Mapping[tuple[str, str], int]
) -> tuple[Batch, list[Block]]:
    found = sorted_out(batch, blocks, widths)
    return found, write_rows(folder, found.rows())


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
    files: Files, block: Block, deletions: Iterable[Deletion], ids: Sequence[str] | None
) -> Sequence[Block] | None:
    """Return what takes the place of a block after deletions, STAYS when none is of it."""
    masks = [kept for one in deletions if (kept := kept_of(block, one, files.journal, ids)) is not None]
    if not masks:
        return STAYS
    kept = masks[0]
    for mask in masks[1:]:
        kept = kept & mask
    left = rewrite(files.folder, [block], [kept])
    return [left] if left else []
