"""Products from JSON objects that are in memory already, with the manners of a Feed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from daemon.products.feeds.json_feed import read_value
from daemon.products.feeds.options import FeedOptions
from daemon.products.feeds.rows import RowReader
from daemon.products.imports import FileWarning, Parsed, Reject


class RowsFeed:
    """Rows as a feed: `size` and `progress` count rows, `line` of a product is its place from 1."""

    name: Final = "rows"
    broken: Final = None

    def __init__(self, rows: Sequence[Mapping[str, object]], options: FeedOptions) -> None:
        self._rows = rows
        self._reader = RowReader(self.name, options)
        self.size = len(rows)
        self.progress = 0

    def steps(self) -> Iterator[Parsed | Reject]:
        """Iterate over products and rejects."""
        for place, row in enumerate(self._rows, start=1):
            self.progress = place
            yield read_value(row, place, self._reader)

    @property
    def fields(self) -> frozenset[str]:
        """Canonical fields that the rows can express."""
        return frozenset(self._reader.fields)

    @property
    def warnings(self) -> list[FileWarning]:
        """What a person should know of all rows."""
        return self._reader.absences()

    @property
    def complete(self) -> bool:
        """Tell whether every row was read."""
        return self.progress == self.size and self._reader.hidden == 0
