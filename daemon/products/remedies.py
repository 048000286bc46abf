"""Remedies: one reversible change of a product's status, with the value before kept. Pure; no I/O."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from daemon.products.ids import new_id
from daemon.products.incidents import Incident
from daemon.products.product import Product, Status
from daemon.products.verdicts import RemedyKind


class RemedyMode(StrEnum):
    """What a rule may do."""

    OFF = "off"
    SHADOW = "shadow"  # record what would have been done
    ON = "on"


class RemedyState(StrEnum):
    """Where a remedy stands."""

    SHADOWED = "shadowed"  # would have been applied
    FROZEN = "frozen"  # over the budget: waits for a person
    PLANNED = "planned"  # written down before the product is touched
    APPLIED = "applied"  # the product holds our value
    UNDONE = "undone"  # the value before is back
    HANDED_OVER = "handed_over"  # another incident of the product holds it now, by a remedy of its own
    OVERRIDDEN = "overridden"  # a person or the shop changed the status since: theirs stands
    ABANDONED = "abandoned"  # the product was no longer as judged: nothing was done


#: The one status that each kind of remedy sets.
STATUS_AFTER: Final[dict[RemedyKind, Status]] = {
    RemedyKind.OFF_SHELF: Status.UNLISTED,
    RemedyKind.OUT_OF_STOCK: Status.OUT_OF_STOCK,
    RemedyKind.REVIEW: Status.REVIEW,
}

#: Of several that a product's incidents ask for, the one that protects most wins.
STRENGTH: Final = (RemedyKind.OFF_SHELF, RemedyKind.REVIEW, RemedyKind.OUT_OF_STOCK)


#: What ended a remedy whose reason was gone.
RECOVERY: Final = "recovery"


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """One remedy of one incident. Times are aware UTC."""

    id: str  # UUIDv7
    incident_id: str
    product_id: str
    rule: str
    kind: RemedyKind
    state: RemedyState
    before: Status
    after: Status
    planned_at: datetime
    applied_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""  # RECOVERY, or the principal who undid or overrode it
    note: str = ""
    source: str = ""
    shop_confirmed_at: datetime | None = None  # when the source itself first showed our value
    revision: int = 0


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word that a rule leaves a product alone until a time."""

    product_id: str
    rule: str
    until: datetime
    by: str


def as_judged(product: Product, held: Remedy | None) -> Product:
    """Return the product as it would be without our remedy.

    A product that we took off the shelf is judged as if it were still on it: else every rule about listed
    products would fall silent and the incident would recover by its own remedy.
    """
    if held is None or held.state is not RemedyState.APPLIED or product.status != held.after:
        return product
    return msgspec.structs.replace(product, status=held.before)


def remedy_for(incident: Incident, product: Product, state: RemedyState, now: datetime) -> Remedy:
    """Return the remedy that an incident asks for. Raises ValueError when it asks for none."""
    if incident.remedy is None:
        raise ValueError(f"incident {incident.id} asks for no remedy")
    return Remedy(
        id=new_id(),
        incident_id=incident.id,
        product_id=incident.product_id,
        rule=incident.rule,
        kind=incident.remedy,
        state=state,
        before=Status.LISTED,
        after=STATUS_AFTER[incident.remedy],
        planned_at=now,
        source=product.source,
    )


def strongest(kinds: list[RemedyKind]) -> RemedyKind | None:
    """Return the remedy that protects most, None for an empty list."""
    return min(kinds, key=STRENGTH.index, default=None)


class Budget(msgspec.Struct, frozen=True):
    """How many products one rule may touch in one pass before a person is asked."""

    count: int = 20
    percent: float = 5.0
    always: int = 3  # so few are never a mass, whatever the percentage says

    def exceeded(self, touched: int, catalogue_size: int) -> bool:
        """Tell whether `touched` products of one rule in one pass are too many."""
        if touched <= self.always:
            return False
        return touched > self.count or touched * 100 > self.percent * catalogue_size
