"""Reading, changing and following products."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace

from daemon.errors import Conflict, InvalidInput, NotFound
from daemon.ports import Catalogue
from daemon.products.imports import ProductFilter
from daemon.products.product import Product, Status, Unparsed, Variant
from tests.contract.adapters import Stores
from tests.contract.makers import NOW, all_pages, later, product, store


@pytest.fixture
def catalogue(stores: Stores) -> Catalogue:
    return stores.catalogue


async def ids_changed(catalogue: Catalogue, since: str | None) -> list[str]:
    products, _ = await catalogue.changed(since, 100)
    return [p.id for p in products]


async def test_an_empty_catalogue_answers_everything(catalogue: Catalogue) -> None:
    assert await catalogue.count() == 0
    assert (await catalogue.find(ProductFilter(), 10)).items == ()
    assert [page async for page in catalogue.scan(10)] == []
    assert (await catalogue.changed(None, 10))[0] == []
    assert await catalogue.get_many(["a"]) == {}
    assert await catalogue.document("a") is None
    assert await catalogue.sources() == {}
    assert [pair async for pair in catalogue.diverged(None)] == []


async def test_an_unknown_product_is_not_found(catalogue: Catalogue) -> None:
    with pytest.raises(NotFound, match="'ghost'"):
        await catalogue.get("ghost")
    with pytest.raises(NotFound):
        await catalogue.replace(product("ghost"), product("ghost"), actor="me", now=NOW)


async def test_a_replaced_product_has_the_next_revision_and_an_edit_record(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", title="old", price=Decimal("1.50"))])
    read = await catalogue.get("a")
    after = await catalogue.replace(read, replace(read, title="new"), actor="ann", now=later(hours=1))
    assert after == replace(read, title="new", revision=read.revision + 1)
    assert await catalogue.get("a") == after
    (record,) = (await catalogue.edits("a", 10)).items
    assert (record.actor, record.revision, record.at) == ("ann", after.revision, later(hours=1))
    assert record.changes == {"title": ('"old"', '"new"')}


async def test_replacing_what_somebody_else_changed_is_a_conflict_and_changes_nothing(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", title="old")])
    read = await catalogue.get("a")
    theirs = await catalogue.replace(read, replace(read, title="theirs"), actor="bob", now=NOW)
    mark = await catalogue.mark()
    with pytest.raises(Conflict):
        await catalogue.replace(read, replace(read, title="mine"), actor="ann", now=NOW)
    assert await catalogue.get("a") == theirs
    assert await ids_changed(catalogue, mark) == []


async def test_eight_tasks_that_read_and_write_lose_no_update(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", stock=Decimal(0))])

    async def add_one() -> None:
        while True:
            read = await catalogue.get("a")
            assert isinstance(read.stock, Decimal)
            try:
                await catalogue.replace(read, replace(read, stock=read.stock + 1), actor="task", now=NOW)
            except Conflict:
                await asyncio.sleep(0)
                continue
            return

    async def add_twenty() -> None:
        for _ in range(20):
            await add_one()

    await asyncio.gather(*(add_twenty() for _ in range(8)))
    assert (await catalogue.get("a")).stock == 160
    assert len(await all_pages(lambda cursor: catalogue.edits("a", 50, cursor))) == 160


async def test_sold_out_since_is_kept_by_the_catalogue(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", stock=Decimal(3))])
    read = await catalogue.get("a")
    gone = await catalogue.replace(read, replace(read, stock=Decimal(0)), actor="ann", now=later(hours=1))
    assert gone.soldout_since == later(hours=1)
    renamed = await catalogue.replace(gone, replace(gone, title="x"), actor="ann", now=later(hours=2))
    assert renamed.soldout_since == later(hours=1)
    back = await catalogue.replace(renamed, replace(renamed, stock=Decimal(1)), actor="ann", now=later(hours=3))
    assert back.soldout_since is None


async def test_the_feed_tells_each_change_once_in_order_and_goes_on_from_a_mark(catalogue: Catalogue) -> None:
    await store(catalogue, [product(i) for i in "abcde"])
    first, mark = await catalogue.changed(None, 2)
    second, mark = await catalogue.changed(mark, 2)
    read = await catalogue.get("a")
    await catalogue.replace(read, replace(read, title="x"), actor="ann", now=NOW)
    third, mark = await catalogue.changed(mark, 2)
    fourth, end = await catalogue.changed(mark, 2)
    assert [p.id for p in (*first, *second, *third, *fourth)] == ["a", "b", "c", "d", "e", "a"]
    assert (await catalogue.changed(end, 2)) == ([], end)
    assert end == await catalogue.mark()


@pytest.mark.parametrize("mark", ["", "nonsense", "other-feed:3", ":", "9"])
async def test_a_mark_of_another_feed_starts_from_the_beginning(catalogue: Catalogue, mark: str) -> None:
    await store(catalogue, [product("a")])
    assert await ids_changed(catalogue, mark) == ["a"]


async def test_a_mark_from_before_an_empty_answer_is_still_good(catalogue: Catalogue) -> None:
    empty = await catalogue.mark()
    await store(catalogue, [product("a")])
    assert await ids_changed(catalogue, empty) == ["a"]


@pytest.mark.parametrize(
    ("key", "other"),
    [
        ({"sku": "A-1"}, {"sku": " a-1 "}),
        ({"gtin": "4006381333931"}, {"gtin": "04006381333931"}),
        ({"slug": "/Lamp/"}, {"slug": "lamp"}),
        ({"sku": "A-1"}, {"variants": (Variant(sku="a-1"),)}),
    ],
)
async def test_a_change_moves_those_that_share_a_key(
    catalogue: Catalogue, key: dict[str, object], other: dict[str, object]
) -> None:
    await store(catalogue, [product("a", **key), product("b", **other), product("c")])
    mark, revision = await catalogue.mark(), (await catalogue.get("b")).revision
    read = await catalogue.get("a")
    await catalogue.replace(read, replace(read, title="x"), actor="ann", now=NOW)
    assert sorted(await ids_changed(catalogue, mark)) == ["a", "b"]
    assert (await catalogue.get("b")).revision == revision


async def test_giving_a_key_up_moves_those_that_keep_it(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", sku="X"), product("b", sku="X")])
    mark = await catalogue.mark()
    read = await catalogue.get("a")
    await catalogue.replace(read, replace(read, sku="Y"), actor="ann", now=NOW)
    assert sorted(await ids_changed(catalogue, mark)) == ["a", "b"]


async def test_a_change_moves_the_members_of_its_group(catalogue: Catalogue) -> None:
    await store(catalogue, [product("parent"), product("child", item_group_id="parent"), product("stranger")])
    mark = await catalogue.mark()
    read = await catalogue.get("parent")
    await catalogue.replace(read, replace(read, status=Status.ARCHIVED), actor="ann", now=NOW)
    assert sorted(await ids_changed(catalogue, mark)) == ["child", "parent"]


async def test_an_import_moves_those_that_share_a_key(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", sku="X")])
    mark = await catalogue.mark()
    await store(catalogue, [product("b", sku="x"), product("c", sku="x")])
    assert sorted(await ids_changed(catalogue, mark)) == ["a", "b", "c"]


async def test_holders_are_products_and_variants_that_are_not_archived(catalogue: Catalogue) -> None:
    await store(
        catalogue,
        [
            product("a", sku="X", item_group_id="g"),
            product("b", variants=(Variant(sku="x"), Variant(sku="X "), Variant(sku="y"))),
            product("c", sku="x", status=Status.ARCHIVED),
            product("d", sku="x", status=Unparsed("archived?")),
        ],
    )
    held = await catalogue.holders("sku", ["x", "y", "nobody's"])
    assert {key: [tuple(holder) for holder in holders] for key, holders in held.items()} == {
        "x": [("a", "g"), ("b", None), ("d", None)],
        "y": [("b", None)],
    }
    assert await catalogue.holders("gtin", ["x"]) == {}
    read = await catalogue.get("a")
    await catalogue.replace(read, replace(read, item_group_id="h"), actor="ann", now=NOW)
    assert (await catalogue.holders("sku", ["x"]))["x"][0].group == "h"
    archived = await catalogue.get("b")
    await catalogue.replace(archived, replace(archived, status=Status.ARCHIVED), actor="ann", now=NOW)
    assert [h.product_id for h in (await catalogue.holders("sku", ["x"]))["x"]] == ["a", "d"]


async def test_statuses_are_words_of_ours_or_of_the_source(catalogue: Catalogue) -> None:
    await store(catalogue, [product("a", status=Status.DRAFT), product("b", status=Unparsed("on ice"))])
    assert await catalogue.statuses(["a", "b", "ghost"]) == {"a": "draft", "b": "on ice"}


FILTERED = [
    product(
        "a", sku="S-1", gtin="4006381333931", category="lamps", brand="Ö", title="Große Lampe", status=Status.DRAFT
    ),
    product("b", category="lamps", brand="ö", title="台灯 小"),
    product(
        "c", category="chairs", title="100% wool_seat", variants=(Variant(sku="s-1"), Variant(gtin="40063813339 31"))
    ),
    product("d", status=Unparsed("on ice"), title="x' OR 1=1 --"),
]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (ProductFilter(), "abcd"),
        (ProductFilter(status=Status.DRAFT), "a"),
        (ProductFilter(status=Status.LISTED), "bc"),
        (ProductFilter(source="shop"), "abcd"),
        (ProductFilter(source="other"), ""),
        (ProductFilter(category="lamps"), "ab"),
        (ProductFilter(category="lamps", status=Status.LISTED), "b"),
        (ProductFilter(brand="Ö"), "a"),
        (ProductFilter(sku="s-1"), "ac"),
        (ProductFilter(gtin="04006381333931"), "ac"),
        (ProductFilter(gtin="1"), ""),
        (ProductFilter(sku="--"), ""),
        (ProductFilter(text="GROSSE"), "a"),
        (ProductFilter(text="台灯"), "b"),
        (ProductFilter(text="0% w"), "c"),
        (ProductFilter(text="l_s"), "c"),
        (ProductFilter(text="' or 1=1 --"), "d"),
        (ProductFilter(text="%"), "c"),
        (ProductFilter(missing=False), "abcd"),
        (ProductFilter(missing=True), ""),
    ],
)
async def test_filters_find_and_count_the_same(catalogue: Catalogue, where: ProductFilter, expected: str) -> None:
    await store(catalogue, FILTERED)
    for size in (1, 2, 100):
        found = await all_pages(lambda cursor, size=size: catalogue.find(where, size, cursor))
        assert [p.id for p in found] == list(expected)
    assert await catalogue.count(where) == len(expected)


async def test_pages_are_complete_and_stable_under_writes(catalogue: Catalogue) -> None:
    await store(catalogue, [product(f"{n:03}") for n in range(0, 100, 2)])
    seen: list[str] = []
    cursor = None
    for step in range(100):
        page = await catalogue.find(ProductFilter(), 7, cursor)
        seen += [p.id for p in page.items]
        await store(catalogue, [product(f"{step * 7 + 1:03}")], run=f"later-{step}")
        read = await catalogue.get(seen[0])
        await catalogue.replace(read, replace(read, title=str(step)), actor="ann", now=NOW)
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == sorted(set(seen))
    assert {f"{n:03}" for n in range(0, 100, 2)} <= set(seen)


async def test_a_scan_is_complete_and_stable_under_writes(catalogue: Catalogue) -> None:
    await store(catalogue, [product(f"{n:03}") for n in range(50)])
    seen: list[str] = []
    async for page in catalogue.scan(8):
        assert len(page) <= 8
        seen += [p.id for p in page]
        read = await catalogue.get("000")
        await catalogue.replace(read, replace(read, title=seen[-1]), actor="ann", now=NOW)
    assert seen == [f"{n:03}" for n in range(50)]


@pytest.mark.parametrize("cursor", ["nonsense", "AAAA", "WyJlZGl0cyIsM10", "é", "WyJwcm9kdWN0cyIsM10"])
async def test_a_cursor_that_is_none_is_invalid_input(catalogue: Catalogue, cursor: str) -> None:
    await store(catalogue, [product("a")])
    with pytest.raises(InvalidInput):
        await catalogue.find(ProductFilter(), 10, cursor)


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_below_one_is_invalid_input(catalogue: Catalogue, limit: int) -> None:
    with pytest.raises(InvalidInput):
        await catalogue.find(ProductFilter(), limit)


async def test_many_products_are_got_at_once(catalogue: Catalogue) -> None:
    await store(catalogue, [product(str(n)) for n in range(2000)])
    found: dict[str, Product] = await catalogue.get_many([str(n) for n in range(0, 4000, 2)])
    assert sorted(found, key=int) == [str(n) for n in range(0, 2000, 2)]
    assert all(p.id == product_id for product_id, p in found.items())
