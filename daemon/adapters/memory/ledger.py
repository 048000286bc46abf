"""Records in the order in which they first came, read newest first in pages that stay right under writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Generic, TypeVar

from daemon.adapters.paging import checked_limit, number_before, page_of
from daemon.errors import NotFound
from daemon.ports import Page

T = TypeVar("T")


class Ledger(Generic[T]):
    """Records by id. what: the word for one of them, for messages and cursors."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._records: dict[str, tuple[int, T]] = {}
        self._count = 0

    def __contains__(self, record_id: str) -> bool:
        return record_id in self._records

    def __iter__(self) -> Iterator[T]:
        """Iterate oldest first."""
        return (record for _, record in self._records.values())

    def newest(self) -> Iterator[T]:
        """Iterate newest first."""
        return (record for _, record in reversed(self._records.values()))

    def get(self, record_id: str) -> T:
        """Return a record. Raises NotFound."""
        try:
            return self._records[record_id][1]
        except KeyError:
            raise NotFound(f"there is no {self._what} {record_id!r}") from None

    def put(self, record_id: str, record: T) -> None:
        """Insert a record, or replace it at its place."""
        known = self._records.get(record_id)
        if known is None:
            self._count += 1
        self._records[record_id] = (known[0] if known else self._count, record)

    def forget(self, unwanted: Callable[[T], bool]) -> int:
        """Delete records; return how many."""
        ids = [record_id for record_id, (_, record) in self._records.items() if unwanted(record)]
        for record_id in ids:
            del self._records[record_id]
        return len(ids)

    def page(self, limit: int, cursor: str | None, wanted: Callable[[T], bool] = lambda _: True) -> Page:
        """Return a page of the records wanted, newest first."""
        before = number_before(self._what, cursor)
        rows = (row for row in reversed(self._records.values()) if row[0] < before and wanted(row[1]))
        return page_of(self._what, list(islice(rows, checked_limit(limit) + 1)), limit)
