"""Conditions that SQLite can look up in an index."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Column, ColumnElement, bindparam, func, literal_column, select


def any_of(column: Column[str], name: str) -> ColumnElement[bool]:
    """Return the condition that a column is one of the texts bound to `name` as a `values.text_list`.

    One statement for any number of them, so that it is compiled and prepared once.
    """
    listed = func.json_each(bindparam(name)).table_valued("value")
    return column.in_(select(listed.c.value))


def constant(value: str | int) -> ColumnElement[Any]:
    """Return a value that stands in the statement itself: only so does SQLite see that a partial index fits."""
    return literal_column(repr(value))


def one_of(column: Column[str], words: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a column is one of a few words of ours, which stand in the statement itself."""
    return column.in_([constant(str(word)) for word in words])
