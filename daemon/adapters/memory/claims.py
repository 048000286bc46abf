"""What only one record at a time may have, as a unique index keeps it in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from daemon.errors import Conflict

#: The one thing that a record takes, None for nothing.
Claim: TypeAlias = tuple[str, ...] | None


class Claims:
    """Who holds what. what: the word for it, for messages."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._holder: dict[tuple[str, ...], str] = {}
        self._claim: dict[str, tuple[str, ...]] = {}

    def holder(self, claim: tuple[str, ...]) -> str | None:
        """Return the id of the record that holds something."""
        return self._holder.get(claim)

    def check(self, claims: Mapping[str, Claim]) -> None:
        """Raise Conflict if records could not all have their new claims at once; they let go of the old ones."""
        taken: set[tuple[str, ...]] = set()
        for claim in claims.values():
            if claim is None:
                continue
            holder = self._holder.get(claim)
            if claim in taken or (holder is not None and holder not in claims):
                raise Conflict(f"{claim[0]!r} has {self._what} already")
            taken.add(claim)

    def move(self, claims: Mapping[str, Claim]) -> None:
        """Give records their new claims, once `check` has passed."""
        for record_id in claims:
            if (old := self._claim.pop(record_id, None)) is not None:
                del self._holder[old]
        for record_id, claim in claims.items():
            if claim is not None:
                self._holder[claim] = record_id
                self._claim[record_id] = claim
