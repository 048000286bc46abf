"""What was found at a URL, as facts for a rule to judge; no opinion about the product is in here."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec


class Reach(StrEnum):
    """How far a fetch got."""

    FETCHED = "fetched"  # an answer with a final status was read
    UNREACHABLE = "unreachable"  # time-out, refused, DNS, TLS: the target's, or on the way
    REFUSED = "refused"  # our own policy forbids the address or the hop
    OVERLOADED = "overloaded"  # we did not get to it in time: our fault, never the target's
    TOO_LARGE = "too_large"  # body over the cap, decoded
    INVALID_URL = "invalid_url"  # no http(s) URL at all


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One schema.org Offer or AggregateOffer as a page states it. Prices as decimals, or None when unreadable."""

    price: Decimal | None = None
    low: Decimal | None = None  # AggregateOffer
    high: Decimal | None = None
    currency: str | None = None
    availability: str | None = None  # normalised: "in_stock", "out_of_stock", "preorder", "backorder", "discontinued"
    sku: str | None = None
    gtin: str | None = None
    url: str | None = None
    valid_until: datetime | None = None


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the first bytes of an image say."""

    format: str | None  # "jpeg", "png", "webp", ...; None when the magic bytes are of no image
    width: int | None = None  # pixels
    height: int | None = None
    sha256: str | None = None  # hex, of the whole body when it was read whole, else None


class PageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a landing page says about products."""

    text: str  # visible text with title and headings, white space folded, at most 20,000 characters
    offers: tuple[Offer, ...] = ()
    product_names: tuple[str, ...] = ()
    has_structured_data: bool = False


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """One fetch of one URL. `problem` says in words why `reach` is not `fetched`."""

    url: str
    fetched_at: datetime
    reach: Reach
    status: int | None = None  # final HTTP status
    hops: tuple[str, ...] = ()  # URLs after the first, in order; the last is the final one
    loop: bool = False  # more than the allowed redirects, or back to an earlier URL
    retry_after_s: float | None = None
    length: int | None = None  # decoded bytes read
    image: ImageFacts | None = None
    page: PageFacts | None = None
    problem: str = ""
    previous: Evidence | None = None  # the fetch before, itself without a previous
