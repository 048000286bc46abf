"""What a product asks buyers for, variant by variant, and how verdicts on each become one on the product."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple, TypeGuard

import msgspec

from daemon.products.product import Amount, Product, Status, Variant
from daemon.products.verdicts import NOT_APPLICABLE, OK, Outcome, Severity, Verdict, bad, shown_value, unknown

#: Statuses in which buyers see a product and its price.
PUBLIC: Final = (Status.LISTED, Status.OUT_OF_STOCK)
_LONGEST_FINGERPRINT: Final = 200
#: The order in which a verdict on a part decides for the whole.
_OUTCOMES: Final = (Outcome.BAD, Outcome.UNKNOWN, Outcome.OK, Outcome.NOT_APPLICABLE)


class Offer(NamedTuple):
    """One price that buyers see. variant: its name, "" for the product itself and for what it inherits."""

    variant: str
    price: Amount
    sale_price: Amount
    cost: Amount

    def bad(
        self,
        field: str,
        value: object,
        message: str,
        *,
        severity: Severity | None = None,
    ) -> Verdict:
        """Make a bad verdict that names the variant."""
        if not self.variant:
            return bad(field, value, message, severity=severity)
        return bad(
            field,
            value,
            f'variant "{self.variant}": {message}',
            fingerprint=f"{self.variant}|{field}={shown_value(value)}",
            severity=severity,
        )

    def unknown(self, field: str, value: object) -> Verdict:
        """Make a verdict that cannot tell, for a value that is no certain number."""
        why = "could be read in more than one way" if getattr(value, "ambiguous", False) else "is not a number"
        return unknown(field, value, self.named(why))

    def named(self, message: str) -> str:
        """Return a message with the name of the variant before it."""
        return f'variant "{self.variant}": {message}' if self.variant else message


def variant_name(variant: Variant, position: int) -> str:
    """Return what people find a variant by: its sku, else its title, else its place, counted from 1."""
    return variant.sku or variant.title or f"#{position + 1}"


def offers(product: Product) -> list[Offer]:
    """Return what is for sale: the product, or its variants where it has any.

    A variant without a price of its own inherits price, sale price and cost together: a sale price belongs to its
    own regular price.
    """
    own = Offer("", product.price, product.sale_price, product.cost)
    if not product.variants:
        return [own]
    found = []
    for position, variant in enumerate(product.variants):
        name = variant_name(variant, position)
        if variant.price is not None:
            found.append(Offer(name, variant.price, variant.sale_price, variant.cost))
        elif variant.sale_price is not None or variant.cost is not None:
            sale = product.sale_price if variant.sale_price is None else variant.sale_price
            found.append(Offer(name, product.price, sale, product.cost if variant.cost is None else variant.cost))
        elif own not in found:
            found.append(own)
    return found


def is_exact(value: Amount) -> TypeGuard[Decimal]:
    """Tell whether an amount is a finite number that can be compared."""
    return type(value) is Decimal and value.is_finite()


def combined(verdicts: Iterable[Verdict]) -> Verdict:
    """Return one verdict for several parts or aspects of a product.

    Bad if any is, as grave as the gravest, with a fingerprint of all that is bad; else unknown if any is; else
    good; else not applicable. To be asked again at the earliest time at which any of them may change.
    """
    good = NOT_APPLICABLE
    found = []
    for verdict in verdicts:
        if verdict is OK:
            good = OK
        elif verdict is not NOT_APPLICABLE:
            found.append(verdict)
    if not found:
        return good
    worst = min((*found, good), key=_order)
    recheck_at = min((verdict.recheck_at for verdict in found if verdict.recheck_at), default=None)
    if worst.outcome is Outcome.BAD:
        worst = _with_all_faults(worst, {verdict.fingerprint for verdict in found if verdict.fingerprint})
    return worst if worst.recheck_at == recheck_at else msgspec.structs.replace(worst, recheck_at=recheck_at)


def _order(verdict: Verdict) -> tuple[int, int]:
    severity = Severity.CRITICAL if verdict.severity is None else verdict.severity
    return _OUTCOMES.index(verdict.outcome), -severity.rank


def _with_all_faults(worst: Verdict, fingerprints: set[str]) -> Verdict:
    if len(fingerprints) == 1:
        return worst
    together = "; ".join(sorted(fingerprints))
    if len(together) > _LONGEST_FINGERPRINT:
        together = "sha256:" + hashlib.sha256(together.encode("utf-8", "surrogatepass")).hexdigest()
    message = f"{worst.message} (and {len(fingerprints) - 1} more)"
    return msgspec.structs.replace(worst, message=message, fingerprint=together)
