"""Values come back equal to what went in, however odd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.products.imports import Parsed, ProductFilter
from daemon.products.product import Availability, Product, Unparsed, Variant
from tests.contract.adapters import Stores
from tests.contract.makers import NOW, audit, batch, entry, evidence, incident, product, store

ODD_TEXTS = [
    "",
    "a\0b",
    "\0",
    "\ud800",
    "x\udfff",
    "\ud83d\ude00",  # two surrogates, which are not one face
    "😀",
    "\uffff",
    "\uffff0000",
    "\ufffe\u200b\u202e",
    "e\u0301 ﬁ ß İ",
    "'; DROP TABLE products; --",
    '{"a": 1}',
    "line\r\nline",
    "x" * 100_000,
]


def whole(value: Any) -> str:
    """Equal only for equal values, NaN and time zones included."""
    return ascii(value)


@pytest.mark.parametrize("text", ODD_TEXTS)
async def test_odd_text_is_kept_everywhere(stores: Stores, text: str) -> None:
    catalogue = stores.catalogue
    odd = product(
        f"id-{text[:50]}", title=text, category=text, brand=text, sku=text, slug=text, item_group_id=text,
        status=Unparsed(text), price=Unparsed(text, ambiguous=True), images=(text,), variants=(Variant(sku=text),),
    )  # fmt: skip
    row = {text[:50]: text, "n": [text]}
    await catalogue.store_page("shop", [Parsed(product=odd, document=row), Parsed(product=product("other"))], "1", NOW)
    stored = await catalogue.get(odd.id)
    assert whole(replace(stored, source="", revision=0)) == whole(odd)
    assert [p.id for p in (await catalogue.find(ProductFilter(category=text), 10)).items] == [odd.id]
    assert odd.id in [p.id for p in (await catalogue.find(ProductFilter(text=text[:40]), 10)).items]
    assert await catalogue.statuses([odd.id]) == {odd.id: text}
    assert await catalogue.document(odd.id) == row
    assert (await catalogue.store_page("shop", [Parsed(product=odd, document=row)], "2", NOW)).unchanged == (odd.id,)
    after = await catalogue.replace(stored, replace(stored, title="new"), actor=text, now=NOW)
    assert [r.actor for r in (await catalogue.edits(after.id, 10)).items] == [text]
    pages = [p.id async for page in catalogue.scan(1) for p in page]
    assert sorted(pages) == sorted([odd.id, "other"])


@pytest.mark.parametrize("text", ODD_TEXTS)
async def test_odd_text_is_kept_in_incidents_notices_and_evidence(stores: Stores, text: str) -> None:
    new = incident(f"id-{text[:50]}", title=text, value=text, owner=text, category=text)
    told, noted = entry(facts={"title": text}, category=text), audit(f"product:{text}", detail={"x": text})
    await stores.incidents.commit(batch(incidents=[new], entries=[told], audits=[noted]))
    assert await stores.incidents.latest([new.product_id]) == {new.product_id: [replace(new, revision=1)]}
    assert await stores.outbox.queued("ops", NOW, 1) == [told]
    assert (await stores.audit.entries(1, target=f"product:{text}")).items == (noted,)
    found = evidence(f"https://a/{text[:50]}", problem=text)
    await stores.evidence.keep([found])
    assert await stores.evidence.evidence([found.url]) == {found.url: found}


ODD_VALUES = [
    {"price": Decimal("NaN")},
    {"price": Decimal("-Infinity"), "cost": Decimal("1E+3"), "sale_price": Decimal("0.10")},
    {"price": Decimal("-0"), "stock": Decimal("1e-30"), "cost": Decimal("9" * 40)},
    {"is_free": True, "clearance": False, "backorder": Unparsed("maybe")},
    {"created_at": datetime.fromisoformat("2026-01-01"), "updated_at": datetime(2026, 1, 1, tzinfo=UTC)},
    {"expires_at": datetime(2026, 1, 1, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))},
    {
        "expires_at": datetime.fromisoformat("0001-01-01"),
        "archived_at": datetime.fromisoformat("9999-12-31T23:59:59.999999"),
    },
    {"availability": Availability.PREORDER, "availability_date": Unparsed("soon")},
    {"images": ("a", "b", "a"), "variants": (Variant(), Variant(price=Decimal("NaN"), stock=Unparsed("")))},
]


@pytest.mark.parametrize("fields", ODD_VALUES)
async def test_odd_values_are_kept(stores: Stores, fields: dict[str, Any]) -> None:
    await store(stores.catalogue, [product("a", **fields)], source="feed")  # a document has no place for all of them
    stored = await stores.catalogue.get("a")
    for name, value in fields.items():
        kept = getattr(stored, name)
        assert str(kept) == str(value)
        assert type(kept) is type(value)
        if isinstance(value, datetime):
            assert (kept.tzinfo is None) == (value.tzinfo is None)


_texts = st.text(st.characters(), max_size=8)
_amounts = st.one_of(
    st.none(), st.decimals(allow_nan=False), st.builds(Unparsed, _texts, st.booleans()), st.just(Decimal("NaN"))
)
_naive = st.datetimes().map(lambda at: at.replace(fold=0))  # RFC 3339 cannot say which of two equal hours
_times = st.one_of(st.none(), _naive, _naive.map(lambda at: at.replace(tzinfo=UTC)), st.builds(Unparsed, _texts))
_products = st.builds(
    Product,
    id=_texts,
    title=st.none() | _texts,
    sku=st.none() | _texts,
    gtin=st.none() | st.from_regex(r"[0-9' \-]{0,16}", fullmatch=True),
    slug=st.none() | _texts,
    category=st.none() | _texts,
    item_group_id=st.none() | _texts,
    price=_amounts,
    stock=_amounts,
    sale_end=_times,
    images=st.lists(_texts, max_size=2).map(tuple),
    variants=st.lists(st.builds(Variant, sku=st.none() | _texts, price=_amounts), max_size=2).map(tuple),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(page=st.lists(_products, min_size=1, max_size=5))
async def test_any_product_is_kept_and_a_second_import_changes_nothing(stores: Stores, page: list[Product]) -> None:
    rows = [Parsed(product=p) for p in page]
    await stores.catalogue.store_page("shop", rows, "1", NOW)
    last = {p.id: p for p in page}
    stored = await stores.catalogue.get_many([*last])
    assert set(stored) == set(last)
    bases = await stores.catalogue.source_versions([*last])
    assert {i: whole(replace(p, source="")) for i, p in bases.items()} == {i: whole(p) for i, p in last.items()}
    if len(last) == len(page):
        assert set((await stores.catalogue.store_page("shop", rows, "2", NOW)).unchanged) == set(last)
