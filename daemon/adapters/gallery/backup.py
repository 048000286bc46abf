"""Copies of a gallery: taken while it is in use, put back while it is not.

A copy has a block's file as it is, for files never change. What was forgotten after the copy was made is in the
journal that stays in the state directory, and is forgotten again when the gallery that was put back is opened.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from daemon.adapters.gallery.block import Block, block_path
from daemon.adapters.gallery.block_file import sync_folder
from daemon.adapters.gallery.deletions import NAME as JOURNAL
from daemon.adapters.gallery.places import DATABASE, FOLDER, LOCK
from daemon.adapters.lock import only_one
from daemon.adapters.sql.faults import translated
from daemon.adapters.sql.files import file_fault
from daemon.errors import Conflict, NotFound, StoreCorrupt, Unavailable

#: How often the files may have been merged away while they were copied.
_ATTEMPTS: Final = 10


class Copied(NamedTuple):
    """A verified copy. size: bytes of the blocks."""

    path: Path
    blocks: int
    detections: int
    size: int


def back_up(state: Path, target: Path) -> Copied:
    """Copy the gallery of a state directory, in use or not, to a new folder, and read all of the copy.

    Raises NotFound without a gallery, Conflict when the target is there, StoreFull, Unavailable, StoreCorrupt.
    """
    if not (state / DATABASE).is_file():
        raise NotFound(f"{state}: no gallery there")
    try:
        target.mkdir(mode=0o700, parents=True)
    except FileExistsError as error:
        raise Conflict(f"{target}: is there already; a backup never overwrites") from error
    except OSError as error:
        raise file_fault(target, error) from error
    for _ in range(_ATTEMPTS):
        if _copied(state, target):
            return verify(target)
    raise Unavailable(f"{state}: the gallery's files change too fast to be copied; try again")


def restore(copy: Path, state: Path) -> Copied:
    """Put a copy in the place of a gallery that is not there (any more), after reading all of it.

    The journal of deletions that is there stays; only where none is, the copy's is taken. Raises Conflict when there
    is a gallery: whoever puts one back decides what becomes of the one before, which may hold what has to be deleted.
    Raises AlreadyRunning, NotFound, StoreCorrupt, StoreFull, Unavailable.
    """
    found = verify(copy)
    with only_one(state, LOCK):
        for name in (DATABASE, FOLDER):
            if (state / name).exists():
                raise Conflict(f"{state / name}: there is a gallery; move it away first")
        _copied(copy, state, journal=not (state / JOURNAL).exists())
    return found._replace(path=state)


def verify(copy: Path) -> Copied:
    """Read all of a copy. Raises NotFound, StoreCorrupt naming the first fault."""
    if not (copy / DATABASE).is_file():
        raise NotFound(f"{copy}: no copy of a gallery there")
    blocks = [Block(copy / FOLDER, name) for name in _names(copy / DATABASE)]
    for block in blocks:
        for fault in block.faults():
            raise StoreCorrupt(fault)
    return Copied(copy, len(blocks), sum(b.about.records for b in blocks), sum(b.size for b in blocks))


def _copied(source: Path, target: Path, *, journal: bool = True) -> bool:
    """Copy the database, then the blocks that count in the copy; False when one was merged away meanwhile."""
    try:
        shutil.rmtree(target / FOLDER, ignore_errors=True)
        (target / FOLDER).mkdir(mode=0o700)
        _copy_database(source / DATABASE, target / DATABASE)
        for name in _names(target / DATABASE):
            try:
                _copy_file(block_path(source / FOLDER, name), block_path(target / FOLDER, name))
            except FileNotFoundError:
                return False
        if journal and (source / JOURNAL).exists():
            _copy_file(source / JOURNAL, target / JOURNAL)
        for folder in (target / FOLDER, target):
            sync_folder(folder)
    except OSError as error:
        raise file_fault(target, error) from error
    except sqlite3.Error as error:
        raise translated(error) from error
    return True


def _copy_database(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)
        written.execute("PRAGMA journal_mode=DELETE")


def _copy_file(source: Path, target: Path) -> None:
    with source.open("rb") as read:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as written:
            shutil.copyfileobj(read, written, 1 << 20)
            written.flush()
            os.fsync(written.fileno())


def _names(database: Path) -> Sequence[str]:
    """Return which blocks of a copy are served; those that are damaged are in no copy."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return [str(name) for (name,) in connection.execute("SELECT name FROM blocks WHERE damage = ''")]
    except sqlite3.Error as error:
        raise translated(error) from error
