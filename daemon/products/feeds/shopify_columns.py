"""The columns of Shopify's products CSV, in its older and its newer spelling. Pure data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from daemon.products.feeds.columns import header_key

#: Our name to the headers, as header_key spells them, in order of preference.
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "handle": ("handle", "url_handle"),
    "title": ("title",),
    "description": ("body_html", "description", "body"),
    "brand": ("vendor",),
    "category": ("product_category", "standardized_product_type", "type", "custom_product_type"),
    "type": ("type", "custom_product_type"),
    "published": ("published", "published_on_online_store"),
    "status": ("status",),
    "option1": ("option1_value",),
    "option2": ("option2_value",),
    "option3": ("option3_value",),
    "sku": ("variant_sku", "sku"),
    "gtin": ("variant_barcode", "barcode"),
    "price": ("variant_price", "price"),
    "compare_at": ("variant_compare_at_price", "compare_at_price"),
    "cost": ("cost_per_item", "variant_cost"),
    "stock": ("variant_inventory_qty", "inventory_quantity"),
    "tracker": ("variant_inventory_tracker", "inventory_tracker"),
    "policy": ("variant_inventory_policy", "continue_selling_when_out_of_stock", "inventory_policy"),
    "image": ("image_src", "product_image_url"),
    "position": ("image_position",),
    "variant_image": ("variant_image", "variant_image_url"),
    "link": ("url", "online_store_url"),
    "created_at": ("created_at",),
    "updated_at": ("updated_at",),
}
_TELLING: Final = frozenset({"option1_name", "option1_value", "body_html", "image_src", "product_image_url"})


def is_shopify(header: Iterable[str]) -> bool:
    """Tell whether a header is of a Shopify products export."""
    keys = {header_key(cell) for cell in header}
    has_handle = not keys.isdisjoint(COLUMNS["handle"])
    return has_handle and (not keys.isdisjoint(_TELLING) or any(key.startswith("variant_") for key in keys))


def shopify_layout(columns: Iterable[str]) -> dict[str, str]:
    """Return which column holds what."""
    by_key: dict[str, str] = {}
    for column in columns:
        by_key.setdefault(header_key(column), column)
    found = {}
    for name, keys in COLUMNS.items():
        if held := [by_key[key] for key in keys if key in by_key]:
            found[name] = held[0]
    return found
