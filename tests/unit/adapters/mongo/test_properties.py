"""Whatever lies in a collection: it is read or refused with a reason, and what is written is read again."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import bson
import msgspec
from bson import Binary, Code, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.adapters.mongo.defaults import PATHS, UNMAPPED
from daemon.adapters.mongo.documents import Document, document_of
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.config import MongodbSection
from daemon.errors import InvalidInput
from daemon.products.documents import Reader, to_json
from daemon.products.imports import MERGED_FIELDS, same_value
from daemon.products.product import Product, Status
from tests.unit.adapters.mongo.shop_documents import NAMES, sent, shape
from tests.unit.adapters.mongo.shop_server import applied, matches

OID = ObjectId("65f1a2b3c4d5e6f708091a01")
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
SHOP = ShopMapping(
    MongodbSection(
        map={name: (name, f"deep.{name}", f"list.0.{name}") for name in UNMAPPED},
        relations={"brand": "brands.name"},
        statuses={"listed": ("published", True, 1), "unlisted": ("hidden", False, 0), "out_of_stock": ("sold out",)},
    ),
    currency="EUR",
    timezone="Europe/Berlin",
    locale="de_DE",
)
READER: Reader[Product] = Reader(Product)
EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(["published", "12.50", "1.234", "€ 5", "NaN", "2026-01-02", "https://i.example/a.jpg", "[[", "{}"]),
)  # fmt: skip
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-(2**63), 2**63 - 1).map(Int64),
    st.floats(),
    texts,
    st.binary(max_size=5).map(Binary),
    st.binary(min_size=16, max_size=16).map(Decimal128.from_bid),
    st.integers(-(2**63), 2**63 - 1).map(DatetimeMS),
    st.integers(-(2**41), 2**41).map(DatetimeMS),
    st.binary(min_size=12, max_size=12).map(ObjectId),
    st.sampled_from([MinKey(), MaxKey(), Timestamp(5, 1), Regex("a"), Code("f"), Code("f", {"x": 1})]),
)
inner_keys = st.sampled_from(
    "common sale cost amount currency value html md name title secure_url url brief sku price qty 0 deep".split()  # noqa: SIM905
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(inner_keys, inner, max_size=3),
    max_leaves=6,
)
PATH_TEXTS = {path for paths in PATHS.values() for path in paths}
keys = st.sampled_from(
    [*sorted(PATH_TEXTS | {path.split(".")[0] for path in PATH_TEXTS}), *UNMAPPED, "deep", "list", "__v", "other"]
)
documents = st.dictionaries(keys, values, max_size=12)
names = st.sampled_from(sorted(SHOP.fields - {"variants", "status"}))
news = st.one_of(
    st.none(),
    texts,
    st.booleans(),
    st.decimals(allow_nan=False, places=3, min_value=-(10**9), max_value=10**9),
    st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)),
    st.lists(texts, max_size=2).map(tuple),
)
statuses = st.sampled_from(Status)


@EXAMPLES
@given(documents)
def test_any_document_is_read(fields: dict[str, Any]) -> None:
    document = sent({"_id": OID, **fields})
    related: dict[str, Any] = {name: {} for name in SHOP.wanted([document])}

    product = SHOP.product(document, None, related)

    again = READER.read(to_json(product))
    assert all(same_value(getattr(again, name), getattr(product, name)) for name in MERGED_FIELDS)
    assert len(SHOP.explained(document, related)) == len(SHOP.fields) + 1


@EXAMPLES
@given(documents)
def test_any_document_is_the_one_that_its_condition_asks_for(fields: dict[str, Any]) -> None:
    document = sent({"_id": OID, **fields})
    product = SHOP.product(document, None, {})

    write = SHOP.write(document, product, product, NOW)

    assert write.change == {}
    assert matches(document.raw, write.where)


@EXAMPLES
@given(st.sampled_from(NAMES), st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_damaged_documents_are_read_or_refused(name: str, at: int, noise: bytes) -> None:
    raw = bson.encode(shape(name))
    at = 22 + at % max(1, len(raw) - 23)
    damaged = raw[:at] + noise + raw[at + len(noise) :]
    found = document_of(damaged[: len(raw) - 1] + b"\0")
    if not isinstance(found, Document):
        return
    for use in (lambda: SHOP.wanted([found]), lambda: SHOP.product(found, None, {}), lambda: SHOP.explained(found, {})):
        try:
            use()
        except InvalidInput:
            continue


def _held(fields: dict[str, Any], before: Product, after: Product) -> bool:
    """Write and apply; tell whether it was possible."""
    document = sent({"_id": OID, **fields})
    try:
        write = SHOP.write(document, before, after, NOW)
    except InvalidInput:
        return False
    assert matches(document.raw, write.where)
    changed = applied({"_id": OID, **fields}, write.change)
    found = SHOP.product(sent(changed), after, {})
    for name in set(MERGED_FIELDS) - {"updated_at"}:
        assert same_value(getattr(found, name), getattr(after, name)), name
    assert set(changed) - set(fields) <= {"_id", *(path.split(".")[0] for path in write.change.get("$set", {}))}
    return True


@EXAMPLES
@given(documents, st.dictionaries(names, news, min_size=1, max_size=2), st.none() | statuses)
def test_what_is_written_is_read_again_or_refused(
    fields: dict[str, Any], news: dict[str, Any], status: Status | None
) -> None:
    before = SHOP.product(sent({"_id": OID, **fields}), None, {})
    after = msgspec.structs.replace(before, **news)
    _held(fields, before, msgspec.structs.replace(after, status=status) if status else after)


@EXAMPLES
@given(
    st.sampled_from(["published", "hidden", "sold out", True, False, 1, 0, 1.0]),
    st.lists(st.sampled_from([Status.LISTED, Status.UNLISTED]), min_size=1, max_size=4),
    documents,
)
def test_a_remedy_and_its_undoing_always_find_their_word(
    word: Any, turns: list[Status], fields: dict[str, Any]
) -> None:
    fields = {**{name: v for name, v in fields.items() if "." not in name}, "state": word}
    for status in turns:
        before = SHOP.product(sent({"_id": OID, **fields}), None, {})
        after = msgspec.structs.replace(before, status=status)
        assert _held(fields, before, after)
        change = SHOP.write(sent({"_id": OID, **fields}), before, after, NOW).change
        fields = {k: v for k, v in applied({"_id": OID, **fields}, change).items() if k != "_id"}


@EXAMPLES
@given(st.decimals(allow_infinity=False), st.sampled_from([1, 1.5, Int64(1), Decimal128("1"), "1", "1,5", None]))
def test_any_number_is_written_exactly_or_refused(price: Decimal, lying: Any) -> None:
    before = SHOP.product(sent({"_id": OID, "price": lying}), None, {})
    _held({"price": lying}, before, msgspec.structs.replace(before, price=price))
