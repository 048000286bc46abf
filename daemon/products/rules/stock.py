"""stock_invalid, soldout_listed: how many there are, and what is shown when there are none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from daemon.products.product import Amount, Availability, Flag, Product, Status, Unparsed
from daemon.products.rules.moments import after
from daemon.products.rules.offers import PUBLIC, combined, is_exact, variant_name
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

#: Goods that are sold before they are there.
_SOLD_AHEAD: Final = (Availability.BACKORDER, Availability.PREORDER)


_ZERO: Final = Decimal(0)


class Shelf(NamedTuple):
    """The stock of one variant, or of a product without any; flags that a variant lacks are the product's."""

    variant: str
    stock: Amount
    track_inventory: Flag
    backorder: Flag

    def named(self, message: str) -> str:
        """Return a message with the name of the variant before it."""
        return f'variant "{self.variant}": {message}' if self.variant else message


def shelves(product: Product) -> Iterator[Shelf]:
    """Iterate over what is stocked by itself."""
    if not product.variants:
        yield Shelf("", product.stock, product.track_inventory, product.backorder)
    for position, variant in enumerate(product.variants):
        tracked = product.track_inventory if variant.track_inventory is None else variant.track_inventory
        backorder = product.backorder if variant.backorder is None else variant.backorder
        yield Shelf(variant_name(variant, position), variant.stock, tracked, backorder)


def stock_invalid(product: Product, context: PassContext) -> Verdict:
    """Bad for a stock that is no number, below zero without backorder, or a fraction of goods sold by the piece.

    No stock is no fault: nobody said how many there are, or nobody counts. Reference: Merchant `availability`.
    """
    if product.status not in PUBLIC:
        return NOT_APPLICABLE
    if not product.variants:
        stock = product.stock
        if stock is None:
            return NOT_APPLICABLE
        if type(stock) is Decimal and stock.is_finite() and stock >= _ZERO and _is_whole(stock):
            return OK
    return combined(_counted(shelf, product, context) for shelf in shelves(product))


def _counted(shelf: Shelf, product: Product, context: PassContext) -> Verdict:
    stock = shelf.stock
    if stock is None:
        return NOT_APPLICABLE
    if isinstance(stock, Unparsed) and stock.ambiguous:
        return unknown("stock", stock, shelf.named("could be read in more than one way"))
    if not is_exact(stock):
        return _bad(shelf, "is not a number")
    if shelf.track_inventory is False:
        return NOT_APPLICABLE
    if stock < 0:
        return _below_zero(shelf, product)
    if not _is_whole(stock) and product.category not in _by_measure(context):
        return _bad(shelf, "is a fraction of goods sold by the piece")
    return OK


def _is_whole(stock: Decimal) -> bool:
    return stock == stock.to_integral_value()


def _below_zero(shelf: Shelf, product: Product) -> Verdict:
    if shelf.backorder is True or product.availability in _SOLD_AHEAD:
        return OK
    if isinstance(shelf.backorder, Unparsed):
        return unknown("backorder", shelf.backorder, shelf.named("stock below zero, and backorder cannot be read"))
    return _bad(shelf, "is below zero, and backorder is not allowed")


def _bad(shelf: Shelf, message: str) -> Verdict:
    shown = getattr(shelf.stock, "text", shelf.stock)
    return bad("stock", shelf.stock, shelf.named(message), fingerprint=f"{shelf.variant}|stock={shown}"[:200])


def _by_measure(context: PassContext) -> tuple[str, ...]:
    settings: Any = context.settings("stock_invalid")
    return tuple(settings["measured_categories"])


def soldout_listed(product: Product, context: PassContext) -> Verdict:
    """Bad when everything of a listed product has been sold out for longer than the grace.

    A product is sold out when every variant is: counted, exactly zero, and not sold ahead. Where its catalogue has
    not seen since when, the product's own last change stands for it; without either, it counts as long ago.
    Reference: schema.org ItemAvailability, Merchant `availability`.
    """
    if product.status is not Status.LISTED:
        return NOT_APPLICABLE
    if not product.variants and (product.stock is None or (is_exact(product.stock) and product.stock)):
        return NOT_APPLICABLE
    found = [_left(shelf) for shelf in shelves(product)]
    if OK in found or product.availability in _SOLD_AHEAD or _says_so(product, context):
        return NOT_APPLICABLE
    doubts = [verdict for verdict in found if verdict is not None]
    return doubts[0] if doubts else _sold_out(product, context)


def _left(shelf: Shelf) -> Verdict | None:
    """Return OK when buyers can order or nobody counts, None when there is nothing left, else why no one knows."""
    if isinstance(shelf.stock, Unparsed):
        return unknown("stock", shelf.stock, shelf.named("is no certain number"))
    if shelf.stock is None or not shelf.stock.is_finite() or shelf.stock != 0:
        return OK
    if shelf.track_inventory is False or shelf.backorder is True:
        return OK
    for field, flag in (("track_inventory", shelf.track_inventory), ("backorder", shelf.backorder)):
        if isinstance(flag, Unparsed):
            return unknown(field, flag, shelf.named("cannot be read, and the stock is zero"))
    return None


def _says_so(product: Product, context: PassContext) -> bool:
    """Whether buyers are told by the only word that this source has for it."""
    return product.availability == Availability.OUT_OF_STOCK and not context.provides(product.source, "status")


def _sold_out(product: Product, context: PassContext) -> Verdict:
    settings: Any = context.settings("soldout_listed")
    since = product.soldout_since or _changed_at(product)
    due = after(since, timedelta(seconds=settings["grace_s"])) if since else None
    if due and context.now < due:
        return Verdict(Outcome.OK, recheck_at=due)
    lasting = f" since {since.isoformat()}" if product.soldout_since and since else ""
    return bad("stock", 0, f"sold out{lasting} and still listed", fingerprint="sold out")


def _changed_at(product: Product) -> datetime | None:
    changed = product.updated_at
    return changed if isinstance(changed, datetime) and changed.tzinfo else None


SPECS: Final[tuple[RuleSpec, ...]] = (
    RuleSpec(
        id="stock_invalid",
        title="Stock is not a possible number",
        title_zh="库存数值无效",
        fields=("stock", "backorder", "track_inventory"),
        severity=Severity.MAJOR,
        check=stock_invalid,
        remedy=RemedyKind.REVIEW,
        reference="Merchant availability",
        settings={"measured_categories": ()},
    ),
    RuleSpec(
        id="soldout_listed",
        title="Sold out and still listed",
        title_zh="已售罄但仍上架",
        fields=("stock", "status", "backorder"),
        severity=Severity.MINOR,
        check=soldout_listed,
        remedy=RemedyKind.OUT_OF_STOCK,
        reference="schema.org ItemAvailability; Merchant availability",
        settings={"grace_s": 3600.0},
    ),
)
