"""What an import hands on: parsed rows, rejects, warnings, and the three-way merge with what the catalogue holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from daemon.products.product import Product, Status, Unparsed, Variant


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """A row that could not be read, and why. line: 1-based line of the file where the row starts, None if unknown."""

    file: str
    line: int | None
    field: str
    reason: str
    row: Mapping[str, str] = msgspec.field(default_factory=dict)  # as it came, cells cut at 1,000 characters


class FileWarning(msgspec.Struct, frozen=True, kw_only=True):
    """One thing about a whole file that a person should know: an absent column, a guessed delimiter."""

    file: str
    field: str
    message: str


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """One product as its source has it, with the document kept as it came (for Shopify: all its rows)."""

    product: Product
    line: int | None = None
    document: Mapping[str, object] | None = None


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """What the daemon remembers of one source between two reads. Times are aware UTC."""

    name: str
    fields: frozenset[str] = frozenset()  # canonical fields that its files can express
    etag: str | None = None
    last_modified: str | None = None
    sha256: str | None = None  # hex, of the bytes last read whole
    read_at: datetime | None = None  # last successful read, unchanged ones included
    failed_at: datetime | None = None
    error: str = ""
    reading: str = ""  # fingerprint of how it was read: an unchanged file read otherwise is news
    stamp: str = ""  # size and time of change of a local file
    products: int = 0
    rejected: int = 0


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one import did. unchanged counts rows equal to the source's own last version."""

    source: str
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    missing: int = 0  # products of this source that the file no longer names
    not_modified: bool = False  # the source said so; nothing was read
    broken: str = ""  # why reading ended before the end of the file; what came before it was imported
    rejects: tuple[Reject, ...] = ()  # at most the first 100; all of them are in rejects_file
    rejects_file: str = ""
    warnings: tuple[FileWarning, ...] = ()
    duration_s: float = 0.0


#: Fields that belong to the catalogue and that no source can change.
_OURS: Final = frozenset({"id", "source", "revision", "soldout_since", "missing_since"})
MERGED_FIELDS: Final = tuple(f for f in Product.__struct_fields__ if f not in _OURS)


class Merged(msgspec.Struct, frozen=True):
    """Outcome of a merge: the product to store, and the fields whose stored value changed."""

    product: Product
    changed: tuple[str, ...]


def merge(base: Product | None, theirs: Product, ours: Product | None, now: datetime) -> Merged:
    """Merge what a source says into what the catalogue holds, field by field.

    base: the source's own last version; theirs: its version now; ours: the stored product, with the edits of
    people and remedies. A field that the source did not change keeps our value; one that it did change takes
    theirs: the shop's own word is newer than anything decided on its old word.
    """
    if ours is None:
        fresh = msgspec.structs.replace(theirs, revision=1, missing_since=None)
        return Merged(with_soldout_since(None, fresh, now), MERGED_FIELDS)
    taken = {
        name: value
        for name in MERGED_FIELDS
        if (value := getattr(theirs, name)) != getattr(ours, name)
        and (base is None or not same_value(value, getattr(base, name)))
    }
    if not taken and ours.missing_since is None:
        return Merged(ours, ())
    merged = msgspec.structs.replace(ours, **taken, missing_since=None, revision=ours.revision + 1)
    return Merged(with_soldout_since(ours, merged, now), tuple(taken))


def says_the_same(one: Product, other: Product) -> bool:
    """Tell whether two products say the same in every field that a source can change."""
    return all(same_value(getattr(one, name), getattr(other, name)) for name in MERGED_FIELDS)


def same_value(one: object, other: object) -> bool:
    """Tell whether two values say the same. NaN differs from itself, but a source that repeats it says nothing new."""
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, Variant) and isinstance(other, Variant):
        return all(same_value(getattr(one, name), getattr(other, name)) for name in Variant.__struct_fields__)
    if isinstance(one, Decimal) and isinstance(other, Decimal) and (one.is_nan() or other.is_nan()):
        return one.is_nan() and other.is_nan()  # a signaling one, which BSON can hold, raises when it is compared
    return one == other


def with_soldout_since(before: Product | None, after: Product, now: datetime) -> Product:
    """Return `after` with the time since when nothing of it is left, None while something is."""
    if not sold_out(after):
        return after if after.soldout_since is None else msgspec.structs.replace(after, soldout_since=None)
    since = before.soldout_since if before is not None and before.soldout_since else now
    return msgspec.structs.replace(after, soldout_since=since)


def sold_out(product: Product) -> bool:
    """Tell whether the stock of the product, or of all its variants, is exactly zero."""
    stocks = [v.stock for v in product.variants] if product.variants else [product.stock]
    return all(s is not None and not isinstance(s, Unparsed) and s == 0 for s in stocks)


class EditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a stored product, for its history: who, when, which fields from what to what (as JSON text)."""

    product_id: str
    revision: int
    at: datetime
    actor: str  # principal id, "source:NAME", "remedy:RULE"
    changes: Mapping[str, tuple[str, str]]


class ProductFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which products a list shows; None means any."""

    status: Status | None = None
    source: str | None = None
    category: str | None = None
    brand: str | None = None
    sku: str | None = None
    gtin: str | None = None  # 8 to 14 digits, compared as 14
    text: str | None = None  # substring of id, title or sku, case folded
    missing: bool | None = None
