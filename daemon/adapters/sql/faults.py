"""The driver's errors in the house's words."""

from __future__ import annotations

import sqlite3
from typing import Final

from daemon.errors import Conflict, InvalidInput, StoreCorrupt, StoreFull, Unavailable, ZhibanError

_FULL: Final = {sqlite3.SQLITE_FULL}
_BROKEN: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_SCHEMA}
_PASSING: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_NOLFS,
}


def translated(error: sqlite3.Error) -> ZhibanError:
    """Return what a driver's error means (sqlite.org, Result and Error Codes). The caller keeps it as the cause."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return Unavailable(f"the store cannot be used: {error}")
    primary = code & 0xFF
    if primary in _FULL:
        return StoreFull("the disk is full; nothing of this write was kept")
    if primary in _PASSING:
        return Unavailable(f"the store cannot be used just now: {error}")
    if primary == sqlite3.SQLITE_CONSTRAINT:
        return Conflict("something with that id, name or place is in the store already")
    if primary == sqlite3.SQLITE_TOOBIG:
        return InvalidInput("a value is larger than the store takes")
    if primary in _BROKEN:
        return StoreCorrupt(f"the store's file is damaged: {error}")
    return StoreCorrupt(f"the store does not hold together: {error}")
