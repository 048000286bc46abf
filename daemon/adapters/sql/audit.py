"""The audit log's chain, kept in the transaction of each entry."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import bindparam, exists, select
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.sql import schema
from daemon.adapters.sql.faults import translated
from daemon.adapters.sql.statements import Session, Statement
from daemon.errors import ConfigError, StoreCorrupt
from daemon.forum.audit_chain import CHAINED, KEY_CHANGED, UNKEYED, AuditKeys, EarlierEntries, Head, Link
from daemon.ports import AuditEntry
from daemon.products.documents import to_json
from daemon.products.ids import new_id

_a = schema.audit.c
_LAST: Final = Statement(select(_a.seq, _a.mac, _a.key_id).order_by(_a.seq.desc()).limit(1))
_ADD: Final = Statement(insert(schema.audit).values({c.name: bindparam(c.name) for c in _a}))
_USED: Final = Statement(select(exists().where(_a.key_id == bindparam("of_key"))).limit(1))
_PAGE: Final = Statement(
    select(_a.seq, _a.id, _a.target, _a.body, _a.key_id, _a.mac)
    .where(_a.seq > bindparam("after"))
    .order_by(_a.seq)
    .limit(bindparam("at_most"))
)
_AT_ONCE: Final = 1000


class AuditChain:
    """Adds entries to the log, each bound to the one before it."""

    def __init__(self, keys: AuditKeys | None = None) -> None:
        self._keys = keys or AuditKeys()

    def add(self, session: Session, entries: Iterable[AuditEntry]) -> None:
        """Keep entries. Raises Conflict for a known id, ConfigError when the chain is of another key."""
        wanted = list(entries)
        if not wanted:
            return
        head = self.head(session)
        if head.key_id not in {"", self._keys.current.id}:
            raise self._foreign(head.key_id)
        self._extend(session, head, wanted)

    def head(self, session: Session) -> Head:
        """Return the end of the chain."""
        last = session.one(_LAST)
        if last is None or last[1] is None:
            return Head()
        if not isinstance(last[1], bytes) or not isinstance(last[2], str):
            raise StoreCorrupt("the audit log's last entry is none that was written here: run `zhiban audit verify`")
        return Head(*last)

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Begin the chain over entries from before it, and go on with a new key.

        Raises ConfigError when the chain is of a key that is not at hand, or was given up before.
        """
        try:
            connection.execute("BEGIN IMMEDIATE")
            self._prepare(Session(connection))
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise translated(error) from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _prepare(self, session: Session) -> None:
        last, current = session.one(_LAST), self._keys.current
        if last is None or last[2] == current.id:
            return
        seq, mac, key_id = last
        if mac is None:
            earlier = EarlierEntries()
            earlier.add(links(session))
            self._extend(session, Head(seq), [_entry(CHAINED, earlier.detail())])
            return
        if current is UNKEYED:  # takes over from none: `add` will say so to who writes
            return
        if not self._keys.follows(key_id) or (self._keys.strict and session.one(_USED, of_key=current.id) == (1,)):
            raise self._foreign(key_id)
        self._extend(session, Head(seq, mac), [_entry(KEY_CHANGED, {"from": key_id, "to": current.id})])

    def _extend(self, session: Session, head: Head, entries: Iterable[AuditEntry]) -> None:
        key, mac, rows = self._keys.current, head.mac, []
        for seq, entry in enumerate(entries, head.seq + 1):
            row = audit_row(entry)
            mac = key.mac(mac, seq, row["body"])
            rows.append({"seq": seq, **row, "key_id": key.id, "mac": mac})
        session.run_many(_ADD, rows)

    def _foreign(self, key_id: str) -> ConfigError:
        return ConfigError(
            f"the audit log is kept with the key {key_id}, and {self._keys.current.id} is configured, which cannot "
            "follow it: name the secret that it is kept with as [audit] secret or in old_secrets; the key of a secret "
            "that was given up is not taken again"
        )


def audit_row(entry: AuditEntry) -> dict[str, Any]:
    """Return the columns of an audit entry but those of the chain."""
    return {"id": entry.id, "target": entry.target, "body": to_json(entry)}


def links(session: Session) -> Iterator[Link]:
    """Iterate over all entries as they are stored, oldest first."""
    after = -(2**63)
    while rows := session.all(_PAGE, after=after, at_most=_AT_ONCE):
        yield from (Link(*row) for row in rows)
        after = rows[-1][0]


def _entry(action: str, detail: Mapping[str, str]) -> AuditEntry:
    return AuditEntry(
        id=new_id(), at=datetime.now(UTC), actor="daemon", action=action, target="audit", detail=dict(detail)
    )
