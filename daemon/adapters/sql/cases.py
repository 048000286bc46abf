"""Cases, approvals and searches in SQLite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.paging import checked_limit, number_before, page_of
from daemon.adapters.sql import erasing, schema
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.lists import Listed
from daemon.adapters.sql.statements import Row, Session, Statement
from daemon.adapters.sql.values import Records, micros, micros_or_none
from daemon.errors import Conflict, NotFound
from daemon.ports import Approval, AuditEntry, Case, Page, Search
from daemon.products.documents import to_json

_CASES: Final = Listed(schema.cases, Case, "case")
_APPROVALS: Final = Listed(schema.approvals, Approval, "approval")
_SEARCHES: Final = Listed(schema.searches, Search, "search")
_RESULTS: Final[Records[dict[str, Any]]] = Records(dict)

_c, _a, _s, _v = schema.cases.c, schema.approvals.c, schema.searches.c, schema.search_vectors.c
_CASE: Final = Statement(select(_c.body, _c.searches).where(_c.id == bindparam("of_id")))
_change = update(schema.cases).where(_c.id == bindparam("of_id"), _c.revision == bindparam("was"))
_CHANGE: Final = Statement(
    _change.values({name: bindparam(name) for name in ("owner", "members", "ends_at", "revision", "body")})
)
_COUNT: Final = Statement(update(schema.cases).where(_c.id == bindparam("of_id")).values(searches=_c.searches + 1))
_newest = select(_c.seq, _c.body, _c.searches).where(_c.seq < bindparam("before"))
_newest = _newest.order_by(_c.seq.desc()).limit(bindparam("at_most"))
_PAGE: Final = Statement(_newest)
_member = func.json_each(_c.members).table_valued("value")
_is_member = select(_member.c.value).where(_member.c.value == bindparam("whose")).exists()
_PAGE_OF_ONE: Final = Statement(_newest.where((_c.owner == bindparam("whose")) | _is_member))

_APPROVALS_OF: Final = Statement(select(_a.body).where(_a.case_id == bindparam("of_case")).order_by(_a.seq))
_DECIDE: Final = Statement(
    update(schema.approvals)
    .where(_a.id == bindparam("of_id"), _a.decided == 0)
    .values(decided=1, body=bindparam("body"))
)

_SEARCH: Final = Statement(select(_s.body, _s.result).where(_s.id == bindparam("of_id")))
_CHANGE_SEARCH: Final = Statement(
    update(schema.searches)
    .where(_s.id == bindparam("of_id"), _s.ended_at.is_(None))
    .values({name: bindparam(name) for name in ("ended_at", "body", "result")})
)
_UNENDED: Final = Statement(select(_s.body, _s.result).where(_s.ended_at.is_(None)).order_by(_s.seq))
_ADD_VECTOR: Final = Statement(insert(schema.search_vectors).values({c.name: bindparam(c.name) for c in _v}))
_VECTORS: Final = Statement(select(_v.vector).where(_v.search_id == bindparam("of_id")).order_by(_v.number))


class SqlCaseStore:
    """A ports.CaseStore. store: the file that it is in."""

    def __init__(self, database: Database, store: Path) -> None:
        self._database, self._store = database, store
        self._log_cut = True

    async def add_case(self, case: Case, entry: AuditEntry) -> Case:
        """Keep a new case, at revision 1; return it. Raises Conflict."""
        kept = replace(case, revision=1, searches=0)

        def unit(session: Session) -> None:
            _CASES.add(session, [_case_row(kept)])
            self._database.chain.add(session, [entry])

        await self._database.write(unit, durable=True)
        return kept

    async def change_case(self, case: Case, entry: AuditEntry) -> Case:
        """Replace a case as it was read, but for its count; return it. Raises NotFound, Conflict."""

        def unit(session: Session) -> Case:
            kept = replace(case, revision=case.revision + 1, searches=_case(session, case.id).searches)
            row = _case_row(kept)
            del row["id"], row["searches"]
            if not session.run(_CHANGE, of_id=case.id, was=case.revision, **row):
                raise Conflict(f"case {case.id} was changed meanwhile")
            self._database.chain.add(session, [entry])
            return kept

        return await self._database.write(unit, durable=True)

    async def case(self, case_id: str) -> Case:
        """Return one. Raises NotFound."""
        return await self._database.read(lambda session: _case(session, case_id))

    async def cases(self, limit: int, cursor: str | None = None, *, whose: str | None = None) -> Page:
        """Return a page of cases, newest first. whose: only those that a principal owns or is a member of."""
        query = _PAGE if whose is None else _PAGE_OF_ONE
        values: dict[str, Any] = {"before": number_before("case", cursor), "at_most": checked_limit(limit) + 1}
        values |= {} if whose is None else {"whose": whose}
        rows = await self._database.read(lambda session: session.all(query, **values))
        return page_of("case", [(seq, _counted(row)) for seq, *row in rows], limit)

    async def ask_approval(self, approval: Approval, entry: AuditEntry) -> None:
        """Keep what was asked for. Raises NotFound without its case, Conflict."""

        def unit(session: Session) -> None:
            _case(session, approval.case_id)
            row = {"id": approval.id, "case_id": approval.case_id, "decided": 0, "body": to_json(approval)}
            _APPROVALS.add(session, [row])
            self._database.chain.add(session, [entry])

        await self._database.write(unit, durable=True)

    async def decide_approval(self, approval: Approval, entry: AuditEntry) -> None:
        """Keep the decision. Raises NotFound, Conflict when it was decided already."""

        def unit(session: Session) -> None:
            _APPROVALS.get(session, approval.id)
            if not session.run(_DECIDE, of_id=approval.id, body=to_json(approval)):
                raise Conflict(f"approval {approval.id} was decided already")
            self._database.chain.add(session, [entry])

        await self._database.write(unit, durable=True)

    async def approvals(self, case_id: str) -> Sequence[Approval]:
        """Return those of a case, oldest first."""
        return await self._database.read(lambda session: _APPROVALS.read(session, _APPROVALS_OF, of_case=case_id))

    async def begin_search(self, search: Search, entry: AuditEntry, vectors: Sequence[bytes] = ()) -> Case:
        """Keep a search and count it in its case. Raises NotFound; Conflict when the case lets nobody search."""

        def unit(session: Session) -> Case:
            case = _case(session, search.case_id)
            if problem := case.unsearchable(search.created_at):
                raise Conflict(f"nothing can be searched in case {case.id}: {problem}")
            session.run(_COUNT, of_id=case.id)
            _SEARCHES.add(session, [_search_row(search) | {"id": search.id, "case_id": search.case_id}])
            rows = [{"search_id": search.id, "number": n, "vector": vector} for n, vector in enumerate(vectors)]
            session.run_many(_ADD_VECTOR, rows)
            self._database.chain.add(session, [entry])
            return replace(case, searches=case.searches + 1)

        return await self._database.write(unit, durable=True)

    async def change_search(self, search: Search, entry: AuditEntry | None = None) -> None:
        """Replace a search. Raises NotFound; Conflict when the stored one has ended already."""

        def unit(session: Session) -> None:
            if not session.run(_CHANGE_SEARCH, of_id=search.id, **_search_row(search)):
                _SEARCHES.get(session, search.id)
                raise Conflict(f"search {search.id} has ended already")
            self._database.chain.add(session, [entry] if entry else [])

        await self._database.write(unit, durable=entry is not None or search.ended is not None)

    async def search(self, search_id: str) -> Search:
        """Return one. Raises NotFound."""
        row = await self._database.read(lambda session: session.one(_SEARCH, of_id=search_id))
        if row is None:
            raise NotFound(f"there is no search {search_id!r}")
        return _whole(row)

    async def query_vectors(self, search_id: str) -> Sequence[bytes]:
        """Return the vectors that a search began with."""
        rows = await self._database.read(lambda session: session.all(_VECTORS, of_id=search_id))
        return [vector for (vector,) in rows]

    async def searches(self, limit: int, cursor: str | None = None, *, case_id: str | None = None) -> Page:
        """Return a page of searches without their results, newest first."""
        conditions = [] if case_id is None else [("case", _s.case_id == bindparam("of_case"))]
        values = {} if case_id is None else {"of_case": case_id}
        return await _SEARCHES.page(self._database, limit, cursor, conditions, **values)

    async def unended(self) -> Sequence[Search]:
        """Return those that are queued or running, oldest first."""
        return [_whole(row) for row in await self._database.read(lambda session: session.all(_UNENDED))]

    async def forget(self, before: datetime) -> int:
        """Delete for good searches that ended before a time, and cases that closed or expired before it.

        Stores that a restore set aside lose the same. Returns how many searches and cases went from this one.
        """
        limit = micros(before)
        count = await self._database.write(lambda session: erasing.forget(session, self._store, limit), durable=True)
        await self._database.outside(lambda _: erasing.forget_in_copies(self._store, limit))
        if count or not self._log_cut:
            self._log_cut = False
            self._log_cut = await self._database.outside(erasing.cut_log)
        return count


def _case(session: Session, case_id: str) -> Case:
    row = session.one(_CASE, of_id=case_id)
    if row is None:
        raise NotFound(f"there is no case {case_id!r}")
    return _counted(row)


def _counted(row: Sequence[Any]) -> Case:
    body, searches = row
    return replace(_CASES.records.read(body), searches=searches)


def _case_row(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "owner": case.owner,
        "members": json.dumps(case.members),
        "searches": case.searches,
        "ends_at": micros(case.closed_at or case.expires_at),
        "revision": case.revision,
        "body": to_json(case),
    }


def _search_row(search: Search) -> dict[str, Any]:
    result = None if search.result is None else to_json(search.result)
    return {"ended_at": micros_or_none(search.ended), "body": to_json(replace(search, result=None)), "result": result}


def _whole(row: Row) -> Search:
    body, result = row
    return replace(_SEARCHES.records.read(body), result=None if result is None else _RESULTS.read(result))
