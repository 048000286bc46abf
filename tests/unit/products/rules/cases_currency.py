"""Cases of daemon/products/rules/currency.py."""

from __future__ import annotations

from daemon.products.product import Status, Variant
from tests.unit.products.rules.case import BAD, NOT_APPLICABLE, OK, UNKNOWN, Case, D, context, listed

SILENT = context(fields={"feed": frozenset({"price"})})
EURO_SHOP = context(settings={"currency_bad": {"currencies": ("EUR", "pln")}})

CASES = (
    Case("currency_bad", "euro", listed(), OK),
    Case("currency_bad", "any active code will do", listed(currency="KWD"), OK),
    Case("currency_bad", "small letters", listed(currency="usd"), OK),
    Case("currency_bad", "blanks around", listed(currency=" USD "), OK),
    Case("currency_bad", "none", listed(currency=None), BAD, says={"fingerprint": "currency missing"}),
    Case("currency_bad", "blank", listed(currency="  "), BAD, says={"message": "no currency"}),
    Case("currency_bad", "no such column", listed(currency=None, source="feed"), UNKNOWN, SILENT, {"absent": True}),
    Case("currency_bad", "none, but nothing costs anything", listed(currency=None, price=None), NOT_APPLICABLE),
    Case("currency_bad", "none, and only the sale price costs", listed(
        currency=None, price=None, sale_price=D(1)), BAD),
    Case("currency_bad", "none, and only variants cost", listed(
        currency=None, price=None, variants=(Variant(price=D(1)),)), BAD),
    Case("currency_bad", "the sign of two currencies", listed(currency="¥"), BAD, says={"message": "CNY or JPY"}),
    Case("currency_bad", "three letters that are no currency", listed(currency="ABC"), BAD,
         says={"message": "no active ISO 4217 code"}),
    Case("currency_bad", "withdrawn", listed(currency="DEM"), BAD),
    Case("currency_bad", "the code for no currency", listed(currency="XXX"), BAD),
    Case("currency_bad", "a name", listed(currency="Euro"), BAD),
    Case("currency_bad", "not sold in here", listed(currency="USD"), BAD, EURO_SHOP,
         {"message": "expected EUR, pln"}),
    Case("currency_bad", "sold in here", listed(currency="eur"), OK, EURO_SHOP),
    Case("currency_bad", "listed in small letters", listed(currency="PLN"), OK, EURO_SHOP),
    Case("currency_bad", "a draft", listed(currency="ABC", status=Status.DRAFT), NOT_APPLICABLE),
)  # fmt: skip
