"""What storing one page of an import comes to, before anything is written. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from daemon.products.imports import Parsed, merge
from daemon.products.product import Product

CREATED: Final = "created"
UPDATED: Final = "updated"
UNCHANGED: Final = "unchanged"
FOREIGN: Final = "foreign"


class RowPlan(msgspec.Struct, frozen=True):
    """One row: the stored product before and after it, and the source's own version to keep. before None: new."""

    outcome: str
    before: Product | None
    after: Product
    theirs: Product
    document: Mapping[str, object] | None


@dataclass(slots=True)
class PagePlan:
    """Plans rows one after the other; a page that names one id twice merges the later row into the earlier.

    stored: products of the catalogue by id; bases: the source's own last versions by id.
    """

    source: str
    now: datetime
    stored: dict[str, Product]
    bases: dict[str, Product]
    rows: list[RowPlan] = field(default_factory=list)

    def take(self, page: Iterable[Parsed]) -> None:
        """Plan rows of a page."""
        for parsed in page:
            self._take(parsed)

    def _take(self, parsed: Parsed) -> None:
        theirs = parsed.product
        if theirs.source != self.source:
            theirs = msgspec.structs.replace(theirs, source=self.source)
        ours = self.stored.get(theirs.id)
        if ours is not None and ours.source != self.source:
            self.rows.append(RowPlan(FOREIGN, ours, ours, theirs, None))
            return
        after = merge(self.bases.get(theirs.id), theirs, ours, self.now).product
        outcome = CREATED if ours is None else UNCHANGED if after is ours else UPDATED
        self.rows.append(RowPlan(outcome, ours, after, theirs, parsed.document))
        self.stored[theirs.id] = after
        self.bases[theirs.id] = theirs

    def ids(self, outcome: str) -> tuple[str, ...]:
        """Return the ids of rows that came to this."""
        return tuple(row.after.id for row in self.rows if row.outcome == outcome)
