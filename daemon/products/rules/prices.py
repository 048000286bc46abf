"""price_missing, price_type, price_nonpositive, price_precision, price_below_cost: the price by itself."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from daemon.products.money import is_currency, minor_units
from daemon.products.product import Amount, Product, Unparsed
from daemon.products.rules.offers import PUBLIC, Offer, combined, is_exact, offers, variant_name
from daemon.products.verdicts import (
    NOT_APPLICABLE,
    OK,
    PassContext,
    RemedyKind,
    RuleSpec,
    Severity,
    Verdict,
    absent,
    bad,
    unknown,
)

_ZERO: Final = Decimal(0)
#: Above this, a remainder may need more digits than a decimal context has.
_LARGEST: Final = Decimal(10) ** 15
_SMALLEST: Final = -_LARGEST
_STEPS: Final = tuple(Decimal(1).scaleb(-units) for units in range(5))
_DIGIT: Final = re.compile(r"\d")
_NONZERO: Final = re.compile("[^\\D0٠۰०０]")  # zeros of the scripts that amounts mostly come in


def price_missing(product: Product, context: PassContext) -> Verdict:
    """Bad when a public product, or one of its variants, has no price at all. Reference: Merchant `price`."""
    if product.status not in PUBLIC:
        return NOT_APPLICABLE
    if product.price is not None:
        return OK
    if not context.provides(product.source, "price"):
        return absent("price")
    bare = [variant_name(v, n) for n, v in enumerate(product.variants) if v.price is None]
    if product.variants and not bare:
        return OK
    if not product.variants or len(bare) == len(product.variants):
        return bad("price", None, "no price", fingerprint="price missing")
    message = f'variant "{bare[0]}": no price' + (f" (and {len(bare) - 1} more)" if bare[1:] else "")
    return bad("price", None, message, fingerprint=f"price missing: {', '.join(sorted(bare))[:150]}")


def price_type(product: Product, _context: PassContext) -> Verdict:
    """Bad when a price or sale price is no finite decimal number in any reading; a locale's choice is unknown.

    Reference: schema.org `price` (a dot as decimal mark, no currency sign).
    """
    if product.status not in PUBLIC:
        return NOT_APPLICABLE
    price, sale_price = product.price, product.sale_price
    if not product.variants and type(price) is Decimal and price.is_finite() and sale_price is None:
        return OK
    return combined(
        _typed(offer, field, value)
        for offer in offers(product)
        for field, value in (("price", offer.price), ("sale_price", offer.sale_price))
    )


def _typed(offer: Offer, field: str, value: Amount) -> Verdict:
    if value is None:
        return NOT_APPLICABLE
    if is_exact(value):
        return OK
    if isinstance(value, Unparsed) and value.ambiguous:
        return offer.unknown(field, value)
    return offer.bad(field, value, "is not a number")


def price_nonpositive(product: Product, _context: PassContext) -> Verdict:
    """Bad when a price is zero or less and the product is not marked as free. Reference: Merchant `price`.

    A text that could be read in more than one way still shows whether it is above zero.
    """
    if product.status not in PUBLIC:
        return NOT_APPLICABLE
    price = product.price
    if not product.variants and type(price) is Decimal and price.is_finite() and price > _ZERO:
        return OK
    return combined(_positive(offer, product) for offer in offers(product))


def _positive(offer: Offer, product: Product) -> Verdict:
    price = offer.price
    if price is None:
        return NOT_APPLICABLE
    sign = _sign(price)
    if sign is None:
        return offer.unknown("price", price)
    if sign > 0:
        return OK
    if sign == 0 and product.is_free is True:
        return OK
    if sign == 0 and isinstance(product.is_free, Unparsed):
        return unknown("is_free", product.is_free, offer.named("zero, and whether it is free cannot be read"))
    return offer.bad("price", price, "is below zero" if sign < 0 else "is zero, and the product is not marked as free")


def _sign(price: Decimal | Unparsed) -> int | None:
    if isinstance(price, Decimal):
        return None if price.is_nan() else (price > _ZERO) - (price < _ZERO)
    first_digit = _DIGIT.search(price.text)
    if not price.ambiguous or first_digit is None:
        return None
    if not _NONZERO.search(price.text):
        return 0
    before = price.text[: first_digit.start()]
    return -1 if "-" in before or "−" in before else 1


def price_precision(product: Product, _context: PassContext) -> Verdict:
    """Bad when a price has more decimals than its currency has minor units; zeros at the end do not count.

    Reference: ISO 4217 (JPY 0, EUR 2, KWD 3).
    """
    if product.status not in PUBLIC or product.currency is None:
        return NOT_APPLICABLE
    units = minor_units(product.currency)
    if units is None:
        return NOT_APPLICABLE if is_currency(product.currency) else _unitless(product)
    price = product.price
    if not product.variants and product.sale_price is None and type(price) is Decimal and _fits(price, units):
        return OK
    return combined(
        _precise(offer, field, value, units, product.currency)
        for offer in offers(product)
        for field, value in (("price", offer.price), ("sale_price", offer.sale_price))
    )


def _unitless(product: Product) -> Verdict:
    amounts = [amount for offer in offers(product) for amount in (offer.price, offer.sale_price)]
    if all(is_exact(amount) and _fits(amount, 0) for amount in amounts if amount is not None):
        return OK
    return unknown("currency", product.currency, "no currency that says how many decimals a price may have")


def _precise(offer: Offer, field: str, value: Amount, units: int, currency: str) -> Verdict:
    if value is None:
        return NOT_APPLICABLE
    if not is_exact(value):
        return offer.unknown(field, value)
    if _fits(value, units):
        return OK
    return offer.bad(field, value, f"has more decimals than {currency} has ({units})")


def _fits(value: Decimal, units: int) -> bool:
    if not value.is_finite():
        return False
    if _SMALLEST < value < _LARGEST:
        return not value % _STEPS[units]
    return value == value.to_integral_value()


def price_below_cost(product: Product, _context: PassContext) -> Verdict:
    """Bad when a price is lower than what the goods cost, unless they are cleared or given away."""
    if product.status not in PUBLIC or (product.cost is None and not product.variants):
        return NOT_APPLICABLE
    if not product.variants:
        return _covered(Offer("", product.price, product.sale_price, product.cost), product)
    return combined(_covered(offer, product) for offer in offers(product))


def _covered(offer: Offer, product: Product) -> Verdict:
    price, cost = offer.price, offer.cost
    if price is None or cost is None:
        return NOT_APPLICABLE
    if not is_exact(price):
        return offer.unknown("price", price)
    if not is_exact(cost):
        return offer.unknown("cost", cost)
    if price >= cost:
        return OK
    for field, flag in (("clearance", product.clearance), ("is_free", product.is_free)):
        if flag is True:
            return NOT_APPLICABLE
        if isinstance(flag, Unparsed):
            return unknown(field, flag, offer.named(f"below cost, and {field} cannot be read"))
    return offer.bad("price", price, f"is below the cost of {cost}")


SPECS: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        id="price_missing",
        title="No price",
        title_zh="缺少价格",
        fields=("price",),
        severity=Severity.CRITICAL,
        check=price_missing,
        remedy=RemedyKind.OFF_SHELF,
        reference="Merchant price",
    ),
    RuleSpec(
        id="price_type",
        title="Price is not a number",
        title_zh="价格不是数字",
        fields=("price", "sale_price"),
        severity=Severity.CRITICAL,
        check=price_type,
        remedy=RemedyKind.OFF_SHELF,
        reference="schema.org price",
    ),
    RuleSpec(
        id="price_nonpositive",
        title="Price is zero or less",
        title_zh="价格为零或负数",
        fields=("price", "is_free"),
        severity=Severity.CRITICAL,
        check=price_nonpositive,
        remedy=RemedyKind.OFF_SHELF,
        reference="Merchant price",
    ),
    RuleSpec(
        id="price_precision",
        title="Price has more decimals than its currency",
        title_zh="价格小数位数超过货币单位",
        fields=("price", "sale_price", "currency"),
        severity=Severity.MINOR,
        check=price_precision,
        reference="ISO 4217 minor units",
    ),
    RuleSpec(
        id="price_below_cost",
        title="Price is below cost",
        title_zh="价格低于成本",
        fields=("price", "cost", "clearance"),
        severity=Severity.MAJOR,
        check=price_below_cost,
        remedy=RemedyKind.REVIEW,
        reference="the shop's own margin",
    ),
)
