"""Every store in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from daemon.adapters.sql.audit import AuditChain
from daemon.adapters.sql.bot import SqlBotStore
from daemon.adapters.sql.cases import SqlCaseStore
from daemon.adapters.sql.catalogue import SqlCatalogue
from daemon.adapters.sql.database import READERS, Database, connect, opened, prepare_reader, prepare_writer
from daemon.adapters.sql.erasing import forget_again
from daemon.adapters.sql.evidence import SqlEvidenceStore
from daemon.adapters.sql.files import made_private
from daemon.adapters.sql.films import SqlFilmStore
from daemon.adapters.sql.incidents import SqlIncidentStore
from daemon.adapters.sql.mirror import SqlMirror
from daemon.adapters.sql.outbox import SqlOutbox
from daemon.adapters.sql.people import SqlAuditLog, SqlPrincipals
from daemon.adapters.sql.versions import bring_up_to_date, feed_name
from daemon.forum.audit_chain import AuditKeys

__all__ = ["SqlStores", "open_stores"]


@dataclass(frozen=True, slots=True)
class SqlStores:
    """All stores over one database."""

    catalogue: SqlCatalogue
    incidents: SqlIncidentStore
    outbox: SqlOutbox
    evidence: SqlEvidenceStore
    principals: SqlPrincipals
    audit: SqlAuditLog
    bot: SqlBotStore
    mirror: SqlMirror
    films: SqlFilmStore
    cases: SqlCaseStore


@asynccontextmanager
async def open_stores(path: Path, keys: AuditKeys | None = None) -> AsyncIterator[SqlStores]:
    """Open the stores in a file, which is made if it is not there, for its owner alone.

    keys: of the audit log; none: it is chained without one. Raises ConfigError when they do not fit it,
    StoreCorrupt when the file is damaged, is none of ours or has a newer schema, Unavailable when it cannot be opened,
    StoreFull when there is no room to make it.
    """
    made_private(path)
    async with AsyncExitStack() as stack:
        writer = await stack.enter_async_context(opened(connect(path)))
        chain = AuditChain(keys)
        feed = await writer.run(lambda connection: _prepared(connection, chain, path))
        readers = [await stack.enter_async_context(opened(connect(path))) for _ in range(READERS)]
        for reader in readers:
            await reader.run(prepare_reader)
        database = Database(writer, readers, chain)
        yield SqlStores(
            SqlCatalogue(database, feed),
            SqlIncidentStore(database),
            SqlOutbox(database),
            SqlEvidenceStore(database),
            SqlPrincipals(database),
            SqlAuditLog(database),
            SqlBotStore(database),
            SqlMirror(database),
            SqlFilmStore(database),
            SqlCaseStore(database, path),
        )


def _prepared(connection: sqlite3.Connection, chain: AuditChain, path: Path) -> str:
    prepare_writer(connection)
    bring_up_to_date(connection)
    chain.prepare(connection)
    forget_again(connection, path)
    return feed_name(connection)
