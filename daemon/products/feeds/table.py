"""A CSV or TSV file as records by column: header, delimiter, widths. What canonical CSV and Shopify share."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

from daemon.errors import UnreadableFile
from daemon.products.feeds.csv_rows import CsvRows, Row
from daemon.products.feeds.detect import stated_delimiter
from daemon.products.feeds.lines import Lines


class TableRow(NamedTuple):
    """One row by column. reason: why it cannot be read, "" when it can; the record then holds what could be read."""

    line: int
    record: dict[str, str]
    reason: str = ""


class Table:
    """The rows under the header. Raises UnreadableFile when there is no header.

    repeated: headers that stand more than once; each but the first is told apart by a number.
    """

    def __init__(self, text: io.TextIOBase, delimiter: str, file: str) -> None:
        self._lines = Lines(text)
        self._rows = CsvRows(self._lines, delimiter)
        header = next((row for row in self._rows if row.reason or _is_header(row, delimiter)), None)
        if header is None or header.reason:
            reason = header.reason if header else "there is no row in it"
            raise UnreadableFile(f"{file} has no header that can be read: {reason}")
        self.header_line = header.line
        self.columns, self.repeated = _distinct([cell.strip().lstrip("\ufeff").strip() for cell in header.cells])

    def __iter__(self) -> Iterator[TableRow]:
        for row in self._rows:
            if row.reason:
                yield TableRow(row.line, {}, row.reason)
            elif any(cell.strip() for cell in row.cells):
                yield self._by_column(row)

    def _by_column(self, row: Row) -> TableRow:
        width = len(self.columns)
        extra = row.cells[width:]
        record = dict(zip(self.columns, row.cells, strict=False))
        reason = ""
        if len(row.cells) < width or any(cell.strip() for cell in extra):
            reason = f"{len(row.cells)} cells where the header has {width}"
        return TableRow(row.line, record, reason)


def _is_header(row: Row, delimiter: str) -> bool:
    return any(cell.strip() for cell in row.cells) and stated_delimiter(delimiter.join(row.cells)) is None


def _distinct(header: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return headers that are all different and not blank, and those that were not."""
    columns: dict[str, None] = {}
    repeated = []
    for place, cell in enumerate(header, start=1):
        name, turn = cell or f"column {place}", 2
        if name in columns:
            repeated.append(name)
        while name in columns:
            name, turn = f"{cell} ({turn})", turn + 1
        columns[name] = None
    return tuple(columns), tuple(repeated)
