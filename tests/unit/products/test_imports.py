from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.products.imports import MERGED_FIELDS, merge, sold_out, with_soldout_since
from daemon.products.product import Product, Status, Unparsed, Variant

NOW = datetime(2026, 11, 25, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
NAN = Decimal("NaN")


def product(**fields: Any) -> Product:
    return Product(id="1", source="shop", **fields)


amounts = st.sampled_from([None, Decimal(0), Decimal(5), Decimal("9.90"), Unparsed("many"), NAN])
variants = st.lists(st.builds(Variant, sku=st.sampled_from(["a", "b"]), stock=amounts, price=amounts), max_size=2).map(
    tuple
)
versions = st.builds(
    product,
    title=st.sampled_from([None, "Tea", "Coffee"]),
    price=amounts,
    stock=amounts,
    status=st.sampled_from([Status.LISTED, Status.UNLISTED, Status.REVIEW, Unparsed("odd")]),
    images=st.sampled_from([(), ("https://a.example/1.jpg",)]),
    variants=variants,
)
stored = versions.map(lambda version: with_soldout_since(None, msgspec.structs.replace(version, revision=3), NOW))


def said(version: Product) -> str:
    """The version's fields as text, in which NaN equals itself."""
    return repr([getattr(version, name) for name in MERGED_FIELDS])


@given(base=versions, ours=stored)
def test_an_import_that_brings_nothing_new_changes_nothing(base: Product, ours: Product) -> None:
    merged = merge(base, base, ours, LATER)
    assert merged.product is ours
    assert merged.changed == ()


@given(base=versions, ours=stored)
def test_a_copy_read_anew_is_nothing_new_either(base: Product, ours: Product) -> None:
    copy = msgspec.json.decode(msgspec.json.encode(base), type=Product) if "NaN" not in repr(base) else base
    assert merge(copy, base, ours, LATER).product is ours


@given(base=versions, theirs=versions, ours=stored)
def test_each_field_is_theirs_where_the_source_changed_it_and_ours_everywhere_else(
    base: Product, theirs: Product, ours: Product
) -> None:
    merged = merge(base, theirs, ours, LATER).product
    for name in MERGED_FIELDS:
        before, now = repr(getattr(base, name)), repr(getattr(theirs, name))
        assert repr(getattr(merged, name)) == (repr(getattr(ours, name)) if before == now else now)
    assert (merged.id, merged.source) == (ours.id, ours.source)


@given(base=versions, theirs=versions, ours=stored)
def test_the_same_import_again_changes_nothing(base: Product, theirs: Product, ours: Product) -> None:
    once = merge(base, theirs, ours, LATER).product
    again = merge(theirs, theirs, once, LATER + timedelta(hours=1))
    assert again.product is once


@given(base=versions, theirs=versions, ours=stored)
def test_a_change_raises_the_revision_by_one_and_nothing_else_does(
    base: Product, theirs: Product, ours: Product
) -> None:
    merged = merge(base, theirs, ours, LATER)
    assert merged.product.revision == ours.revision + (1 if merged.changed else 0)
    assert (said(merged.product) != said(ours)) <= bool(merged.changed)


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("shop"), st.sampled_from([Status.LISTED, Status.UNLISTED, Status.DRAFT])),
            st.tuples(st.just("remedy"), st.sampled_from([Status.UNLISTED, Status.REVIEW, Status.OUT_OF_STOCK])),
            st.tuples(st.just("price"), st.sampled_from([Decimal(1), Decimal(2)])),
        ),
        max_size=12,
    )
)
def test_an_import_undoes_a_remedy_only_when_the_shop_itself_says_something_else(steps: list[tuple[str, Any]]) -> None:
    base = shop = product(status=Status.LISTED, price=Decimal(1))
    ours = merge(None, shop, None, NOW).product
    expected = ours.status
    for what, value in steps:
        if what == "remedy":
            ours = msgspec.structs.replace(ours, status=value, revision=ours.revision + 1)
            expected = value
            continue
        if what == "shop":
            expected = value if value != base.status else expected
            shop = msgspec.structs.replace(shop, status=value)
        else:
            shop = msgspec.structs.replace(shop, price=value)
        ours = merge(base, shop, ours, NOW).product
        base = shop
        assert ours.status == expected
        assert ours.price == shop.price


def test_a_first_import_keeps_everything_and_begins_at_revision_one() -> None:
    theirs = product(title="Tea", stock=Decimal(0))
    merged = merge(None, theirs, None, NOW)
    assert merged.product == msgspec.structs.replace(theirs, revision=1, soldout_since=NOW)
    assert set(merged.changed) == set(MERGED_FIELDS)


def test_a_product_that_comes_back_is_missing_no_longer() -> None:
    ours = product(title="Tea", missing_since=NOW, revision=4)
    merged = merge(product(title="Tea"), product(title="Tea"), ours, LATER)
    assert (merged.product.missing_since, merged.product.revision, merged.changed) == (None, 5, ())


def test_nan_that_comes_again_is_nothing_new() -> None:
    ours = product(price=NAN, variants=(Variant(price=NAN),), revision=1)
    again = product(price=Decimal("NaN"), variants=(Variant(price=Decimal("NaN")),))
    assert merge(product(price=NAN, variants=(Variant(price=NAN),)), again, ours, LATER).product is ours


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"stock": Decimal(0)}, True),
        ({"stock": Decimal(1)}, False),
        ({"stock": None}, False),
        ({"stock": Unparsed("0?")}, False),
        ({"stock": NAN}, False),
        ({"stock": Decimal(5), "variants": (Variant(stock=Decimal(0)), Variant(stock=Decimal(0)))}, True),
        ({"stock": Decimal(0), "variants": (Variant(stock=Decimal(0)), Variant(stock=Decimal(1)))}, False),
        ({"variants": (Variant(stock=Decimal(0)), Variant(stock=None))}, False),
    ],
)
def test_sold_out_is_known_zeros_everywhere(fields: dict[str, Any], expected: bool) -> None:
    assert sold_out(product(**fields)) is expected


def test_sold_out_counts_from_when_it_was_first_seen() -> None:
    empty, full = product(stock=Decimal(0)), product(stock=Decimal(3))
    first = with_soldout_since(None, empty, NOW)
    assert first.soldout_since == NOW
    assert with_soldout_since(first, empty, LATER).soldout_since == NOW
    assert with_soldout_since(first, full, LATER).soldout_since is None
    assert with_soldout_since(full, empty, LATER).soldout_since == LATER
