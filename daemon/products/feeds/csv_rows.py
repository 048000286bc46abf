"""Rows of a CSV or TSV text (RFC 4180), each with its true first line, going on after rows that are broken.

A quote that is never closed, or closed in the middle of a cell, spoils its own row: reading goes on in the next line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import NamedTuple

from daemon.products.feeds.lines import Lines, RowTooLongError
from daemon.products.feeds.options import MAX_ROW


class Row(NamedTuple):
    """One row. reason: why it cannot be read, "" when it can."""

    line: int
    cells: list[str]
    reason: str = ""


class CsvRows:
    """An iterator of the rows of a text; `lines.number` tells how far it is."""

    def __init__(self, lines: Lines, delimiter: str) -> None:
        # One limit for the whole process, which only ever rises: the standard's 131,072 cuts real descriptions.
        csv.field_size_limit(MAX_ROW)
        self._lines = lines
        self._rows = csv.reader(lines, delimiter=delimiter, strict=True)

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        line = self._lines.begin()
        try:
            return Row(line, next(self._rows))
        except csv.Error as error:
            reason = _in_words(str(error))
        except RowTooLongError:
            reason = f"a row of more than {MAX_ROW:,} characters; most likely a quote that is never closed"
            self._lines.skip_rest()
        if not self._lines.give_back():
            reason += "; too much was read twice, so the lines up to here are left out"
        return Row(line, [], reason)


def _in_words(error: str) -> str:
    if "unexpected end of data" in error:
        return "a quote that is opened here and never closed"
    if "expected after" in error:
        return 'a quote inside a quoted cell that is not doubled ("")'
    return error
