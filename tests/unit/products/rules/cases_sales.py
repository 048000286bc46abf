"""Cases of daemon/products/rules/sales.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from daemon.products.product import Product, Status, Unparsed, Variant
from tests.unit.products.rules.case import (
    BAD,
    NEVER,
    NOT_APPLICABLE,
    NOW,
    OK,
    UNKNOWN,
    Case,
    D,
    ago,
    ahead,
    context,
    listed,
    unclear,
)

NAIVE = datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001 - as a file without a zone gives it
LENIENT = context(settings={"discount_absurd": {"min_percent": 2.5}})
PROMPT = context(settings={"sale_window_passed": {"grace_s": 0.0}})


def sale(**fields: Any) -> Product:
    """Make a listed product at 20.00 that is sold for 15.00."""
    return listed(**{"sale_price": D("15.00"), **fields})


NOT_LOWER = (
    Case("sale_not_lower", "lower", sale(), OK),
    Case("sale_not_lower", "by a cent", sale(sale_price=D("19.99")), OK),
    Case("sale_not_lower", "equal", sale(sale_price=D("20")), BAD, says={"field": "sale_price", "value": "20"}),
    Case("sale_not_lower", "higher", sale(sale_price=D("25")), BAD),
    Case("sale_not_lower", "no sale", listed(), NOT_APPLICABLE),
    Case("sale_not_lower", "a regular price of zero means none", sale(price=D(0)), NOT_APPLICABLE),
    Case("sale_not_lower", "no regular price", sale(price=None), NOT_APPLICABLE),
    Case("sale_not_lower", "an unclear sale price", sale(sale_price=unclear("1.234")), UNKNOWN,
         says={"field": "sale_price"}),
    Case("sale_not_lower", "an unclear price", sale(price=unclear("1.234")), UNKNOWN, says={"field": "price"}),
    Case("sale_not_lower", "NaN", sale(sale_price=D("NaN")), UNKNOWN),
    Case("sale_not_lower", "infinity", sale(price=D("Infinity")), UNKNOWN),
    Case("sale_not_lower", "a draft", sale(sale_price=D("25"), status=Status.DRAFT), NOT_APPLICABLE),
    Case("sale_not_lower", "one variant", listed(variants=(
        Variant(sku="S"), Variant(sku="L", price=D(9), sale_price=D(9)))), BAD,
        says={"message": 'variant "L"', "fingerprint": "L|sale_price=9"}),
    Case("sale_not_lower", "the parent's sale is not that of a variant with its own price", sale(
        variants=(Variant(sku="S", price=D(10)),)), NOT_APPLICABLE),
    Case("sale_not_lower", "the parent's sale is inherited", sale(
        sale_price=D(21), variants=(Variant(sku="S"),)), BAD),
    Case("sale_not_lower", "a variant's own sale at the inherited price", listed(
        variants=(Variant(sku="S", sale_price=D(30)),)), BAD),
)  # fmt: skip

ABSURD = (
    Case("discount_absurd", "a quarter off", sale(), OK),
    Case("discount_absurd", "a tenth is left", sale(sale_price=D("2.00")), OK),
    Case("discount_absurd", "less than a tenth is left", sale(sale_price=D("1.99")), BAD,
         says={"field": "sale_price", "message": "less than 10 % of the regular 20.00"}),
    Case("discount_absurd", "18 for 199, as seen on a market", sale(price=D("199"), sale_price=D("18")), BAD),
    Case("discount_absurd", "nothing is left", sale(sale_price=D(0)), BAD),
    Case("discount_absurd", "free on purpose", sale(sale_price=D(0), is_free=True), NOT_APPLICABLE),
    Case("discount_absurd", "not free", sale(sale_price=D(0), is_free=False), BAD),
    Case("discount_absurd", "a regular price of zero means none", sale(price=D(0)), NOT_APPLICABLE),
    Case("discount_absurd", "no sale", listed(), NOT_APPLICABLE),
    Case("discount_absurd", "a wider limit", sale(sale_price=D("1.99")), OK, LENIENT),
    Case("discount_absurd", "beyond the wider limit", sale(sale_price=D("0.49")), BAD, LENIENT,
         {"message": "less than 2.5 %"}),
    Case("discount_absurd", "unclear", sale(sale_price=unclear("1,99")), UNKNOWN),
    Case("discount_absurd", "a draft", sale(sale_price=D("1"), status=Status.DRAFT), NOT_APPLICABLE),
    Case("discount_absurd", "one variant", listed(variants=(
        Variant(sku="S"), Variant(sku="L", price=D(100), sale_price=D(9)))), BAD),
)  # fmt: skip

WINDOW = (
    Case("sale_window_passed", "an open end", sale(sale_start=ago(days=1)), OK),
    Case("sale_window_passed", "never over", sale(sale_end=NEVER), OK),
    Case("sale_window_passed", "no window", sale(), NOT_APPLICABLE),
    Case("sale_window_passed", "over for long", sale(sale_end=ago(days=3)), BAD, says={"field": "sale_end"}),
    Case("sale_window_passed", "ends tomorrow", sale(sale_end=ahead(days=1)), OK,
         says={"recheck_at": ahead(days=1, minutes=5)}),
    Case("sale_window_passed", "over within the grace", sale(sale_end=ago(minutes=4)), OK,
         says={"recheck_at": ahead(minutes=1)}),
    Case("sale_window_passed", "over and the grace too", sale(sale_end=ago(minutes=5)), BAD),
    Case("sale_window_passed", "no grace", sale(sale_end=ago(minutes=4)), BAD, PROMPT),
    Case("sale_window_passed", "ends right now", sale(sale_end=NOW), OK, says={"recheck_at": ahead(minutes=5)}),
    Case("sale_window_passed", "over, and its price is gone", listed(sale_end=ago(days=3)), NOT_APPLICABLE),
    Case("sale_window_passed", "ends before it starts", sale(sale_start=ahead(days=2), sale_end=ahead(days=1)), BAD,
         says={"message": "before the start"}),
    Case("sale_window_passed", "ends as it starts", sale(sale_start=ahead(days=1), sale_end=ahead(days=1)), OK),
    Case("sale_window_passed", "an end without a zone", sale(sale_end=NAIVE), UNKNOWN, says={"message": "time zone"}),
    Case("sale_window_passed", "a start without a zone", sale(sale_start=NAIVE, sale_end=ago(days=1)), UNKNOWN,
         says={"field": "sale_start"}),
    Case("sale_window_passed", "an end that is no date", sale(sale_end=Unparsed("soon")), BAD, says={"value": "soon"}),
    Case("sale_window_passed", "an end of two readings", sale(sale_end=unclear("03/04/2026")), UNKNOWN),
    Case("sale_window_passed", "a start that is no date", sale(sale_start=Unparsed("now")), BAD,
         says={"field": "sale_start"}),
    Case("sale_window_passed", "a draft", sale(sale_end=ago(days=3), status=Status.DRAFT), NOT_APPLICABLE),
    Case("sale_window_passed", "a variant's sale", listed(
        sale_end=ago(days=3), variants=(Variant(sku="S", sale_price=D(9)),)), BAD),
    Case("sale_window_passed", "no variant's sale", listed(
        sale_end=ago(days=3), variants=(Variant(sku="S", price=D(9)),)), NOT_APPLICABLE),
)  # fmt: skip

CASES = (*NOT_LOWER, *ABSURD, *WINDOW)
