"""What cameras saw, on disk: vectors and detections in block files, and a database of what is true of them.

    association.sqlite3      network, models, which blocks count, what was learnt; WAL, committed with synchronous=FULL
    association/*.block      detections of one day and one body model by camera and time, with fp16 vectors; written
                             once, checksummed, mapped into memory, never changed
    association.deletions    what was forgotten, so that it can be forgotten again
    association.lock         held by the one process that has the gallery open

A log-structured arrangement (O'Neil et al. 1996, "The Log-Structured Merge-Tree") and not rows of a database: a batch
costs one file and one transaction, whatever the ids; a search reads slices of maps; and deleting for good is leaving
out what is written anew, where a database would leave traces of moved rows in its pages. The database is opened by
the house's executor of `adapters.sql`, with `secure_delete`, and has nothing of a single detection.

numpy is imported with this package: import it only when the association is configured.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import structlog

from daemon.adapters.gallery.block import Block, block_path
from daemon.adapters.gallery.deletions import NAME as JOURNAL
from daemon.adapters.gallery.deletions import Journal
from daemon.adapters.gallery.gallery import FileGallery
from daemon.adapters.gallery.network import SqlNetwork
from daemon.adapters.gallery.places import DATABASE, FOLDER, LOCK
from daemon.adapters.gallery.registry import SqlRegistry
from daemon.adapters.gallery.rewriting import unlink
from daemon.adapters.gallery.schema import DECLARED
from daemon.adapters.gallery.shelf import Files, Shelf
from daemon.adapters.lock import only_one
from daemon.adapters.sql.database import READERS, Database, Worker, connect, opened, prepare_reader, prepare_writer
from daemon.adapters.sql.files import file_fault, made_private
from daemon.adapters.sql.versions import bring_up_to_date
from daemon.errors import StoreCorrupt
from daemon.ports import Offload

__all__ = ["FileGallery", "open_gallery"]

log = structlog.get_logger()


@asynccontextmanager
async def open_gallery(state: Path, offload: Offload) -> AsyncIterator[FileGallery]:
    """Open the gallery of a state directory, which is made if it is not there, for its owner alone.

    Blocks that are damaged are named in the log and in `verify`, and not served; the others are. Raises
    AlreadyRunning when another process has it open, StoreCorrupt for a damaged or newer database, Unavailable,
    StoreFull.
    """
    made_private(state / DATABASE)
    async with AsyncExitStack() as stack:
        stack.enter_context(only_one(state, LOCK))
        database, writer = await _database(stack, state / DATABASE)
        registry = SqlRegistry(database)
        folder = await offload.run(partial(_folder, state), what="association.open")
        journal = await offload.run(partial(Journal, state / JOURNAL), what="association.open")
        files = Files(folder, journal, registry, SqlNetwork(database), writer, offload)
        gallery = FileGallery(Shelf(files, await _blocks(files), await registry.widths()))
        await gallery.reapply_deletions()
        yield gallery


async def _database(stack: AsyncExitStack, path: Path) -> tuple[Database, Worker]:
    writer = await stack.enter_async_context(opened(connect(path)))
    await writer.run(_prepared)
    readers = [await stack.enter_async_context(opened(connect(path))) for _ in range(READERS)]
    for reader in readers:
        await reader.run(prepare_reader)
    return Database(writer, readers), writer


def _prepared(connection: sqlite3.Connection) -> None:
    prepare_writer(connection)
    connection.execute("PRAGMA secure_delete=ON")
    bring_up_to_date(connection, DECLARED)


def _folder(state: Path) -> Path:
    folder = state / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise file_fault(folder, error) from error
    return folder


async def _blocks(files: Files) -> Sequence[Block]:
    """Open the blocks that count, remember which are damaged, and delete what a death left behind."""
    registered = await files.registry.blocks()
    names = [row.name for row in registered if not row.damage]
    found, damage = await files.offload.run(partial(_opened, files.folder, names), what="association.open")
    for name, why in damage.items():
        log.error("gallery.block_refused", block=str(block_path(files.folder, name)), reason=why)
        await files.registry.damaged(name, why)
    keep = {row.name for row in registered}
    await files.offload.run(partial(_tidied, files.folder, keep), what="association.open")
    return found


def _opened(folder: Path, names: Sequence[str]) -> tuple[list[Block], dict[str, str]]:
    blocks, damage = [], {}
    for name in names:
        try:
            blocks.append(Block(folder, name))
        except StoreCorrupt as error:
            damage[name] = str(error)
    return blocks, damage


def _tidied(folder: Path, keep: set[str]) -> None:
    unlink(path for path in folder.iterdir() if path.stem not in keep or path.suffix == ".part")
