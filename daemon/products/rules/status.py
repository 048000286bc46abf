"""listed_archived: shown to buyers although it was put away."""

from __future__ import annotations

from typing import Final

from daemon.products.product import Product, Unparsed
from daemon.products.rules.offers import PUBLIC
from daemon.products.verdicts import (
    NOT_APPLICABLE,
    OK,
    Outcome,
    PassContext,
    RemedyKind,
    RuleSpec,
    Severity,
    Verdict,
    bad,
    unknown,
)


def listed_archived(product: Product, context: PassContext) -> Verdict:
    """Bad when a public product has been archived or deleted; a status word that nobody knows is unknown.

    While it is bad, the product's other incidents are its consequences.
    """
    if isinstance(product.status, Unparsed):
        return unknown(
            "status", product.status, "is no status that is known; other rules cannot tell whether it is listed"
        )
    archived_at = product.archived_at
    if product.status not in PUBLIC:
        return NOT_APPLICABLE
    if archived_at is None:
        return OK
    if isinstance(archived_at, Unparsed):
        return unknown("archived_at", archived_at, "is no certain time")
    if archived_at.tzinfo is None:
        return unknown("archived_at", archived_at, "has no time zone, and the catalogue has none either")
    if archived_at > context.now:
        return Verdict(Outcome.OK, recheck_at=archived_at)
    return bad("archived_at", archived_at.isoformat(), f"archived, and its status is {product.status}")


SPECS: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        id="listed_archived",
        title="Archived and still listed",
        title_zh="已归档但仍上架",
        fields=("archived_at", "status"),
        severity=Severity.CRITICAL,
        check=listed_archived,
        remedy=RemedyKind.OFF_SHELF,
        reads_status=True,
        reference="the shop's own archive",
    ),
)
