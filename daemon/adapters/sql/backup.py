"""Copies of a store: taken while the daemon runs, put back while it does not, and proven whole both times."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.adapters.sql.faults import translated
from daemon.adapters.sql.files import file_fault
from daemon.adapters.sql.schema import tables
from daemon.adapters.sql.versions import version_of
from daemon.errors import Conflict, NotFound, StoreCorrupt, UnreadableFile

_TABLES: Final = frozenset(table.name for table in tables())


@dataclass(frozen=True, slots=True)
class Copy:
    """A verified copy. counts: rows by table."""

    path: Path
    size: int  # bytes
    schema: str
    counts: dict[str, int]


def back_up(store: Path, target: Path) -> Copy:
    """Copy a store, in use or not, to a new file, and prove the copy whole before it gets its name.

    Raises NotFound without a store, Conflict when the target is there, StoreFull, Unavailable, StoreCorrupt.
    """
    if not store.is_file():
        raise NotFound(f"{store}: no store there")
    if target.exists():
        raise Conflict(f"{target}: is there already; a backup never overwrites")
    return _copied(store, target)


def restore(copy: Path, store: Path) -> tuple[Copy, Path | None]:
    """Put a copy in the place of a store that nobody has open; return it, and where the store before is kept.

    The copy is proven whole before anything of the old store is touched. Raises as `back_up`, and UnreadableFile for
    a file that is no store.
    """
    verify(copy)
    fresh = store.with_name(f"{store.name}.restoring")
    fresh.unlink(missing_ok=True)
    found = _copied(copy, fresh)
    kept = _set_aside(store)
    fresh.rename(store)
    _sync_folder(store.parent)
    return Copy(store, found.size, found.schema, found.counts), kept


def verify(path: Path) -> Copy:
    """Prove a file to be a whole store of a schema that this program knows. Raises UnreadableFile, StoreCorrupt."""
    if not path.is_file():
        raise UnreadableFile(f"{path}: no such file")
    try:
        # "immutable": a copy has no writer, and looking at it must not leave -wal and -shm files beside it
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            return _verified(connection, path)
    except sqlite3.DatabaseError as error:
        raise UnreadableFile(f"{path}: no store: {error}") from error


def _verified(connection: sqlite3.Connection, path: Path) -> Copy:
    faults = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
    faults += [f"{row[0]}: row {row[1]} points nowhere" for row in connection.execute("PRAGMA foreign_key_check")][:5]
    if faults:
        raise StoreCorrupt(f"{path}: {'; '.join(faults)}")
    version = version_of(connection)
    if version is None:
        raise UnreadableFile(f"{path}: an empty file, no store")
    return Copy(path, path.stat().st_size, version, _counts(connection))


def _copied(source: Path, target: Path) -> Copy:
    try:
        descriptor, name = tempfile.mkstemp(prefix=f"{target.name}.", suffix=".part", dir=target.parent)  # mode 0600
        os.close(descriptor)
    except OSError as error:
        raise file_fault(target, error) from error
    part = Path(name)
    try:
        counts = _copy_pages(source, part)
        found = verify(part)
        if found.counts != counts:
            raise StoreCorrupt(f"{target}: the copy holds {found.counts}, the store {counts}")
        _sync(part)
        os.link(part, target)  # unlike a rename, never over a file that came meanwhile
        _sync_folder(target.parent)
    except FileExistsError as error:
        raise Conflict(f"{target}: is there already; a backup never overwrites") from error
    except OSError as error:
        raise file_fault(target, error) from error
    except sqlite3.Error as error:
        raise translated(error) from error
    finally:
        part.unlink(missing_ok=True)
    return Copy(target, found.size, found.schema, found.counts)


def _copy_pages(source: Path, target: Path) -> dict[str, int]:
    """Copy one state of the source in one step and count its rows; writers go on, in its write-ahead log."""
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)) as read,
        closing(sqlite3.connect(target, isolation_level=None)) as written,
    ):
        read.execute("BEGIN")
        counts = _counts(read)
        read.backup(written, pages=-1)
        written.execute("PRAGMA journal_mode=DELETE")  # one file, without -wal and -shm
    return counts


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    tables = [name for (name,) in rows.fetchall() if name in _TABLES]
    return {
        table: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 names of ours
        for table in tables
    }


def _set_aside(store: Path) -> Path | None:
    """Keep the store as it is, with its write-ahead log, under the first free name; None when there is none."""
    if not store.exists():
        return None
    number = 1
    while (kept := store.with_name(f"{store.name}.before-restore-{number}")).exists():
        number += 1
    for suffix in ("-wal", "-shm", ""):
        part = store.with_name(store.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    return kept


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
