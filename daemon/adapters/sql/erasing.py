"""Deleting searches and cases so that no byte of them stays, here, in copies set aside, and in copies put back.

`secure_delete` alone leaves traces: where SQLite rebalances a tree it moves rows and does not clear where they lay, in
the free room of pages in use. So what stays is read, each tree is cleared page by page, and what stays is written
again; then the write-ahead log is cut to nothing. The hash of each id that went stays in a file beside the store, so
that an older copy that is put back loses the same again.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import bindparam, delete, exists, select
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.sql import schema
from daemon.adapters.sql.faults import translated
from daemon.adapters.sql.files import file_fault
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import as_written

_TABLES: Final = (schema.cases, schema.approvals, schema.searches, schema.search_vectors)
_READ: Final = {table.name: Statement(select(table)) for table in _TABLES}
_CLEAR: Final = {table.name: Statement(delete(table)) for table in _TABLES}
_WRITE: Final = {
    table.name: Statement(insert(table).values({c.name: bindparam(c.name) for c in table.c})) for table in _TABLES
}
#: Whose row it is, by table: the case of a case and of its approvals, the search of a search and of its vectors.
_OWNER: Final = {"cases": "id", "approvals": "case_id", "searches": "id", "search_vectors": "search_id"}
_s, _c = schema.searches.c, schema.cases.c
_ENDED: Final = Statement(select(_s.id).where(_s.ended_at < bindparam("before")))
_stays = exists().where(_s.case_id == _c.id, _s.ended_at.is_(None) | (_s.ended_at >= bindparam("before")))
_OVER: Final = Statement(select(_c.id).where(_c.ends_at < bindparam("before"), ~_stays))
_IDS: Final = (Statement(select(_s.id)), Statement(select(_c.id)))


def tombstones_of(store: Path) -> Path:
    """Return the file of what was deleted from a store."""
    return store.with_name(f"{store.name}.forgotten")


def forget(session: Session, store: Path, before: int) -> int:
    """Delete what ended before a time in microseconds; return how many searches and cases went."""
    gone = _due(session, before)
    if gone:
        _remember(tombstones_of(store), gone)
        _erase(session, gone)
    return len(gone)


def forget_again(connection: sqlite3.Connection, store: Path) -> int:
    """Delete what a copy that was put back still holds of what was deleted; return how much that was."""
    known = _remembered(tombstones_of(store))
    if not known:
        return 0
    try:
        connection.execute("BEGIN IMMEDIATE")
        session = Session(connection)
        ids = [row[0] for statement in _IDS for row in session.all(statement)]
        gone = {one for one in ids if _digest(one) in known}
        if gone:
            _erase(session, gone)
        connection.execute("COMMIT")
        if gone:
            cut_log(connection)
    except sqlite3.Error as error:
        raise translated(error) from error
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return len(gone)


def forget_in_copies(store: Path, before: int) -> int:
    """Delete the same from the stores that `restore` set aside; return how much that was."""
    count = 0
    for copy in store.parent.glob(f"{store.name}.before-restore-*"):
        if not copy.name.endswith(("-wal", "-shm")):
            count += _forget_in(copy, before)
    return count


def cut_log(connection: sqlite3.Connection) -> bool:
    """Bring all of the write-ahead log into the store and cut it to nothing; False when a reader is in the way."""
    return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]


def _forget_in(copy: Path, before: int) -> int:
    try:
        with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            connection.text_factory = lambda raw: as_written(raw.decode())
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            if not tables.issuperset(_OWNER):
                return 0
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute("BEGIN IMMEDIATE")
            session = Session(connection)
            gone = _due(session, before)
            if gone:
                _erase(session, gone)
            connection.execute("COMMIT")
            cut_log(connection)
    except sqlite3.Error as error:
        raise translated(error) from error
    return len(gone)


def _due(session: Session, before: int) -> set[str]:
    return {row[0] for statement in (_ENDED, _OVER) for row in session.all(statement, before=before)}


def _erase(session: Session, gone: set[str]) -> None:
    for table in _TABLES:
        names = [column.name for column in table.c]
        owner = names.index(_OWNER[table.name])
        rows = [row for row in session.all(_READ[table.name]) if row[owner] not in gone]
        session.run(_CLEAR[table.name])
        session.run_many(_WRITE[table.name], (dict(zip(names, row, strict=True)) for row in rows))


def _digest(record_id: str) -> str:
    return hashlib.sha256(record_id.encode("utf-8", "surrogatepass")).hexdigest()


def _remembered(path: Path) -> set[str]:
    try:
        return set(path.read_text(encoding="ascii", errors="replace").split())
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise file_fault(path, error) from error


def _remember(path: Path, gone: Iterable[str]) -> None:
    """Write down what is about to be deleted, on disk before it is; a line that a crash cut off means nothing."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("\n" + "".join(f"{_digest(one)}\n" for one in sorted(gone)))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise file_fault(path, error) from error
