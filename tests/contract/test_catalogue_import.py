"""Pages of imports: the three-way merge, what a source last said, what it no longer names."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from daemon.ports import Catalogue, ImportedPage
from daemon.products.imports import Parsed, ProductFilter, SourceState
from daemon.products.product import Product, Status, Unparsed
from tests.contract.adapters import Stores
from tests.contract.makers import NOW, all_pages, later, product, store


@pytest.fixture
def catalogue(stores: Stores) -> Catalogue:
    return stores.catalogue


async def take(catalogue: Catalogue, *products: Product, run: str = "run-1", source: str = "shop") -> ImportedPage:
    return await catalogue.store_page(source, [Parsed(product=p) for p in products], run, NOW)


async def test_new_changed_and_unchanged_rows_are_told_apart(catalogue: Catalogue) -> None:
    assert await take(catalogue, product("a", title="x"), product("b")) == ImportedPage(created=("a", "b"))
    stored = await catalogue.get("a")
    assert (stored.source, stored.revision) == ("shop", 1)
    mark = await catalogue.mark()
    again = await take(catalogue, product("a", title="y"), product("b"), product("c"), run="run-2")
    assert again == ImportedPage(created=("c",), updated=("a",), unchanged=("b",))
    assert (await catalogue.get("a")).revision == 2
    assert [p.id for p in (await catalogue.changed(mark, 10))[0]] == ["a", "c"]
    (record,) = (await catalogue.edits("a", 10)).items
    assert (record.actor, record.changes) == ("source:shop", {"title": ('"x"', '"y"')})


async def test_a_second_import_of_the_same_file_changes_nothing(catalogue: Catalogue) -> None:
    rows = [
        product("a", price=Decimal("NaN"), sale_price=Unparsed("1.234", ambiguous=True)),
        product("b", price=Decimal("1.10"), stock=Decimal(0)),
    ]
    await take(catalogue, *rows)
    before, mark = [await catalogue.get(i) for i in "ab"], await catalogue.mark()
    assert await take(catalogue, *rows, run="run-2") == ImportedPage(unchanged=("a", "b"))
    assert repr([await catalogue.get(i) for i in "ab"]) == repr(before)
    assert await catalogue.mark() == mark


async def test_an_edit_of_ours_stays_until_the_source_itself_changes_that_field(catalogue: Catalogue) -> None:
    await take(catalogue, product("a", title="t", status=Status.LISTED))
    read = await catalogue.get("a")
    await catalogue.replace(read, replace(read, status=Status.UNLISTED), actor="remedy:r", now=NOW)
    assert await take(catalogue, product("a", title="t"), run="2") == ImportedPage(unchanged=("a",))
    await take(catalogue, product("a", title="new"), run="3")
    assert (await catalogue.get("a")).status is Status.UNLISTED
    assert (await catalogue.get("a")).title == "new"
    await take(catalogue, product("a", title="new", status=Status.ARCHIVED), run="4")
    assert (await catalogue.get("a")).status is Status.ARCHIVED


async def test_the_sources_own_version_is_kept_beside_ours(catalogue: Catalogue) -> None:
    await take(catalogue, product("a", title="theirs"), product("b"))
    read = await catalogue.get("a")
    await catalogue.replace(read, replace(read, title="ours"), actor="ann", now=NOW)
    assert (await catalogue.source_versions(["a", "ghost"])) == {"a": product("a", title="theirs", source="shop")}


async def test_rows_of_another_source_are_left_alone(catalogue: Catalogue) -> None:
    await take(catalogue, product("a", title="x"))
    taken = await take(catalogue, product("a", title="y"), product("b"), source="other")
    assert taken == ImportedPage(created=("b",), foreign=("a",))
    assert ((await catalogue.get("a")).title, (await catalogue.get("a")).source) == ("x", "shop")
    assert await catalogue.finish_import("other", "run-1", NOW) == 0


async def test_a_page_that_names_an_id_twice_keeps_the_later_row(catalogue: Catalogue) -> None:
    taken = await take(catalogue, product("a", title="1"), product("a", title="2"))
    assert taken == ImportedPage(created=("a",), updated=("a",))
    assert (await catalogue.get("a")).title == "2"
    await take(catalogue, product("a", title="3"), product("a", title="2"), run="2")
    assert (await catalogue.get("a")).title == "2"
    assert (await catalogue.source_versions(["a"]))["a"].title == "2"


async def test_what_an_import_does_not_name_is_missing_until_it_is_named_again(catalogue: Catalogue) -> None:
    await take(catalogue, *(product(i) for i in "abc"))
    await store(catalogue, [product("z")], source="other", run="o")
    assert await catalogue.finish_import("shop", "run-1", NOW) == 0
    await take(catalogue, product("b"), run="run-2")
    mark = await catalogue.mark()
    assert await catalogue.finish_import("shop", "run-2", later(hours=1)) == 2
    assert await catalogue.finish_import("shop", "run-2", later(hours=2)) == 0
    missing = await all_pages(lambda cursor: catalogue.find(ProductFilter(missing=True), 1, cursor))
    assert [(p.id, p.missing_since, p.revision) for p in missing] == [
        ("a", later(hours=1), 2),
        ("c", later(hours=1), 2),
    ]
    assert sorted(p.id for p in (await catalogue.changed(mark, 10))[0]) == ["a", "c"]
    assert await take(catalogue, product("a"), product("b"), run="run-3") == ImportedPage(
        updated=("a",), unchanged=("b",)
    )
    assert (await catalogue.get("a")).missing_since is None


async def test_a_thousand_products_go_missing_at_once(catalogue: Catalogue) -> None:
    await take(catalogue, *(product(f"{n:04}") for n in range(1200)))
    assert await catalogue.finish_import("shop", "run-2", NOW) == 1200
    assert await catalogue.count(ProductFilter(missing=True)) == 1200


async def test_documents_are_kept_as_they_came(catalogue: Catalogue) -> None:
    row = {"Title": "Lamp", "Tags": ["a", None], "Stock": 3, "Note": "'=1+1"}
    await catalogue.store_page("shop", [Parsed(product=product("a"), document=row)], "1", NOW)
    assert await catalogue.document("a") == row
    changed = {**row, "Column of no field": "new"}
    taken = await catalogue.store_page("shop", [Parsed(product=product("a"), document=changed)], "2", NOW)
    assert taken == ImportedPage(unchanged=("a",))
    assert await catalogue.document("a") == changed


async def test_products_whose_status_is_not_the_sources_are_told(catalogue: Catalogue) -> None:
    await take(catalogue, *(product(i) for i in "abc"))
    await store(catalogue, [product("z")], source="other", run="o")
    for product_id in "caz":
        read = await catalogue.get(product_id)
        await catalogue.replace(read, replace(read, status=Status.REVIEW), actor="ann", now=NOW)
    pairs = [(base.id, base.status, stored.status) async for base, stored in catalogue.diverged(None)]
    assert pairs == [(i, Status.LISTED, Status.REVIEW) for i in "acz"]
    assert [stored.id async for _, stored in catalogue.diverged("other")] == ["z"]


async def test_the_state_of_sources_is_remembered(catalogue: Catalogue) -> None:
    state = SourceState(name="shop", fields=frozenset({"id", "title"}), etag='"x"', read_at=NOW, products=3)
    await catalogue.save_source(state)
    await catalogue.save_source(SourceState(name="other"))
    await catalogue.save_source(replace(state, products=4, error="late"))
    assert await catalogue.sources() == {
        "shop": replace(state, products=4, error="late"),
        "other": SourceState(name="other"),
    }
