"""What the API changes in a shop's own database: against what the caller saw, and never over a person's word."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from daemon.products.passes import PassKind
from daemon.products.remedies import Remedy, RemedyMode
from daemon.services import passes
from tests.house import product, rules
from tests.mongo_server import Shop
from tests.unit.handlers.http.shop_api import UNTOUCHED, ShopApi, eventually, served, shop_api


async def test_a_correction_is_written_into_the_document_and_nothing_else_is(tmp_path: Path, mongo: Shop) -> None:
    async with shop_api(tmp_path, mongo) as shop:
        await shop.plant(product("a"), state="published", price="10.00 ", colour=None)
        before = shop.document("a")
        seen = (await shop.get("/products/a")).json["revision"]
        answer = await shop.patch("a", {"price": "12.50", "brand": "Ming"}, seen)
        assert (answer.status, answer.headers["ETag"]) == (200, f'"{seen + 1}"')
        assert (answer.json["price"], answer.json["brand"]) == ("12.50", "Ming")
        assert shop.document("a") == before | {"price": "12.50 ", "brand": "Ming"} | UNTOUCHED
        edit = (await shop.get("/products/a/history")).json["edits"][0]
        assert set(edit["changes"]) == {"price", "brand"}
        assert not edit["actor"].startswith(("source:", "remedy:"))


async def test_a_status_is_written_in_the_words_of_the_shop(tmp_path: Path, mongo: Shop) -> None:
    async with shop_api(tmp_path, mongo) as shop:
        await shop.plant(product("a"), state="published")
        answer = await shop.patch("a/status", {"status": "unlisted"}, await seen(shop))
        assert (answer.status, answer.json["status"], shop.document("a")["state"]) == (200, "unlisted", "draft")
        assert (await shop.get("/products/a")).json["status"] == "unlisted"
        again = await shop.patch("a/status", {"status": "listed"}, answer.json["revision"])
        assert (again.status, shop.document("a")["state"]) == (200, "published")


@pytest.mark.parametrize("read", [True, False])
async def test_who_saw_what_a_person_has_changed_since_is_refused(tmp_path: Path, mongo: Shop, read: bool) -> None:
    async with shop_api(tmp_path, mongo) as shop:
        await shop.plant(product("a"), state="published")
        revision = await seen(shop)
        shop.edit("a", price=99)
        if read:
            await shop.read()
        for path, sent in (("a", {"price": "12.50"}), ("a/status", {"status": "unlisted"})):
            answer = await shop.patch(path, sent, revision)
            assert (answer.status, answer.json["type"]) == (412, "urn:zhiban:problem:precondition-failed")
        assert (shop.document("a")["price"], shop.document("a")["state"]) == (99, "published")
        assert (await shop.patch("a", {"price": "12.50"}, None)).status == 428
        assert (await shop.patch("a", {"price": "12.50"}, await seen(shop))).status == 200


@pytest.mark.parametrize(
    ("edit", "status"), [({"price": 99}, 412), ({"state": "archived"}, 412), ({"supplier": {"id": 8}}, 200)]
)
async def test_a_person_who_is_faster_between_reading_and_writing_wins(
    tmp_path: Path, mongo: Shop, edit: dict[str, Any], status: int
) -> None:
    async with shop_api(tmp_path, mongo) as shop:
        await shop.plant(product("a"), state="published")
        let_edit_before_writing(shop, edit)
        answer = await shop.patch("a", {"brand": "Ming"}, await seen(shop))
        assert answer.status == status
        assert shop.document("a").items() >= edit.items()
        assert ("brand" in shop.document("a")) is (status == 200)
        assert await shop.catalogue.unsettled() == 0
        text = (await shop.service.ask("GET", "/metrics", who=None)).raw.decode()
        assert f"zhiban_catalogue_conflicts_total {float(status == 412)}" in text


def let_edit_before_writing(shop: ShopApi, edit: dict[str, Any]) -> None:
    write = shop.catalogue._collection.update

    async def later(*args: Any) -> Any:
        shop.edit("a", **edit)
        return await write(*args)

    shop.catalogue._collection.update = later  # type: ignore[assignment,method-assign]


@pytest.mark.parametrize(
    ("planted", "sent", "field", "reason"),
    [
        ({}, {"status": "unlisted"}, "status", "no field in the document says it"),
        ({"state": "in Arbeit"}, {"status": "unlisted"}, "status", "[mongodb.statuses]"),
        ({"state": "published"}, {"status": "out_of_stock"}, "status", "[mongodb.statuses]"),
        ({"image": {"public_id": "x", "secure_url": "https://a.example/1.jpg"}},
         {"images": ["https://a.example/2.jpg"]}, "images", "uploaded in the shop"),
        ({"category": [1, 2]}, {"category": "tea"}, "category", "refers to another document"),
        ({"brand": {"name": "Ming"}}, {"brand": "Tang"}, "brand", "in [mongodb.map]"),
        ({"variants": [{"sku": "S", "price": 1}]}, {"price": "3", "expires_at": "2027-01-01T00:00:00Z"},
         "expires_at", "no path"),
    ],
)  # fmt: skip
async def test_a_change_that_has_no_place_in_the_document_is_422_and_changes_nothing(
    tmp_path: Path, mongo: Shop, planted: dict[str, Any], sent: dict[str, Any], field: str, reason: str
) -> None:
    async with shop_api(tmp_path, mongo) as shop:
        await shop.plant(product("a"))
        mongo.products.update_one({"_id": "a"}, {"$unset": {"state": ""}})
        shop.edit("a", **planted)
        before, revision = shop.document("a"), await seen(shop)
        answer = await shop.patch("a", sent, revision)
        assert answer.status == 422
        assert field in [error["field"] for error in answer.json["errors"]]
        assert reason in answer.json["detail"]
        assert shop.document("a") == before
        assert await seen(shop) == revision
        assert await shop.catalogue.unsettled() == 0


async def test_nobody_changes_what_is_not_there(tmp_path: Path, mongo: Shop) -> None:
    async with shop_api(tmp_path, mongo) as shop:
        await shop.plant(product("a"))
        assert (await shop.patch("nobody", {"price": "1"})).status == 404
        revision = await seen(shop)
        mongo.products.delete_one({"_id": "a"})
        assert (await shop.patch("a", {"price": "1"}, revision)).status == 412
        gone = (await shop.get("/products/a")).json["revision"]
        assert (await shop.patch("a", {"price": "1"}, gone)).status == 404
        assert mongo.products.count_documents({}) == 0


async def test_while_mongodb_is_away_a_change_is_503_and_can_be_made_afterwards(
    tmp_path: Path, mortal_mongo: Shop
) -> None:
    server = mortal_mongo.server
    assert server is not None
    async with shop_api(tmp_path, mortal_mongo, timeout="500ms") as shop:
        await shop.plant(product("a"), state="published")
        revision = await seen(shop)
        await asyncio.to_thread(server.kill)
        for path, sent in (("a", {"price": "12.50"}), ("a/status", {"status": "unlisted"})):
            answer = await shop.patch(path, sent, revision)
            assert (answer.status, answer.json["type"]) == (503, "urn:zhiban:problem:unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        assert "product:a" not in [entry["target"] for entry in (await shop.get("/audit")).json["items"]]
        await asyncio.to_thread(server.start)
        answer = await eventually(lambda: shop.patch("a", {"price": "12.50"}, revision), served)
        assert (answer.status, shop.document("a")["price"]) == (200, 12.5)


async def test_a_change_of_which_no_word_came_back_is_503_until_it_is_known(tmp_path: Path, mongo: Shop) -> None:
    if mongo.server is None:
        pytest.skip("needs a server of our own, whose answers can be held back")
    async with shop_api(tmp_path, mongo, timeout="400ms") as shop:
        await shop.plant(product("a"), state="published")
        revision = await seen(shop)
        await asyncio.to_thread(mongo.server.fail, ["findAndModify"], times=1, blockConnection=True, blockTimeMS=1500)
        answer = await shop.patch("a/status", {"status": "unlisted"}, revision)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert await shop.catalogue.unsettled() == 1
        assert (await shop.get("/products/a/history")).status in {200, 503}
        (entry, *_) = (await shop.get("/audit")).json["items"]
        assert (entry["action"], entry["target"]) == ("product.status_set", "product:a")
        assert entry["detail"] == {"outcome": "unknown"}

        now = (await eventually(lambda: shop.get("/products/a"), lambda one: one.json["status"] != "listed")).json
        assert shop.document("a")["state"] == "draft"
        assert (now["status"], now["revision"]) == ("unlisted", revision + 1)
        assert await shop.catalogue.unsettled() == 0
        edits = (await shop.get("/products/a/history")).json["edits"]
        assert [set(edit["changes"]) for edit in edits if not edit["actor"].startswith("source:")] == [{"status"}]
        assert (await shop.patch("a/status", {"status": "unlisted"}, revision)).status == 412


async def seen(shop: ShopApi, name: str = "a") -> int:
    revision: int = (await shop.get(f"/products/{name}")).json["revision"]
    return revision


async def in_remedy(shop: ShopApi) -> str:
    """Let a rule take a product without a price off the shelf; return the remedy."""
    await shop.plant(product("a", None), state="published")
    await passes.run_pass(shop.service.home.duty, PassKind.FULL)
    assert shop.document("a")["state"] == "draft"
    held: Remedy = (await shop.service.home.duty.ports.incidents.find_remedies((), 10)).items[0]
    return held.id


async def test_a_remedy_in_the_shop_is_undone_over_http_and_the_rule_leaves_it_alone(
    tmp_path: Path, mongo: Shop
) -> None:
    async with shop_api(tmp_path, mongo, rules(RemedyMode.ON)) as shop:
        remedy = await in_remedy(shop)
        answer = await shop.service.post(f"/remedies/{remedy}/undo", who="operator")
        assert (answer.status, answer.json["state"]) == (200, "undone")
        assert shop.document("a")["state"] == "published"
        assert (await shop.service.post(f"/remedies/{remedy}/undo", who="operator")).status == 409
        await passes.run_pass(shop.service.home.duty, PassKind.FULL)
        assert shop.document("a")["state"] == "published"


async def test_what_a_person_has_set_in_the_shop_since_is_not_undone(tmp_path: Path, mongo: Shop) -> None:
    async with shop_api(tmp_path, mongo, rules(RemedyMode.ON)) as shop:
        remedy = await in_remedy(shop)
        shop.edit("a", state="archived")
        assert (await shop.service.post(f"/remedies/{remedy}/undo", who="operator")).status == 409
        assert shop.document("a")["state"] == "archived"


async def test_an_undo_while_mongodb_is_away_is_503_and_can_be_made_afterwards(
    tmp_path: Path, mortal_mongo: Shop
) -> None:
    server = mortal_mongo.server
    assert server is not None
    async with shop_api(tmp_path, mortal_mongo, rules(RemedyMode.ON), timeout="500ms") as shop:
        remedy = await in_remedy(shop)
        await asyncio.to_thread(server.kill)
        answer = await shop.service.post(f"/remedies/{remedy}/undo", who="operator")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        await asyncio.to_thread(server.start)
        answer = await eventually(lambda: shop.service.post(f"/remedies/{remedy}/undo", who="operator"), served)
        assert (answer.status, shop.document("a")["state"]) == (200, "published")
