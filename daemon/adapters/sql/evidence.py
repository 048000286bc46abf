"""What was last found at URLs, in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.sql import schema
from daemon.adapters.sql.conditions import any_of
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.forget import dropping, forget_rows
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import Records, micros, text_list
from daemon.products.documents import to_json
from daemon.products.evidence import Evidence
from daemon.products.records import succeed

_EVIDENCE: Final[Records[Evidence]] = Records(Evidence)
_GET: Final = Statement(select(schema.evidence.c.body).where(any_of(schema.evidence.c.url, "urls")))
_put = insert(schema.evidence)
_PUT: Final = Statement(
    _put.on_conflict_do_update(
        index_elements=["url"], set_={"body": _put.excluded.body, "fetched_at": _put.excluded.fetched_at}
    )
)
_FORGET: Final = (dropping(schema.evidence.c.fetched_at),)


class SqlEvidenceStore:
    """A ports.EvidenceStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def evidence(self, urls: Sequence[str]) -> dict[str, Evidence]:
        """Return the last evidence of those URLs that have any, with the one before it as `previous`."""
        return await self._database.read(lambda session: _read(session, urls))

    async def keep(self, evidence: Sequence[Evidence]) -> None:
        """Keep new evidence; what was last becomes its `previous`."""

        def unit(session: Session) -> None:
            last = _read(session, [found.url for found in evidence])
            for found in evidence:
                last[found.url] = succeed(last.get(found.url), found)
            session.run_many(_PUT, (_row(found) for found in last.values()))

        await self._database.write(unit, durable=False)

    async def forget(self, before: datetime) -> int:
        """Delete evidence that was last brought before a time; return of how many URLs."""
        return await forget_rows(self._database, _FORGET, before)


def _row(found: Evidence) -> dict[str, Any]:
    return {"url": found.url, "body": to_json(found), "fetched_at": micros(found.fetched_at)}


def _read(session: Session, urls: Sequence[str]) -> dict[str, Evidence]:
    found = (_EVIDENCE.read(body) for (body,) in session.all(_GET, urls=text_list(urls)))
    return {evidence.url: evidence for evidence in found}
