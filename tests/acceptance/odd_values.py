"""Values that fields of documents were not made for, and what is to be said of a product that has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.dbref import DBRef

BAD, UNKNOWN = "bad", "unknown"
#: What is said of a price that is no number, and of a stock, a sale price and a cost that are none.
NO_PRICE: Final = {"price_type": BAD, "price_nonpositive": UNKNOWN, "price_precision": UNKNOWN}
NO_STOCK: Final = {"stock_invalid": BAD, "soldout_listed": UNKNOWN}
NO_SALE: Final = {
    "price_type": BAD, "price_precision": UNKNOWN, "sale_not_lower": UNKNOWN, "discount_absurd": UNKNOWN,
}  # fmt: skip
NO_COST: Final = {"price_below_cost": UNKNOWN}
BLANK: Final = {"title_bad": BAD}
NO_STATUS: Final = {"listed_archived": UNKNOWN}
NO_TIME: Final = {"time_bad": BAD}
NO_CATEGORY: Final = {"reference_broken": BAD}
ABSENT: Final[Any] = object()


class Case(NamedTuple):
    """A field of a document, what stands there, and the verdicts of rules that are not content."""

    field: str
    lying: Any
    said: Mapping[str, str]


def _nested(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = {"a": found}
    return found


#: One value of each BSON type that a document may hold, and the shapes that people make of them.
NO_NUMBERS: Final[Mapping[str, Any]] = {
    "boolean": True, "date": datetime(2026, 1, 1, tzinfo=UTC), "id": ObjectId("69200000aaaaaaaaaaaaaaaa"),
    "binary": b"\x00\xff", "uuid": Binary(bytes(16), 4), "regex": Regex("a.*", "i"), "code": Code("12.5"),
    "scoped code": Code("f()", {"x": 1}), "min key": MinKey(), "max key": MaxKey(), "timestamp": Timestamp(5, 1),
    "reference": DBRef("products", 1), "object": {"x": 1}, "no keys": {}, "dotted key": {"a.b": 1}, "list": [1, 2],
    "empty list": [], "lists in lists": [[[[1]]]], "90 levels": _nested(90), "text": "on request",
    "long text": "9" * 5000, "text with NUL": "a\0b", "not a number": "NaN",
}  # fmt: skip
NOT_FINITE: Final = (float("nan"), Decimal128("NaN"), Decimal128("sNaN"), Decimal128("-NaN"))
IMMENSE: Final = (5e-324, 1.7e308, Decimal128("9.999999999999999999999999999999999E+6144"), Decimal128("1E-6176"))
EXACT: Final = (12, Int64(12), 12.5, "12.50", Decimal128("12.50"), Decimal128("1.250E+1"), " 12.5 ", "EUR 12.50")


def cases() -> Iterator[Case]:
    """Iterate over all of them."""
    yield from _prices()
    yield from _amounts()
    yield from _words()
    yield from _times()


def _prices() -> Iterator[Case]:
    lying: Any
    for lying in (*EXACT, Int64(2**63 - 1), {"amount": Decimal128("5.1"), "currency": "CHF"}):
        yield Case("price", lying, {})
    for lying in (None, ABSENT, "", "  ", {}, {"common": None}):
        yield Case("price", lying, {"price_missing": BAD})
    for lying in (0, -0.0, Decimal128("-0"), Decimal128("0E+6111"), -1, Int64(-(2**63))):
        yield Case("price", lying, {"price_nonpositive": BAD})
    for lying in (0.1 + 0.2, Decimal128("1.234567890123456789012345678901234")):
        yield Case("price", lying, {"price_precision": BAD})
    for lying in (*NOT_FINITE, *IMMENSE, *(value for name, value in NO_NUMBERS.items() if name != "no keys")):
        yield Case("price", lying, NO_PRICE)
    yield Case("price", "12,50", {"price_type": UNKNOWN, "price_precision": UNKNOWN})
    yield Case("price", float("inf"), {"price_type": BAD, "price_precision": UNKNOWN})
    yield Case("price", Decimal128("-Infinity"), NO_PRICE | {"price_nonpositive": BAD})
    yield Case("price", {"price.common": 9}, NO_PRICE)
    yield Case("price", {"common": Decimal128("9.90")}, {})
    yield Case("price", {"common": float("nan")}, NO_PRICE)


def _amounts() -> Iterator[Case]:
    for lying in (5, 5.0, Int64(5), "5", Decimal128("5"), None, ABSENT, "", 0, -0.0):
        yield Case("qty", lying, {})
    for lying in (-1, 2.5, "2.5", Decimal128("2.5"), *NOT_FINITE, "NaN", float("inf")):
        yield Case("qty", lying, {"stock_invalid": BAD})
    for lying in (value for name, value in NO_NUMBERS.items() if name != "not a number"):
        yield Case("qty", lying, NO_STOCK)
    for lying in (*NOT_FINITE, *IMMENSE, *NO_NUMBERS.values()):
        yield Case("salePrice", lying, NO_SALE)
        yield Case("cost", lying, NO_COST)


def _words() -> Iterator[Case]:
    numbers = (7, Int64(2**63 - 1), 7.5, Decimal128("7.10"), 10**15 + 0.5)
    for lying in (value for name, value in NO_NUMBERS.items() if name not in _SPOKEN):
        yield Case("title", lying, BLANK)
        yield Case("category", lying, NO_CATEGORY)
    for lying in (value for name, value in NO_NUMBERS.items() if name not in {"boolean", "not a number"}):
        yield Case("state", lying, NO_STATUS)
    for lying in numbers:
        yield Case("title", lying, {})
        yield Case("state", lying, NO_STATUS)
        yield Case("gtin", lying, {"gtin_bad": BAD})
    for lying in (None, ABSENT, "", " \t", float("nan")):
        yield Case("title", lying, BLANK)
        yield Case("category", lying, NO_CATEGORY)
        yield Case("state", lying, {})
    for lying in (value for name, value in NO_NUMBERS.items() if name not in _ADDRESSES):
        yield Case("image", lying, {"image_missing": BAD})
    yield Case("category", NO_NUMBERS["id"], NO_CATEGORY)
    yield Case("description", "<script>x()</script>", {"html_danger": BAD})
    yield Case("description", "a\0b", {"text_encoding": BAD})
    yield Case("currency", 7, {"price_precision": UNKNOWN, "currency_bad": BAD})


def _times() -> Iterator[Case]:
    for lying in (value for name, value in NO_NUMBERS.items() if name not in {"date", "timestamp", "not a number"}):
        yield Case("createdAt", lying, NO_TIME)
        yield Case("updatedAt", lying, NO_TIME)
        yield Case("archivedAt", lying, NO_STATUS)
    for lying in (float("nan"), Decimal128("5"), Int64(2**63 - 1), Int64(-(2**63)), 1.5):
        yield Case("createdAt", lying, NO_TIME)
    for lying in (datetime(1, 1, 1, tzinfo=UTC), None, ABSENT, "", Timestamp(5, 1), 1_764_000_000, "2026-01-02"):
        yield Case("createdAt", lying, {})
    yield Case("createdAt", datetime(9999, 12, 31, tzinfo=UTC), NO_TIME)
    yield Case("archivedAt", datetime(1, 1, 1, tzinfo=UTC), {"listed_archived": BAD})


#: What can be read as a text, and what as an address.
_SPOKEN: Final = {
    "boolean", "id", "list", "text", "long text", "text with NUL",
}  # fmt: skip
_ADDRESSES: Final = {"text", "long text", "text with NUL", "not a number"}
