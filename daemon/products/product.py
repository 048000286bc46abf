"""A product as the daemon sees it, whatever system it came from.

Values that could not be read are kept as `Unparsed` text, for the rule in charge to judge; nothing is guessed.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

import msgspec


class Status(StrEnum):
    """Where a product stands between its author's desk and the buyer."""

    DRAFT = "draft"  # never yet shown
    LISTED = "listed"  # buyers see it and can order it
    UNLISTED = "unlisted"  # taken off the shelf, may come back
    OUT_OF_STOCK = "out_of_stock"  # shown, but cannot be ordered
    REVIEW = "review"  # held back until a person has looked
    ARCHIVED = "archived"  # gone for good


class Availability(StrEnum):
    """Availability that a feed or page states (schema.org ItemAvailability, Merchant `availability`)."""

    IN_STOCK = "in_stock"
    OUT_OF_STOCK = "out_of_stock"
    PREORDER = "preorder"
    BACKORDER = "backorder"
    DISCONTINUED = "discontinued"


class Unparsed(msgspec.Struct, frozen=True):
    """A value as its source wrote it, which is not certainly a value of the type the field wants.

    ambiguous: it could be read in more than one way ("1.234"), or needs a locale or a zone that nobody gave;
    otherwise it cannot be read in any.
    """

    text: str
    ambiguous: bool = False


#: Decimal in major units of the currency, exact; NaN and infinities occur and are for their rule to judge.
Amount: TypeAlias = Decimal | Unparsed | None
#: Aware where the source gave a zone or the catalogue has one, else naive.
Time: TypeAlias = datetime | Unparsed | None
Flag: TypeAlias = bool | Unparsed | None


class Variant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One choice of a product that is stocked and priced by itself (a size, a colour)."""

    sku: str | None = None
    gtin: str | None = None
    title: str | None = None  # "Small / Blue"
    price: Amount = None
    sale_price: Amount = None
    cost: Amount = None
    stock: Amount = None
    track_inventory: Flag = None
    backorder: Flag = None


class Product(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One product. Field names are the canonical column names of an import."""

    id: str  # the catalogue's own id, unique in the catalogue; a file's id, Shopify handle, else sku, else row number
    source: str = ""  # name of the [[sources]] entry it came from, "" for one made over HTTP or by hand
    owner: str | None = None  # who cares for it: the source's owner unless the document says otherwise
    revision: int = 0  # raised by every change of the stored product; the ETag and the compare-and-set key
    sku: str | None = None
    gtin: str | None = None  # as written, apostrophes and all
    item_group_id: str | None = None
    slug: str | None = None
    title: str | None = None
    description: str | None = None
    category: str | None = None
    brand: str | None = None
    price: Amount = None  # the regular price
    sale_price: Amount = None  # the reduced price
    sale_start: Time = None
    sale_end: Time = None
    cost: Amount = None
    is_free: Flag = None
    clearance: Flag = None
    currency: str | None = None  # as written; an ISO 4217 code when right
    stock: Amount = None  # pieces; None is unknown, not zero
    track_inventory: Flag = None
    backorder: Flag = None
    availability: Availability | Unparsed | None = None
    availability_date: Time = None
    status: Status | Unparsed = Status.LISTED
    archived_at: Time = None
    images: tuple[str, ...] = ()
    link: str | None = None
    created_at: Time = None
    updated_at: Time = None
    expires_at: Time = None
    variants: tuple[Variant, ...] = ()  # empty when the product is its own only variant
    soldout_since: datetime | None = None  # when the catalogue first saw every variant at 0, kept by the catalogue
    missing_since: datetime | None = None  # when its source stopped naming it: nothing can be told of it since


class PricePoint(msgspec.Struct, frozen=True):
    """The price that a product ended a UTC day with."""

    day: str  # "2026-11-25"
    price: Decimal
    currency: str | None = None


class SourceFields(msgspec.Struct, frozen=True):
    """What a source can express at all: a column absent from the whole file says nothing about its products."""

    name: str
    fields: frozenset[str]
