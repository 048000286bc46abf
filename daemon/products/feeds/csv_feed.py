"""Products from CSV and TSV, one a row, under canonical headers or those of other systems."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.errors import UnreadableFile
from daemon.products.feeds.rows import RowReader
from daemon.products.feeds.table import Table
from daemon.products.imports import Parsed, Reject


def read_csv(table: Table, reader: RowReader) -> Iterator[Parsed | Reject]:
    """Yield the products of a table. Raises UnreadableFile when no column is one that we know."""
    if not reader.layout(table.columns, strict=True):
        shown = ", ".join(table.columns)[:300]
        raise UnreadableFile(
            f"{reader.file}: no column is known in line {table.header_line} ({shown}); "
            "a header such as id,title,price is needed, or a map from fields to columns"
        )
    for row in table:
        if row.reason:
            reader.rows += 1
            yield reader.reject(row.line, "", row.reason, row.record)
        else:
            yield reader.read(row.record, row.line)
