"""Cases of daemon/products/rules/stock.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from daemon.products.product import Availability, Product, Status, Unparsed, Variant
from tests.unit.products.rules.case import (
    BAD,
    NEVER,
    NOT_APPLICABLE,
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

BY_MEASURE = context(settings={"stock_invalid": {"measured_categories": ("Fabric",)}})
NO_STATUS = context(fields={"feed": frozenset({"stock", "availability"})})
GONE, MANY = D(0), D(5)

INVALID = (
    Case("stock_invalid", "five", listed(stock=MANY), OK),
    Case("stock_invalid", "none left", listed(stock=GONE), OK),
    Case("stock_invalid", "nobody said", listed(), NOT_APPLICABLE),
    Case("stock_invalid", "nobody counts", listed(track_inventory=False), NOT_APPLICABLE),
    Case("stock_invalid", "below zero", listed(stock=D(-2)), BAD, says={"value": "-2", "message": "below zero"}),
    Case("stock_invalid", "below zero, ordered back", listed(stock=D(-2), backorder=True), OK),
    Case("stock_invalid", "below zero, not ordered back", listed(stock=D(-2), backorder=False), BAD),
    Case("stock_invalid", "below zero, ordered back by a word", listed(stock=D(-2), backorder=Unparsed("hm")), UNKNOWN,
         says={"field": "backorder"}),
    Case("stock_invalid", "below zero, available on backorder", listed(
        stock=D(-2), availability=Availability.BACKORDER), OK),
    Case("stock_invalid", "below zero, in stock by its own word", listed(
        stock=D(-2), availability=Availability.IN_STOCK), BAD),
    Case("stock_invalid", "below zero, nobody counts", listed(stock=D(-2), track_inventory=False), NOT_APPLICABLE),
    Case("stock_invalid", "below zero, somebody counts", listed(stock=D(-2), track_inventory=True), BAD),
    Case("stock_invalid", "half a piece", listed(stock=D("1.5")), BAD, says={"message": "fraction"}),
    Case("stock_invalid", "a whole number with zeros", listed(stock=D("2.00")), OK),
    Case("stock_invalid", "half a metre", listed(stock=D("1.5"), category="Fabric"), OK, BY_MEASURE),
    Case("stock_invalid", "half a piece in a shop that sells by the metre", listed(
        stock=D("1.5"), category="Hats"), BAD, BY_MEASURE),
    Case("stock_invalid", "a word", listed(stock=Unparsed("plenty")), BAD, says={"value": "plenty"}),
    Case("stock_invalid", "a word, nobody counts", listed(stock=Unparsed("plenty"), track_inventory=False), BAD),
    Case("stock_invalid", "NaN", listed(stock=D("NaN")), BAD),
    Case("stock_invalid", "thousands or decimals", listed(stock=unclear("1.200")), UNKNOWN),
    Case("stock_invalid", "out of stock is still shown", listed(stock=D(-2), status=Status.OUT_OF_STOCK), BAD),
    Case("stock_invalid", "a draft", listed(stock=D(-2), status=Status.DRAFT), NOT_APPLICABLE),
    Case("stock_invalid", "one variant", listed(variants=(
        Variant(sku="S", stock=MANY), Variant(sku="L", stock=D(-1)))), BAD,
        says={"message": 'variant "L": is below zero', "fingerprint": "L|stock=-1"}),
    Case("stock_invalid", "a variant inherits the backorder", listed(
        backorder=True, variants=(Variant(sku="L", stock=D(-1)),)), OK),
    Case("stock_invalid", "a variant has its own backorder", listed(
        backorder=True, variants=(Variant(sku="L", stock=D(-1), backorder=False),)), BAD),
    Case("stock_invalid", "a variant inherits that nobody counts", listed(
        track_inventory=False, variants=(Variant(sku="L", stock=D(-1)),)), NOT_APPLICABLE),
    Case("stock_invalid", "a variant is counted by itself", listed(
        track_inventory=False, variants=(Variant(sku="L", stock=D(-1), track_inventory=True),)), BAD),
    Case("stock_invalid", "the parent of variants has no stock of its own", listed(
        stock=D(-3), variants=(Variant(sku="L", stock=MANY),)), OK),
)  # fmt: skip


def sold_out(**fields: Any) -> Product:
    """Make a listed product that has been sold out for two hours."""
    return listed(**{"stock": GONE, "soldout_since": ago(hours=2), **fields})


SOLDOUT = (
    Case("soldout_listed", "for two hours", sold_out(), BAD, says={"field": "stock", "fingerprint": "sold out"}),
    Case("soldout_listed", "for half an hour", sold_out(soldout_since=ago(minutes=30)), OK,
         says={"recheck_at": ahead(minutes=30)}),
    Case("soldout_listed", "for exactly the grace", sold_out(soldout_since=ago(hours=1)), BAD,
         says={"message": "sold out since"}),
    Case("soldout_listed", "no one saw since when", sold_out(soldout_since=None), BAD,
         says={"message": "sold out and still listed"}),
    Case("soldout_listed", "no one saw, last changed a minute ago", sold_out(
        soldout_since=None, updated_at=ago(minutes=1)), OK, says={"recheck_at": ahead(minutes=59)}),
    Case("soldout_listed", "no one saw, last changed long ago", sold_out(
        soldout_since=None, updated_at=ago(days=1)), BAD, says={"message": "sold out and still listed"}),
    Case("soldout_listed", "no one saw, last changed by a clock without zone", sold_out(
        soldout_since=None, updated_at=datetime(2026, 11, 25, 11, 59)), BAD),  # noqa: DTZ001 - as a file gives it
    Case("soldout_listed", "no one saw, last changed by a word", sold_out(
        soldout_since=None, updated_at=Unparsed("today")), BAD),
    Case("soldout_listed", "no one saw, last changed never", sold_out(soldout_since=None, updated_at=NEVER), OK),
    Case("soldout_listed", "seen since, whatever changed last", sold_out(updated_at=ago(minutes=1)), BAD),
    Case("soldout_listed", "some left", listed(stock=MANY), NOT_APPLICABLE),
    Case("soldout_listed", "nobody said", listed(), NOT_APPLICABLE),
    Case("soldout_listed", "ordered back", sold_out(backorder=True), NOT_APPLICABLE),
    Case("soldout_listed", "not ordered back", sold_out(backorder=False), BAD),
    Case("soldout_listed", "ordered back by a word", sold_out(backorder=Unparsed("hm")), UNKNOWN),
    Case("soldout_listed", "nobody counts", sold_out(track_inventory=False), NOT_APPLICABLE),
    Case("soldout_listed", "counted by a word", sold_out(track_inventory=Unparsed("hm")), UNKNOWN),
    Case("soldout_listed", "on preorder", sold_out(availability=Availability.PREORDER), NOT_APPLICABLE),
    Case("soldout_listed", "in stock by its own word", sold_out(availability=Availability.IN_STOCK), BAD),
    Case("soldout_listed", "says so, but its status does not", sold_out(
        availability=Availability.OUT_OF_STOCK), BAD),
    Case("soldout_listed", "says so, and has no status to say it by", sold_out(
        availability=Availability.OUT_OF_STOCK, source="feed"), NOT_APPLICABLE, NO_STATUS),
    Case("soldout_listed", "does not say so, and has no status", sold_out(source="feed"), BAD, NO_STATUS),
    Case("soldout_listed", "its status says so", sold_out(status=Status.OUT_OF_STOCK), NOT_APPLICABLE),
    Case("soldout_listed", "a draft", sold_out(status=Status.DRAFT), NOT_APPLICABLE),
    Case("soldout_listed", "unclear", sold_out(stock=unclear("0,000")), UNKNOWN),
    Case("soldout_listed", "below zero is another rule's", sold_out(stock=D(-1)), NOT_APPLICABLE),
    Case("soldout_listed", "NaN is another rule's", sold_out(stock=D("NaN")), NOT_APPLICABLE),
    Case("soldout_listed", "every variant", sold_out(stock=None, variants=(
        Variant(sku="S", stock=GONE), Variant(sku="L", stock=GONE))), BAD),
    Case("soldout_listed", "one variant is left", sold_out(stock=None, variants=(
        Variant(sku="S", stock=GONE), Variant(sku="L", stock=MANY))), NOT_APPLICABLE),
    Case("soldout_listed", "unmanaged parent, five of each variant", listed(
        stock=GONE, variants=(Variant(sku="S", stock=MANY), Variant(sku="L", stock=MANY))), NOT_APPLICABLE),
    Case("soldout_listed", "one variant is left, another unclear", sold_out(stock=None, variants=(
        Variant(sku="S", stock=unclear("0,000")), Variant(sku="L", stock=MANY))), NOT_APPLICABLE),
    Case("soldout_listed", "one variant is gone, another unclear", sold_out(stock=None, variants=(
        Variant(sku="S", stock=GONE), Variant(sku="L", stock=unclear("0,000")))), UNKNOWN),
    Case("soldout_listed", "one variant nobody counts", sold_out(stock=None, variants=(
        Variant(sku="S", stock=GONE), Variant(sku="L", track_inventory=False))), NOT_APPLICABLE),
    Case("soldout_listed", "one variant can be ordered back", sold_out(stock=None, variants=(
        Variant(sku="S", stock=GONE), Variant(sku="L", stock=GONE, backorder=True))), NOT_APPLICABLE),
)  # fmt: skip

CASES = (*INVALID, *SOLDOUT)
