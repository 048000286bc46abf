"""sale_not_lower, discount_absurd, sale_window_passed: a reduced price against the regular one and its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from daemon.products.product import Product, Time, Unparsed
from daemon.products.rules.moments import after
from daemon.products.rules.offers import PUBLIC, Offer, combined, is_exact, offers
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

_ZERO: Final = Decimal(0)


def sale_not_lower(product: Product, _context: PassContext) -> Verdict:
    """Bad when a sale price is not below the regular price; a regular price of 0 or none means that there is none.

    Reference: Merchant `sale_price`.
    """
    if product.status not in PUBLIC or _without_sale(product):
        return NOT_APPLICABLE
    return _compared(product, _not_lower)


def _not_lower(offer: Offer, price: Decimal, sale_price: Decimal) -> Verdict:
    if sale_price < price:
        return OK
    return offer.bad("sale_price", sale_price, f"is not below the regular price of {price}")


def discount_absurd(product: Product, context: PassContext) -> Verdict:
    """Bad when a sale price is a small fraction of the regular price and nobody marked the product as free."""
    if product.status not in PUBLIC or _without_sale(product) or product.is_free is True:
        return NOT_APPLICABLE
    settings: Any = context.settings("discount_absurd")
    least = Decimal(settings["min_percent"])

    def absurd(offer: Offer, price: Decimal, sale_price: Decimal) -> Verdict:
        if sale_price * 100 >= price * least:
            return OK
        return offer.bad("sale_price", sale_price, f"is less than {least.normalize():f} % of the regular {price}")

    return _compared(product, absurd)


def _without_sale(product: Product) -> bool:
    if product.sale_price is not None:
        return False
    return not product.variants or all(variant.sale_price is None for variant in product.variants)


def _compared(product: Product, compare: Callable[[Offer, Decimal, Decimal], Verdict]) -> Verdict:
    if not product.variants:
        return _compared_offer(offers(product)[0], compare)
    return combined(_compared_offer(offer, compare) for offer in offers(product))


def _compared_offer(offer: Offer, compare: Callable[[Offer, Decimal, Decimal], Verdict]) -> Verdict:
    price, sale_price = offer.price, offer.sale_price
    if price is None or sale_price is None:
        return NOT_APPLICABLE
    if not is_exact(sale_price):
        return offer.unknown("sale_price", sale_price)
    if not is_exact(price):
        return offer.unknown("price", price)
    return compare(offer, price, sale_price) if price > _ZERO else NOT_APPLICABLE


def sale_window_passed(product: Product, context: PassContext) -> Verdict:
    """Bad when a sale price is still there after its end and some grace, or when the sale ends before it starts.

    A time without a zone that anybody knows is unknown. Reference: Merchant `sale_price_effective_date`.
    """
    if product.sale_end is None and product.sale_start is None:
        return NOT_APPLICABLE
    if product.status not in PUBLIC or not _reduced(product):
        return NOT_APPLICABLE
    for field, time in (("sale_end", product.sale_end), ("sale_start", product.sale_start)):
        verdict = _unreadable(field, time)
        if verdict.outcome is not Outcome.OK:
            return verdict
    return _judged_window(product, context)


def _reduced(product: Product) -> bool:
    if not product.variants:
        return product.sale_price is not None
    return any(offer.sale_price is not None for offer in offers(product))


def _unreadable(field: str, time: Time) -> Verdict:
    if isinstance(time, Unparsed):
        if time.ambiguous:
            return unknown(field, time, "could be read in more than one way")
        return bad(field, time, "is no date or time")
    if time is not None and time.tzinfo is None:
        return unknown(field, time, "has no time zone, and the catalogue has none either")
    return OK


def _judged_window(product: Product, context: PassContext) -> Verdict:
    start, end = product.sale_start, product.sale_end
    if end is None or isinstance(end, Unparsed):
        return OK
    if start is not None and not isinstance(start, Unparsed) and start > end:
        return bad("sale_end", end.isoformat(), f"is before the start of the sale, {start.isoformat()}")
    settings: Any = context.settings("sale_window_passed")
    over_at = after(end, timedelta(seconds=settings["grace_s"]))
    if context.now < over_at:
        return Verdict(Outcome.OK, recheck_at=over_at)
    return bad("sale_end", end.isoformat(), "the sale is over, and its price is still there")


SPECS: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        id="sale_not_lower",
        title="Sale price is not lower",
        title_zh="促销价不低于原价",
        fields=("sale_price", "price"),
        severity=Severity.MAJOR,
        check=sale_not_lower,
        reference="Merchant sale_price",
    ),
    RuleSpec(
        id="discount_absurd",
        title="Discount beyond belief",
        title_zh="折扣幅度异常",
        fields=("sale_price", "price"),
        severity=Severity.CRITICAL,
        check=discount_absurd,
        remedy=RemedyKind.REVIEW,
        reference="the shop's own limit",
        settings={"min_percent": 10.0},
    ),
    RuleSpec(
        id="sale_window_passed",
        title="Sale is over, its price is still there",
        title_zh="促销已结束但促销价仍在",
        fields=("sale_end", "sale_start", "sale_price"),
        severity=Severity.MAJOR,
        check=sale_window_passed,
        reference="Merchant sale_price_effective_date",
        settings={"grace_s": 300.0},
    ),
)
