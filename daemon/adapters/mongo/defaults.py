"""Where the documents of KeystoneJS 4 keep what a product has, unless [mongodb.map] says otherwise. Pure data.

Gathered from public Product models and from what KeystoneJS itself writes: `track: true` makes createdAt and
updatedAt, `autokey` makes slug or key, Money and Number make plain numbers. The first path with a value counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from daemon.products.product import Status

PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "sku": ("sku", "code"),
    "gtin": ("gtin", "ean", "barcode"),
    "slug": ("slug", "key"),
    "title": ("title", "name"),
    "description": ("description", "content.brief", "content.extended", "details"),
    "category": ("category", "categories"),
    "brand": ("brand", "vendor"),
    "price": ("price", "price.common", "price.amount"),
    "sale_price": ("price.sale", "salePrice"),
    "cost": ("price.cost", "cost"),
    "currency": ("currency", "price.currency"),
    "stock": ("qty", "quantity", "stock"),
    "status": ("state", "status"),
    "images": ("image", "images"),
    "link": ("url",),
    "created_at": ("createdAt",),
    "updated_at": ("updatedAt",),
    "archived_at": ("archivedAt", "deletedAt"),
    "variants": ("variants",),
}

#: Canonical fields that have a path only where the configuration gives one.
UNMAPPED: Final = (
    "item_group_id", "sale_start", "sale_end", "is_free", "clearance", "track_inventory", "backorder", "availability",
    "availability_date", "expires_at", "owner",
)  # fmt: skip

#: Inside one of the objects that `variants` leads to.
VARIANT_PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "sku": ("sku", "code"),
    "gtin": ("gtin", "ean", "barcode"),
    "title": ("title", "name"),
    "price": ("price", "price.common", "price.amount"),
    "sale_price": ("price.sale", "salePrice"),
    "cost": ("price.cost", "cost"),
    "stock": ("qty", "quantity", "stock"),
    "track_inventory": ("trackInventory",),
    "backorder": ("backorder",),
}

#: "collection.path" that an ObjectId stands for, the first that knows it.
RELATIONS: Final[Mapping[str, tuple[str, ...]]] = {"category": ("productcategories.name", "categories.name")}

#: The shop's words for each status. Several may share one; the first of each is what is written.
WORDS: Final[Mapping[Status, tuple[str | bool | int, ...]]] = {
    Status.DRAFT: ("draft", False),
    Status.LISTED: ("published", "live", "active", True),
    Status.UNLISTED: ("draft", False),
    Status.OUT_OF_STOCK: (),
    Status.REVIEW: ("draft", False),
    Status.ARCHIVED: ("archived", "deleted"),
}
