"""Identifiers in the one form in which they are compared. Pure.

What is compared is not what is valid: whether a GTIN is a number that GS1 could have given out is another rule's
question. Text that cannot identify anything has no key.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from daemon.products.product import Product, Variant

#: ("sku" | "gtin" | "slug", normalised text).
Key: TypeAlias = tuple[str, str]

#: White space and the hyphens and dashes of Unicode, which people put into numbers to read them.
_GAPS: Final = re.compile(r"[\s\-\u00ad\u2010-\u2015\u2212\ufe63\uff0d\u200b\ufeff]+")
#: A spreadsheet's mark for "this is text": 'straight or curled.
_APOSTROPHES: Final = "'\u2018\u2019"
_GTIN_DIGITS: Final = range(8, 15)


def sku_key(sku: str | None) -> str | None:
    """Return a stock keeping unit trimmed and case folded, None when it holds no letter and no digit.

    Hyphens and spaces inside stay: "A-11" and "A1-1" are two articles.
    """
    if not sku:
        return None
    key = sku.strip().casefold()
    return key if key[:1].isalnum() or any(map(str.isalnum, key)) else None


def compact_gtin(gtin: str) -> str:
    """Return a GTIN as written without a leading apostrophe and without spaces and hyphens anywhere."""
    text = gtin.strip()
    return _GAPS.sub("", text[1:] if text[:1] in _APOSTROPHES else text)


def gtin_key(gtin: str | None) -> str | None:
    """Return a GTIN as 14 ASCII digits (GS1 General Specifications 3.3: all lengths are one number space).

    None for what is not 8 to 14 ASCII digits, and for zeros alone, which people type for "none".
    """
    if not gtin:
        return None
    digits = gtin if gtin.isdigit() else compact_gtin(gtin)
    if len(digits) not in _GTIN_DIGITS or not (digits.isascii() and digits.isdigit()) or not digits.strip("0"):
        return None
    return digits.zfill(14)


def slug_key(slug: str | None) -> str | None:
    """Return the last part of a product's address, trimmed, without slashes around it, case folded."""
    if not slug:
        return None
    return slug.strip().strip("/").casefold() or None


def product_keys(product: Product) -> list[Key]:
    """Return every key that a product and its variants hold, each once, whatever the product's status.

    A catalogue indexes the keys of non-archived products and leaves out the others itself.
    """
    found: dict[Key, None] = {}
    if slug := slug_key(product.slug):
        found["slug", slug] = None
    holders: tuple[Product | Variant, ...] = (product, *product.variants)
    for holder in holders:
        if sku := sku_key(holder.sku):
            found["sku", sku] = None
        if gtin := gtin_key(holder.gtin):
            found["gtin", gtin] = None
    return list(found)
