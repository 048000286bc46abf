"""Statements: SQLAlchemy expressions, compiled once to SQL text and run on a connection of the driver."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Select, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.expression import ClauseElement

from daemon.adapters.sql.values import storable

Row: TypeAlias = tuple[Any, ...]

_DIALECT: Final = sqlite.dialect(paramstyle="named")


class Statement:
    """One expression, compiled when it is first run. Values are bound by name."""

    def __init__(self, expression: ClauseElement) -> None:
        self._expression = expression

    @cached_property
    def sql(self) -> str:
        """The text that the driver prepares, and then finds again in its cache."""
        return str(self._compiled)

    def bound(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what to bind: the values given, text made storable, and the constants of the expression."""
        given = dict(values)
        for name, value in values.items():
            if type(value) is str:  # a TextList is storable already
                given[name] = storable(value)
        return {**self._constants, **given} if self._constants else given

    def bound_many(self, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return what to bind for each of many rows, which are changed in place: a page of an import has thousands."""
        bound = list(rows)
        for row in bound:
            for name, value in row.items():
                if type(value) is str and not (value.isascii() and "\0" not in value):
                    row[name] = storable(value)
            if self._constants:
                row.update(self._constants)
        return bound

    @cached_property
    def _compiled(self) -> Any:
        return self._expression.compile(dialect=_DIALECT)

    @cached_property
    def _constants(self) -> Mapping[str, Any]:
        return {name: value for name, value in self._compiled.params.items() if value is not None}


class Walk:
    """A query walked in pages in the order of a text column, each page from where the last one ended.

    values bound: `last` on all pages but the first, `at_most`, and the query's own.
    """

    def __init__(self, query: Select[Any], column: ColumnElement[str]) -> None:
        ordered = query.order_by(column).limit(bindparam("at_most"))
        self._first = Statement(ordered)
        self._next = Statement(ordered.where(column > bindparam("last")))

    def page(self, session: Session, last: str | None, at_most: int, **values: Any) -> list[Row]:
        """Return the rows of one page; last None for the first."""
        if last is None:
            return session.all(self._first, at_most=at_most, **values)
        return session.all(self._next, last=last, at_most=at_most, **values)


class Session:
    """One transaction on one connection, in the connection's own thread."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, statement: Statement, **values: Any) -> list[Row]:
        """Run a query and return its rows."""
        return self._connection.execute(statement.sql, statement.bound(values)).fetchall()

    def one(self, statement: Statement, **values: Any) -> Row | None:
        """Run a query and return its first row, None when there is none."""
        row: Row | None = self._connection.execute(statement.sql, statement.bound(values)).fetchone()
        return row

    def run(self, statement: Statement, **values: Any) -> int:
        """Run a statement and return how many rows it wrote."""
        return self._connection.execute(statement.sql, statement.bound(values)).rowcount

    def run_many(self, statement: Statement, rows: Iterable[dict[str, Any]]) -> int:
        """Run a statement once for each row of values, and return how many rows all of them wrote."""
        bound = statement.bound_many(rows)
        return self._connection.executemany(statement.sql, bound).rowcount if bound else 0
