"""What the API reads of a shop's own database: lists from the mirror of it, one product as its document is now."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.house import product
from tests.mongo_server import Shop
from tests.unit.handlers.http.shop_api import eventually, shop_api


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["a", "b", "c"]),
        ("status=draft", ["c"]),
        ("status=listed", ["a", "b"]),
        ("brand=Ming", ["b"]),
        ("category=tea", ["a"]),
        ("sku=x-1", ["a"]),
        ("gtin=0036000291452", ["b"]),
        ("q=TEA%20B", ["b"]),
        ("missing=true", ["b"]),
        ("missing=false&source=shop", ["a", "c"]),
        ("source=other", []),
        ("status=listed&missing=false&q=a", ["a"]),
    ],
)
async def test_documents_are_filtered_as_products(tmp_path: Path, mongo: Shop, query: str, ids: list[str]) -> None:
    async with shop_api(tmp_path, mongo) as shop:
        await shop.plant(
            product("a", sku="X-1", category="tea"), product("b", brand="Ming", gtin="036000291452"), product("c")
        )
        shop.edit("c", state="draft")
        mongo.products.delete_one({"_id": "b"})
        await shop.read()
        found = (await shop.get(f"/products?{query}")).json["items"]
    assert [item["id"] for item in found] == ids
    assert {item["source"] for item in found} <= {"shop"}


async def test_documents_are_listed_in_pages(tmp_path: Path, mongo: Shop) -> None:
    async with shop_api(tmp_path, mongo, page_size=2) as shop:
        await shop.plant(*(product(f"p{n}") for n in range(5)))
        seen, cursor = [], ""
        while True:
            answer = (await shop.get(f"/products?limit=2{cursor}")).json
            seen += [item["id"] for item in answer["items"]]
            if answer["next_cursor"] is None:
                break
            cursor = f"&cursor={answer['next_cursor']}"
    assert seen == ["p0", "p1", "p2", "p3", "p4"]


async def test_one_product_is_as_its_document_is_now(tmp_path: Path, mongo: Shop) -> None:
    async with shop_api(tmp_path, mongo) as shop:
        await shop.plant(product("a"))
        first = await shop.get("/products/a")
        assert (first.status, first.headers["ETag"], first.json["price"]) == (200, '"1"', "10")
        shop.edit("a", price=12.5)
        again = await shop.get("/products/a")
        assert (again.headers["ETag"], again.json["price"]) == ('"2"', "12.5")
        mongo.products.insert_one({"_id": "new", "title": "New tea", "price": "7.10"})
        new = await shop.get("/products/new")
        assert (new.status, new.json["price"], new.json["status"]) == (200, "7.10", "listed")
        history = (await shop.get("/products/a/history")).json["edits"]
    assert history[0]["changes"]["price"] == ['"10"', '"12.5"']
    assert history[0]["actor"] == "source:shop"


async def test_a_product_whose_document_is_gone_says_since_when(tmp_path: Path, mongo: Shop) -> None:
    async with shop_api(tmp_path, mongo) as shop:
        await shop.plant(product("a"))
        assert (await shop.get("/products/a")).json["missing_since"] is None
        mongo.products.delete_one({"_id": "a"})
        assert (await shop.get("/products/a")).json["missing_since"] is not None


@pytest.mark.parametrize("name", ["nobody", "507f1f77bcf86cd799439011", "a%2Fb", "%24ne", "a%00b"])
async def test_what_is_not_there_is_404(tmp_path: Path, mongo: Shop, name: str) -> None:
    async with shop_api(tmp_path, mongo) as shop:
        await shop.plant(product("a"))
        assert (await shop.get(f"/products/{name}")).status in {404} | ({400} if "%00" in name else set())


async def test_while_mongodb_is_away_products_are_read_as_they_last_were(tmp_path: Path, mortal_mongo: Shop) -> None:
    assert mortal_mongo.server is not None
    async with shop_api(tmp_path, mortal_mongo, timeout="500ms") as shop:
        await shop.plant(product("a"), product("b"))
        await asyncio.to_thread(mortal_mongo.server.kill)
        one = await shop.get("/products/a")
        assert (one.status, one.json["price"]) == (200, "10")
        assert len((await shop.get("/products?status=listed")).json["items"]) == 2
        assert (await shop.get("/products/nobody")).status == 404
        assert (await shop.get("/products/a/history")).status == 200


async def test_readyz_stays_ready_without_the_shop_and_tells_of_it(tmp_path: Path, mortal_mongo: Shop) -> None:
    assert mortal_mongo.server is not None
    async with shop_api(tmp_path, mortal_mongo, timeout="500ms") as shop:
        await shop.plant(product("a"))
        ready = await shop.service.ask("GET", "/readyz", who=None)
        assert (ready.status, ready.json["catalogue"]["connected"]) == (200, True)
        assert (ready.json["catalogue"]["documents"], ready.json["catalogue"]["problem"]) == (1, "")

        await asyncio.to_thread(mortal_mongo.server.kill)
        following = asyncio.create_task(shop.catalogue.follow(lambda: None))
        ready = await eventually(
            lambda: shop.service.ask("GET", "/readyz", who=None), lambda one: not one.json["catalogue"]["connected"]
        )
        following.cancel()
        assert (ready.status, ready.json["ready"], ready.json["catalogue"]["connected"]) == (200, True, False)
        assert ready.json["catalogue"]["problem"].startswith("MongoDB: ")
        assert ready.json["catalogue"]["documents"] == 1
        (source,) = (await shop.get("/sources")).json["items"]
        assert source["state"]["error"] == ready.json["catalogue"]["problem"]


async def test_the_shop_is_the_first_of_the_sources_even_before_it_was_read(tmp_path: Path, mongo: Shop) -> None:
    async with shop_api(tmp_path, mongo) as shop:
        (source,) = (await shop.get("/sources")).json["items"]
        assert (source["name"], source["configured"], source["state"]) == ("shop", True, None)
        assert (source["format"], source["location"], source["interval_s"]) == ("mongodb", "products", 300)
        await shop.plant(product("a"))
        sent = {"data": b'[{"id": "z", "title": "Tea"}]', "headers": {"Content-Type": "application/json"}}
        assert (await shop.service.post("/products:import?source=another&partial=false", **sent)).status == 200
        first, second = (await shop.get("/sources")).json["items"]
        assert (first["name"], first["state"]["products"], second["name"]) == ("shop", 1, "another")


async def test_nobody_imports_under_the_name_of_the_shop(tmp_path: Path, mongo: Shop) -> None:
    """Its documents would be taken for products that the file no longer names."""
    async with shop_api(tmp_path, mongo) as shop:
        await shop.plant(product("a"))
        sent = {"data": b'[{"id": "a", "title": "Not yours"}]', "headers": {"Content-Type": "application/json"}}
        for query in ("source=shop&partial=false", "source=shop"):
            answer = await shop.service.post(f"/products:import?{query}", **sent)
            assert (answer.status, "is the shop itself" in answer.json["detail"]) == (422, True)
        kept = (await shop.get("/products/a")).json
        assert (kept["title"], kept["missing_since"], kept["revision"]) == ("Tea a", None, 1)


async def test_metrics_tell_of_the_shop(tmp_path: Path, mongo: Shop) -> None:
    async with shop_api(tmp_path, mongo) as shop:
        await shop.plant(product("a"), product("b"))
        seen = (await shop.get("/products/a")).json["revision"]
        shop.edit("a", price=11)
        await shop.patch("a", {"price": "12"}, seen)
        mongo.products.insert_one({"_id": "odd", "title": {"not": "a title"}, "price": [[]], "state": 5})
        await shop.read()
        text = (await shop.service.ask("GET", "/metrics", who=None)).raw.decode()
    shown = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("zhiban_catalogue_"))
    figures = {name.removeprefix("zhiban_catalogue_"): float(value) for name, value in shown.items()}
    assert figures.pop("read_duration_seconds") >= 0
    assert figures.pop("last_read_timestamp_seconds") == shop.catalogue.clock.now().timestamp()
    assert figures.pop("changes_total") >= 1
    assert figures == {
        "connected": 1, "live": 0, "documents": 3, "rejected_documents": 0, "conflicts_total": 0,
        "unsettled_changes": 0,
    }  # fmt: skip
