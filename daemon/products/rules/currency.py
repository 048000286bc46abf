"""currency_bad: the money that a price is in."""

from __future__ import annotations

from typing import Any, Final

from daemon.products.money import is_currency
from daemon.products.product import Product
from daemon.products.rules.offers import PUBLIC, offers
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
)

#: Signs that several currencies share, with those that a shop may mean.
_SHARED_SIGNS: Final = {
    "¥": "CNY or JPY",
    "￥": "CNY or JPY",
    "$": "USD, CAD, AUD or another dollar",
    "£": "GBP or EGP",
}


def currency_bad(product: Product, context: PassContext) -> Verdict:
    """Bad when a price has no currency, or one that is no active ISO 4217 code or not in the shop's own list.

    Reference: schema.org `priceCurrency`, ISO 4217.
    """
    if product.status not in PUBLIC:
        return NOT_APPLICABLE
    currency = product.currency
    if currency is None or not currency.strip():
        return _missing(product, context)
    if not is_currency(currency):
        return bad("currency", currency, _why_not(currency.strip()))
    settings: Any = context.settings("currency_bad")
    sold_in = settings["currencies"]
    if sold_in and currency.strip().upper() not in {code.strip().upper() for code in sold_in}:
        return bad("currency", currency, f"is not one that the shop sells in; expected {', '.join(sold_in)}")
    return OK


def _missing(product: Product, context: PassContext) -> Verdict:
    if not context.provides(product.source, "currency"):
        return absent("currency")
    if all(offer.price is None and offer.sale_price is None for offer in offers(product)):
        return NOT_APPLICABLE
    return bad("currency", None, "no currency", fingerprint="currency missing")


def _why_not(currency: str) -> str:
    if currency in _SHARED_SIGNS:
        return f"is a sign that could be {_SHARED_SIGNS[currency]}; expected an ISO 4217 code"
    return 'is no active ISO 4217 code; expected three letters such as "CNY"'


SPECS: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        id="currency_bad",
        title="Currency missing or not valid",
        title_zh="货币缺失或无效",
        fields=("currency",),
        severity=Severity.CRITICAL,
        check=currency_bad,
        remedy=RemedyKind.OFF_SHELF,
        reference="schema.org priceCurrency; ISO 4217",
        settings={"currencies": ()},
    ),
)
