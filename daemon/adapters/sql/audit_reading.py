"""The audit log read for verifying it, from the store's file, whether a daemon runs on it or not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from daemon.adapters.sql.audit import links
from daemon.adapters.sql.faults import translated
from daemon.adapters.sql.statements import Session
from daemon.adapters.sql.values import as_written
from daemon.adapters.sql.versions import HEAD, version_of
from daemon.errors import NotFound, StoreCorrupt
from daemon.forum.audit_chain import Findings, Link, Verifier
from daemon.ports import AuditEntry
from daemon.products.documents import Reader

_ENTRIES: Final[Reader[AuditEntry]] = Reader(AuditEntry)


def verified(store: Path, verifier: Verifier) -> Findings:
    """Lead a verifier along all entries of a store, as they are at one moment.

    Raises NotFound without a store, StoreCorrupt for one of another schema, which only the daemon may bring up to date.
    """
    if not store.is_file():
        raise NotFound(f"{store}: no store there")
    try:
        with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)) as opened:
            opened.text_factory = lambda raw: as_written(raw.decode("utf-8", "replace"))
            opened.execute("BEGIN")
            if (found := version_of(opened)) != HEAD:
                raise StoreCorrupt(f"the store has schema {found!r}, this program reads {HEAD!r}: start `zhiban run`")
            for link in links(Session(opened)):
                _take(verifier, link)
    except sqlite3.Error as error:
        raise translated(error) from error
    return verifier.findings()


def _take(verifier: Verifier, stored: Link) -> None:
    link = _of_right_kinds(stored)
    try:
        entry = _ENTRIES.read(link.body)
    except (ValueError, TypeError):
        verifier.add(link, "", {}, same=False)
        return
    verifier.add(link, entry.action, dict(entry.detail), same=(entry.id, entry.target) == (link.id, link.target))


def _of_right_kinds(link: Link) -> Link:
    """Return an entry whose columns are of the kinds that we wrote; SQLite keeps whatever it is given."""
    return Link(
        link.seq, str(link.id), str(link.target), _bytes(link.body) or b"",
        None if link.key_id is None else str(link.key_id), _bytes(link.mac),
    )  # fmt: skip


def _bytes(value: object) -> bytes | None:
    return value if isinstance(value, bytes | None) else str(value).encode("utf-8", "surrogatepass")
