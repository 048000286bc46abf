"""/products: what the catalogue holds, and what people may change of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from pydantic import Field

from daemon.errors import InvalidInput, PreconditionFailed
from daemon.forum.principals import Scope
from daemon.handlers.http.answers import PRODUCTS, Listed, ShownProduct, page, shown
from daemon.handlers.http.models import Body, Flag, Line, Paged, Time, Word
from daemon.handlers.http.routes import Call, get, patch
from daemon.products.imports import EditRecord, ProductFilter
from daemon.products.product import Availability, PricePoint, Product, Status
from daemon.services import products

#: A decimal number as text, so that no digit is lost on the way.
Amount = Annotated[str, Field(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$")]
Paragraphs = Annotated[str, Field(max_length=200_000, pattern=r"^[^\x00]*$")]
Url = Annotated[str, Field(max_length=2048, pattern=r"^[^\x00-\x20\x7f]+$")]


class ProductQuery(Paged):
    """Which products."""

    status: Literal["draft", "listed", "unlisted", "out_of_stock", "review", "archived"] | None = None
    source: Word | None = None
    category: Word | None = None
    brand: Word | None = None
    sku: Word | None = None
    gtin: Word | None = None
    q: Word | None = None  # part of id, title or sku
    missing: Flag | None = None  # whether the source stopped naming it


class NewStatus(Body):
    """A person's word on where a product stands."""

    status: Status


class Correction(Body):
    """Fields of a product as they should be; what is not named stays, null takes a value away, but for the status."""

    status: Status | None = None
    sku: Line | None = None
    gtin: Line | None = None
    item_group_id: Line | None = None
    slug: Line | None = None
    title: Line | None = None
    description: Paragraphs | None = None
    category: Line | None = None
    brand: Line | None = None
    price: Amount | None = None
    sale_price: Amount | None = None
    sale_start: Time | None = None
    sale_end: Time | None = None
    cost: Amount | None = None
    is_free: bool | None = None
    clearance: bool | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    stock: Amount | None = None
    track_inventory: bool | None = None
    backorder: bool | None = None
    availability: Availability | None = None
    availability_date: Time | None = None
    archived_at: Time | None = None
    images: Annotated[list[Url], Field(max_length=250)] = Field(default_factory=list)
    link: Url | None = None
    created_at: Time | None = None
    updated_at: Time | None = None
    expires_at: Time | None = None


class History(msgspec.Struct, frozen=True):
    """What changed of a product, newest first, and the price that each of its last days ended with."""

    edits: tuple[EditRecord, ...]
    next_cursor: str | None
    prices: tuple[PricePoint, ...]


async def list_products(call: Call) -> Listed[msgspec.Struct]:
    """GET /products."""
    asked = call.asked(ProductQuery)
    where = ProductFilter(
        status=Status(asked.status) if asked.status else None,
        source=asked.source,
        category=asked.category,
        brand=asked.brand,
        sku=asked.sku,
        gtin=asked.gtin,
        text=asked.q,
        missing=asked.missing,
    )
    found = await call.duty.ports.catalogue.find(where, asked.limit, asked.cursor)
    return page(found, map(shown, found.items))


async def get_product(call: Call) -> msgspec.Struct:
    """GET /products/{product_id}."""
    return shown(await call.duty.ports.catalogue.get(call.path["product_id"]))


async def get_history(call: Call) -> History:
    """GET /products/{product_id}/history."""
    product_id, asked = call.path["product_id"], call.asked(Paged)
    catalogue = call.duty.ports.catalogue
    await catalogue.get(product_id)
    edits = await catalogue.edits(product_id, asked.limit, asked.cursor)
    tomorrow = (call.duty.ports.clock.now() + timedelta(days=1)).date().isoformat()
    points = await catalogue.history([product_id], tomorrow)
    return History(edits.items, edits.cursor, tuple(points.get(product_id, ())))


async def set_status(call: Call) -> msgspec.Struct:
    """PATCH /products/{product_id}/status."""
    status, seen = call.sent(NewStatus).status, await _seen(call)
    return shown(await products.set_status(call.duty, call.actor, seen.id, status, seen.revision))


async def correct_product(call: Call) -> msgspec.Struct:
    """PATCH /products/{product_id}."""
    fields = call.sent(Correction).model_dump(exclude_unset=True)
    if "status" in fields and fields["status"] is None:
        raise InvalidInput("the body cannot be used", (("status", "a product has a status, expected one"),))
    status, seen = fields.pop("status", None), await _seen(call)
    return shown(await products.change(call.duty, call.actor, seen.id, fields, seen.revision, status=status))


async def _seen(call: Call) -> Product:
    """Return the product at the revision that the caller saw. Raises NotFound, PreconditionFailed."""
    product = await call.duty.ports.catalogue.get(call.path["product_id"])
    if call.revisions is not None and product.revision not in call.revisions:
        raise PreconditionFailed(f"product {product.id} is at revision {product.revision}: read it again")
    return product


_ONE = "/products/{product_id}"
ROUTES = (
    get("/products", list_products, PRODUCTS, "List products in the order of their ids",
        query=ProductQuery),
    get(_ONE, get_product, ShownProduct, "Get a product; its ETag is its revision", revision="sent"),
    get(f"{_ONE}/history", get_history, History, "Get who changed what, and prices by day", query=Paged),
    patch(f"{_ONE}/status", set_status, ShownProduct, "Set the status of a product", Scope.PRODUCTS_WRITE,
          body=NewStatus),
    patch(_ONE, correct_product, ShownProduct, "Correct fields of a product, or its status", Scope.PRODUCTS_WRITE,
          body=Correction),
)  # fmt: skip
