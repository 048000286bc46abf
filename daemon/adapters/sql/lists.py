"""Tables that list records in the order in which they first came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Table, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.paging import checked_limit, number_before, page_of
from daemon.adapters.sql.conditions import any_of
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import Records, text_list
from daemon.errors import Conflict, NotFound
from daemon.ports import Page

_BY_HAND: Final = {"seq", "id"}


class Kept(Protocol):
    """What such a table keeps."""

    @property
    def id(self) -> str:
        """Unique in the table."""


T = TypeVar("T", bound=Kept)


class Listed(Generic[T]):
    """One table with `seq`, `id` and `body`. what: the word for one record; columns: those beside them, of a record."""

    def __init__(self, table: Table, kind: type[T], what: str) -> None:
        self.table = table
        self.records: Records[T] = Records(kind)
        self._what = what
        self._pages: dict[str, Statement] = {}

    def get(self, session: Session, record_id: str) -> T:
        """Return one record. Raises NotFound."""
        row = session.one(self._get, record_id=record_id)
        if row is None:
            raise NotFound(f"there is no {self._what} {record_id!r}")
        return self.records.read(row[0])

    def get_all(self, session: Session, record_ids: Sequence[str]) -> list[T]:
        """Return all of the records named, in that order. Raises NotFound."""
        found = {r.id: r for r in self.read(session, self._get_all, ids=text_list(record_ids))}
        for record_id in record_ids:
            if record_id not in found:
                raise NotFound(f"there is no {self._what} {record_id!r}")
        return [found[record_id] for record_id in record_ids]

    def read(self, session: Session, query: Statement, **values: Any) -> list[T]:
        """Return the records that a query of bodies brings."""
        return [self.records.read(body) for (body,) in session.all(query, **values)]

    def add(self, session: Session, rows: Iterable[dict[str, Any]]) -> None:
        """Insert rows of columns. Raises Conflict when there is one of that id, or of what else is unique, already."""
        session.run_many(self._add, rows)

    def put(self, session: Session, row: dict[str, Any]) -> None:
        """Insert a row, or replace it at its place."""
        session.run(self._put, **row)

    def change(self, session: Session, rows: Sequence[dict[str, Any]]) -> None:
        """Replace rows that are there."""
        session.run_many(self._change, (row | {"record_id": row["id"]} for row in rows))

    def change_if_unchanged(self, session: Session, rows: Sequence[dict[str, Any]]) -> None:
        """Replace rows whose stored revision is one less than theirs. Raises Conflict when one of them is not."""
        values = [row | {"record_id": row["id"], "was": row["revision"] - 1} for row in rows]
        if session.run_many(self._change_if_unchanged, values) != len(rows):
            raise Conflict(f"one of {', '.join(row['id'] for row in rows)} was changed meanwhile")

    async def page(
        self,
        database: Database,
        limit: int,
        cursor: str | None,
        conditions: Sequence[tuple[str, ColumnElement[bool]]] = (),
        **values: Any,
    ) -> Page:
        """Return a page of records that fulfil conditions, newest first. A condition has a name, to find it by."""
        before, at_most = number_before(self._what, cursor), checked_limit(limit) + 1
        query = self._page_query(conditions)
        rows = await database.read(
            lambda s: [
                (seq, self.records.read(body)) for seq, body in s.all(query, before=before, at_most=at_most, **values)
            ]
        )
        return page_of(self._what, rows, limit)

    def _page_query(self, conditions: Sequence[tuple[str, ColumnElement[bool]]]) -> Statement:
        c, name = self.table.c, " ".join(name for name, _ in conditions)
        if name not in self._pages:
            query = select(c.seq, c.body).where(c.seq < bindparam("before"), *(test for _, test in conditions))
            self._pages[name] = Statement(query.order_by(c.seq.desc()).limit(bindparam("at_most")))
        return self._pages[name]

    @cached_property
    def _get(self) -> Statement:
        return Statement(select(self.table.c.body).where(self.table.c.id == bindparam("record_id")))

    @cached_property
    def _get_all(self) -> Statement:
        return Statement(select(self.table.c.body).where(any_of(self.table.c.id, "ids")))

    @cached_property
    def _add(self) -> Statement:
        return Statement(
            insert(self.table).values({c.name: bindparam(c.name) for c in self.table.c if c.name != "seq"})
        )

    @cached_property
    def _put(self) -> Statement:
        put = insert(self.table).values({c.name: bindparam(c.name) for c in self.table.c if c.name != "seq"})
        new = {c.name: put.excluded[c.name] for c in self.table.c if c.name not in _BY_HAND}
        return Statement(put.on_conflict_do_update(index_elements=[self.table.c.id], set_=new))

    @cached_property
    def _change(self) -> Statement:
        return Statement(self._update())

    @cached_property
    def _change_if_unchanged(self) -> Statement:
        return Statement(self._update().where(self.table.c.revision == bindparam("was")))

    def _update(self) -> Any:
        new: dict[str, Any] = {c.name: bindparam(c.name) for c in self.table.c if c.name not in _BY_HAND}
        return update(self.table).where(self.table.c.id == bindparam("record_id")).values(new)
