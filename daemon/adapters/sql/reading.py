"""Opening a store to look at it only, beside the daemon that owns it or without one."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from daemon.adapters.sql.catalogue import SqlCatalogue
from daemon.adapters.sql.database import Database, connect, opened, prepare_reader
from daemon.adapters.sql.evidence import SqlEvidenceStore
from daemon.adapters.sql.faults import translated
from daemon.adapters.sql.incidents import SqlIncidentStore
from daemon.adapters.sql.versions import HEAD, version_of
from daemon.errors import StoreCorrupt, Unavailable


@dataclass(frozen=True, slots=True)
class ReadStores:
    """The stores that tell of products, over one connection that cannot write."""

    catalogue: SqlCatalogue
    incidents: SqlIncidentStore
    evidence: SqlEvidenceStore


@asynccontextmanager
async def read_stores(path: Path) -> AsyncIterator[ReadStores]:
    """Open the stores in a file for reading.

    Raises Unavailable when there is no such file, StoreCorrupt when it is damaged, is none of ours or has another
    schema than this program's, which only the daemon may bring up to date.
    """
    _require(path)
    async with opened(connect(path, mode="ro")) as reader:
        await reader.run(prepare_reader)
        await reader.run(_check_version)
        database = Database(reader, [reader])
        # No change feed is asked for here, so that its name does not matter.
        yield ReadStores(SqlCatalogue(database, ""), SqlIncidentStore(database), SqlEvidenceStore(database))


def _require(path: Path) -> None:
    if not path.exists():
        raise Unavailable(f"{path}: there is no catalogue yet; `zhiban run` makes one")


def _check_version(connection: sqlite3.Connection) -> None:
    try:
        found = version_of(connection)
    except sqlite3.Error as error:
        raise translated(error) from error
    if found != HEAD:
        raise StoreCorrupt(f"the store has schema {found!r}, this program reads {HEAD!r}: start `zhiban run` once")
