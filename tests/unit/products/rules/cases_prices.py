"""Cases of daemon/products/rules/prices.py."""

from __future__ import annotations

from typing import Any

from daemon.products.product import Product, Status, Unparsed, Variant
from tests.unit.products.rules.case import BAD, NOT_APPLICABLE, OK, UNKNOWN, Case, D, context, listed, unclear

#: A source whose files have no price column.
PRICELESS = context(fields={"feed": frozenset({"title"})})
NAN, INFINITY = D("NaN"), D("Infinity")


def variants(*given: Variant, **fields: Any) -> Product:
    """Make a listed product that has a price only in its variants, unless fields say otherwise."""
    return listed(**{"price": None, "variants": given, **fields})


SMALL = Variant(sku="S", price=D("20"))
LARGE = Variant(sku="L", price=D("25"))

MISSING = (
    Case("price_missing", "no price", listed(price=None), BAD, says={"field": "price", "fingerprint": "price missing"}),
    Case("price_missing", "no price, out of stock", listed(price=None, status=Status.OUT_OF_STOCK), BAD),
    Case("price_missing", "a draft needs none yet", listed(price=None, status=Status.DRAFT), NOT_APPLICABLE),
    Case("price_missing", "off the shelf needs none", listed(price=None, status=Status.UNLISTED), NOT_APPLICABLE),
    Case("price_missing", "zero is another rule's", listed(price=D(0)), OK),
    Case("price_missing", "text is another rule's", listed(price=Unparsed("call us")), OK),
    Case("price_missing", "no such column", listed(price=None, source="feed"), UNKNOWN, PRICELESS, {"absent": True}),
    Case("price_missing", "another source's column", listed(price=None, source="shop"), BAD, PRICELESS),
    Case("price_missing", "every variant has its own", variants(SMALL, LARGE), OK),
    Case("price_missing", "variants inherit it", listed(variants=(Variant(sku="S"),)), OK),
    Case(
        "price_missing",
        "one variant has none",
        variants(SMALL, Variant(sku="M"), Variant(title="Big")),
        BAD,
        says={"message": 'variant "M": no price (and 1 more)', "fingerprint": "price missing: Big, M"},
    ),
    Case(
        "price_missing",
        "only the second has none and no name",
        variants(SMALL, Variant()),
        BAD,
        says={"message": 'variant "#2": no price', "fingerprint": "price missing: #2"},
    ),
    Case(
        "price_missing",
        "no variant has one",
        variants(Variant(sku="S"), Variant(sku="M")),
        BAD,
        says={"message": "no price", "fingerprint": "price missing"},
    ),
)

TYPE = (
    Case("price_type", "a decimal", listed(), OK),
    Case("price_type", "no price is another rule's", listed(price=None), NOT_APPLICABLE),
    Case("price_type", "NaN", listed(price=NAN), BAD, says={"value": "NaN", "field": "price"}),
    Case("price_type", "infinity", listed(price=INFINITY), BAD),
    Case("price_type", "a word", listed(price=Unparsed("call us")), BAD, says={"value": "call us"}),
    Case("price_type", "true of JSON", listed(price=Unparsed("true")), BAD),
    Case("price_type", "a list of JSON", listed(price=Unparsed('["12.90"]')), BAD),
    Case("price_type", "an exponent in text", listed(price=Unparsed("1e3")), BAD),
    Case("price_type", "a range", listed(price=Unparsed("12,90 - 15,90 €")), BAD),
    Case("price_type", "thousands or decimals", listed(price=unclear("3.350")), UNKNOWN, says={"value": "3.350"}),
    Case("price_type", "a draft", listed(price=NAN, status=Status.DRAFT), NOT_APPLICABLE),
    Case("price_type", "a negative number is a number", listed(price=D("-5.00")), OK),
    Case(
        "price_type",
        "the sale price is a word",
        listed(sale_price=Unparsed("half")),
        BAD,
        says={"field": "sale_price", "value": "half"},
    ),
    Case("price_type", "the sale price is unclear", listed(sale_price=unclear("12,90")), UNKNOWN),
    Case("price_type", "both are numbers", listed(sale_price=D("10")), OK),
    Case(
        "price_type",
        "one variant's is a word",
        variants(SMALL, Variant(sku="L", price=Unparsed("ask"))),
        BAD,
        says={"message": 'variant "L": is not a number', "fingerprint": "L|price=ask"},
    ),
    Case("price_type", "a bad one outweighs an unclear one", variants(
        Variant(sku="S", price=unclear("1.234")), Variant(sku="L", price=NAN)), BAD),
    Case("price_type", "an unclear one outweighs a good one", variants(
        SMALL, Variant(sku="L", price=unclear("1.234"))), UNKNOWN, says={"message": 'variant "L": could be read'}),
    Case("price_type", "a number of the parent does not hide a variant's word", listed(
        variants=(Variant(sku="L", price=Unparsed("ask")),)), BAD),
    Case("price_type", "the parent's text does not matter when each has its own", variants(
        SMALL, price=Unparsed("from 20")), OK),
    Case("price_type", "the parent's text is inherited", listed(price=Unparsed("ask"), variants=(Variant(sku="S"),)),
         BAD, says={"fingerprint": "price=ask"}),
)  # fmt: skip

NONPOSITIVE = (
    Case("price_nonpositive", "a cent", listed(price=D("0.01")), OK),
    Case("price_nonpositive", "zero", listed(price=D("0.00")), BAD, says={"value": "0.00", "message": "is zero"}),
    Case("price_nonpositive", "below zero", listed(price=D("-5.00")), BAD, says={"message": "below zero"}),
    Case("price_nonpositive", "minus infinity", listed(price=D("-Infinity")), BAD),
    Case("price_nonpositive", "zero and free", listed(price=D(0), is_free=True), OK),
    Case("price_nonpositive", "zero and not free", listed(price=D(0), is_free=False), BAD),
    Case("price_nonpositive", "zero and free by a word", listed(price=D(0), is_free=Unparsed("gift?")), UNKNOWN,
         says={"field": "is_free"}),
    Case("price_nonpositive", "a price and free by a word", listed(is_free=Unparsed("gift?")), OK),
    Case("price_nonpositive", "below zero and free", listed(price=D("-1"), is_free=True), BAD),
    Case("price_nonpositive", "below zero, free by a word", listed(price=D("-1"), is_free=Unparsed("?")), BAD),
    Case("price_nonpositive", "zero in a draft", listed(price=D(0), status=Status.DRAFT), NOT_APPLICABLE),
    Case("price_nonpositive", "no price", listed(price=None), NOT_APPLICABLE),
    Case("price_nonpositive", "NaN", listed(price=NAN), UNKNOWN),
    Case("price_nonpositive", "a word", listed(price=Unparsed("call us 0")), UNKNOWN),
    Case("price_nonpositive", "above zero in either reading", listed(price=unclear("1.234")), OK),
    Case("price_nonpositive", "zero in either reading", listed(price=unclear("0,00")), BAD),
    Case("price_nonpositive", "zero in Arabic digits", listed(price=unclear("٠,٠٠")), BAD),
    Case("price_nonpositive", "above zero in Arabic digits", listed(price=unclear("٠,٥٠")), OK),
    Case("price_nonpositive", "below zero in either reading", listed(price=unclear("-1,50")), BAD),
    Case("price_nonpositive", "below zero with a typographer's minus", listed(price=unclear("− 1,50")), BAD),
    Case("price_nonpositive", "a dash for no cents is no minus", listed(price=unclear("49,-")), OK),
    Case("price_nonpositive", "unclear and without digits", listed(price=unclear("once")), UNKNOWN),
    Case("price_nonpositive", "one variant is zero", variants(SMALL, Variant(sku="L", price=D(0))), BAD,
         says={"message": 'variant "L": is zero', "fingerprint": "L|price=0"}),
    Case("price_nonpositive", "two variants are", variants(
        Variant(sku="S", price=D(0)), LARGE, Variant(sku="M", price=D(-1))), BAD,
        says={"fingerprint": "M|price=-1; S|price=0", "message": "(and 1 more)"}),
    Case("price_nonpositive", "inherited by variants with sale prices", listed(
        price=D(0), variants=(Variant(sku="S", sale_price=D(1)), Variant(sku="M"))), BAD,
        says={"fingerprint": "S|price=0; price=0"}),
    Case("price_nonpositive", "the parent's price does not hide a variant's zero", listed(
        variants=(Variant(sku="L", price=D(0)),)), BAD),
    Case("price_nonpositive", "a zero parent of priced variants", variants(SMALL, LARGE, price=D(0)), OK),
)  # fmt: skip

PRECISION = (
    Case("price_precision", "cents", listed(price=D("12.99")), OK),
    Case("price_precision", "tenths of cents", listed(price=D("12.9999")), BAD, says={"value": "12.9999"}),
    Case("price_precision", "zeros at the end do not count", listed(price=D("12.9000")), OK),
    Case("price_precision", "yen have none", listed(price=D("12.50"), currency="JPY"), BAD,
         says={"message": "more decimals than JPY has (0)"}),
    Case("price_precision", "whole yen with zeros", listed(price=D("1200.00"), currency="JPY"), OK),
    Case("price_precision", "won and dong have none", listed(price=D("0.5"), currency="VND"), BAD),
    Case("price_precision", "dinars have three", listed(price=D("12.345"), currency="KWD"), OK),
    Case("price_precision", "four are too many for dinars", listed(price=D("12.3456"), currency="KWD"), BAD),
    Case("price_precision", "Iraqi dinars have three", listed(price=D("1.250"), currency="IQD"), OK),
    Case("price_precision", "small letters", listed(price=D("12.5"), currency="jpy"), BAD),
    Case("price_precision", "no currency", listed(price=D("12.12345"), currency=None), NOT_APPLICABLE),
    Case("price_precision", "a shared sign and cents", listed(price=D("12.50"), currency="¥"), UNKNOWN,
         says={"field": "currency"}),
    Case("price_precision", "a shared sign and no cents", listed(price=D("12"), currency="¥"), OK),
    Case("price_precision", "a shared sign and cents off the sale price", listed(
        price=D("12"), sale_price=D("11.5"), currency="¥"), UNKNOWN),
    Case("price_precision", "gold has no minor unit", listed(price=D("1.23456"), currency="XAU"), NOT_APPLICABLE),
    Case("price_precision", "a draft", listed(price=D("12.9999"), status=Status.DRAFT), NOT_APPLICABLE),
    Case("price_precision", "the sale price too", listed(sale_price=D("9.9999")), BAD, says={"field": "sale_price"}),
    Case("price_precision", "both fit", listed(sale_price=D("9.99")), OK),
    Case("price_precision", "no price", listed(price=None), NOT_APPLICABLE),
    Case("price_precision", "unclear", listed(price=unclear("1.234")), UNKNOWN),
    Case("price_precision", "NaN", listed(price=NAN), UNKNOWN),
    Case("price_precision", "beyond all reason", listed(price=D(10) ** 40), OK),
    Case("price_precision", "beyond all reason and a half", listed(price=D("9" * 20 + ".5"), currency="JPY"), BAD),
    Case("price_precision", "the parent's price does not hide a variant's", listed(
        variants=(Variant(sku="L", price=D("1.9999")),)), BAD),
    Case("price_precision", "one variant", variants(SMALL, Variant(sku="L", price=D("1.9999"))), BAD),
)  # fmt: skip

BELOW_COST = (
    Case("price_below_cost", "above", listed(cost=D("19.99")), OK),
    Case("price_below_cost", "equal", listed(cost=D("20")), OK),
    Case("price_below_cost", "below", listed(cost=D("20.01")), BAD, says={"value": "20.00", "field": "price"}),
    Case("price_below_cost", "below and cleared", listed(cost=D("30"), clearance=True), NOT_APPLICABLE),
    Case("price_below_cost", "below and not cleared", listed(cost=D("30"), clearance=False), BAD),
    Case("price_below_cost", "below and given away", listed(price=D(0), cost=D("30"), is_free=True), NOT_APPLICABLE),
    Case("price_below_cost", "below and cleared by a word", listed(cost=D("30"), clearance=Unparsed("soon")), UNKNOWN,
         says={"field": "clearance"}),
    Case("price_below_cost", "above and cleared by a word", listed(cost=D("3"), clearance=Unparsed("soon")), OK),
    Case("price_below_cost", "no cost", listed(), NOT_APPLICABLE),
    Case("price_below_cost", "no price", listed(price=None, cost=D("1")), NOT_APPLICABLE),
    Case("price_below_cost", "an unclear cost", listed(cost=unclear("1.234")), UNKNOWN, says={"field": "cost"}),
    Case("price_below_cost", "an unclear price", listed(price=unclear("1.234"), cost=D(1)), UNKNOWN,
         says={"field": "price"}),
    Case("price_below_cost", "a cost that is NaN", listed(cost=NAN), UNKNOWN),
    Case("price_below_cost", "a draft", listed(cost=D("30"), status=Status.DRAFT), NOT_APPLICABLE),
    Case("price_below_cost", "one variant", variants(
        SMALL, Variant(sku="L", price=D("5"), cost=D("6"))), BAD, says={"message": 'variant "L"'}),
    Case("price_below_cost", "the parent's cost is not that of a variant with a price", variants(
        SMALL, cost=D("30")), NOT_APPLICABLE),
    Case("price_below_cost", "a variant with its own cost at the inherited price", listed(
        variants=(Variant(sku="S", cost=D("21")),)), BAD),
    Case("price_below_cost", "a variant at the inherited price and cost", listed(
        cost=D("21"), variants=(Variant(sku="S"),)), BAD),
)  # fmt: skip

CASES = (*MISSING, *TYPE, *NONPOSITIVE, *PRECISION, *BELOW_COST)
