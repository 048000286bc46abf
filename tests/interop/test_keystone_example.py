"""docs/examples/keystone does what it shows: it calls a real daemon, and receives what that signs."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from tests.acceptance.asking import every, free_port, until
from tests.acceptance.daemon_process import DaemonProcess
from tests.interop.back_end import KEY, MODULES, TOKEN_SECRET, BackEnd, Between, Delivery, configuration
from tests.mongo_server import Shop


@pytest.fixture(scope="session")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed, which the back end of the example runs on")
    if not (MODULES / "express").is_dir():
        pytest.skip("express is not installed for the example: run `make interop`")
    return found


@pytest.fixture
async def back_end(node: str) -> AsyncIterator[BackEnd]:
    """The back end, not started."""
    shop = BackEnd(free_port(), node)
    try:
        yield shop
    finally:
        await shop.stop()


@pytest.fixture
async def receiver(back_end: BackEnd) -> BackEnd:
    """The back end with nobody to call: it receives."""
    await back_end.start("http://127.0.0.1:1", "none", keys=f"{KEY} another_key_while_they_change")
    return back_end


@pytest.fixture
async def house(mongo: Shop, tmp_path: Path, back_end: BackEnd) -> AsyncIterator[tuple[DaemonProcess, Between]]:
    """A daemon over three documents, and the back end that calls it through somebody between them."""
    mongo.products.insert_many(
        [
            {"_id": ObjectId(), "__v": 0, "title": name, "price": 5, "state": "published"}
            for name in ("tea", "pot", "cup")
        ]
    )
    environment = {TOKEN_SECRET: KEY}
    with DaemonProcess(tmp_path, configuration(mongo.uri, back_end.port), environment=environment) as daemon:
        await asyncio.to_thread(daemon.wait_event, "catalogue.read")
        between = Between(daemon.url)
        try:
            await back_end.start(await between.start(), (daemon.state / "token").read_text(encoding="utf-8").strip())
            yield daemon, between
        finally:
            await between.stop()


def document(mongo: Shop, title: str) -> dict[str, Any]:
    found = mongo.products.find_one({"title": title})
    assert found is not None
    return found


async def test_a_product_is_hidden_in_the_shop_and_the_back_end_hears_of_it(
    house: tuple[DaemonProcess, Between], mongo: Shop, back_end: BackEnd
) -> None:
    tea = str(document(mongo, "tea")["_id"])
    assert await back_end.ask("POST", f"/products/{tea}/hide") == (200, {"id": tea, "status": "unlisted"})
    assert document(mongo, "tea")["state"] == "draft"
    assert (await back_end.line(f"{tea} ")).startswith(f"{tea} listed -> unlisted (")
    assert await back_end.ask("GET", "/products/unlisted") == (200, [tea])


async def test_whoever_was_faster_is_not_overwritten_and_it_is_decided_again(
    house: tuple[DaemonProcess, Between], mongo: Shop, back_end: BackEnd
) -> None:
    pot, cup = str(document(mongo, "pot")["_id"]), str(document(mongo, "cup")["_id"])
    _, between = house
    between.first = lambda: mongo.products.update_one({"title": "pot"}, {"$set": {"price": 7}})
    assert await back_end.ask("POST", f"/products/{pot}/hide") == (200, {"id": pot, "status": "unlisted"})
    assert between.answers == [("GET", 200), ("PATCH", 412), ("GET", 200), ("PATCH", 200)]
    assert (document(mongo, "pot")["state"], document(mongo, "pot")["price"]) == ("draft", 7)

    between.answers.clear()
    between.first = lambda: mongo.products.update_one({"title": "cup"}, {"$set": {"state": "archived"}})
    assert await back_end.ask("POST", f"/products/{cup}/hide") == (200, {"id": cup, "status": "archived"})
    assert between.answers == [("GET", 200), ("PATCH", 412), ("GET", 200)]
    assert document(mongo, "cup")["state"] == "archived"


async def test_what_the_daemon_refuses_is_told_with_its_reason(
    house: tuple[DaemonProcess, Between], back_end: BackEnd
) -> None:
    status, told = await back_end.ask("POST", f"/products/{ObjectId()}/hide")
    assert status == 404
    assert "there is no product" in told["message"]
    assert told["requestId"]
    status, told = await back_end.ask("GET", "/products/sold")
    assert status == 422
    assert [fault["field"] for fault in told["errors"]] == ["status"]


async def test_a_list_of_several_pages_is_read_to_its_end(
    house: tuple[DaemonProcess, Between], mongo: Shop, back_end: BackEnd
) -> None:
    daemon, _ = house
    mongo.products.insert_many([{"title": f"leaf {number}", "price": 1, "state": "archived"} for number in range(250)])

    def is_mirrored() -> bool:
        return len(every(daemon, "/api/v1/products?status=archived")) == 250

    await asyncio.to_thread(until, is_mirrored, 20, "the documents")
    status, found = await back_end.ask("GET", "/products/archived")
    assert status == 200
    assert found == sorted(str(one["_id"]) for one in mongo.products.find({"state": "archived"}))


async def test_a_delivery_is_taken_once_however_often_it_comes(receiver: BackEnd) -> None:
    first, later = Delivery("1"), Delivery("2")
    together = await asyncio.gather(*(receiver.deliver(first) for _ in range(5)))
    assert [*together, await receiver.deliver(first), await receiver.deliver(later)] == [204] * 7
    await receiver.line("2 ")
    assert [line.split()[0] for line in receiver.told[1:]] == ["1", "2"]


async def test_a_delivery_that_is_overtaken_changes_nothing(receiver: BackEnd) -> None:
    for revision in (3, 2, 4):
        assert await receiver.deliver(Delivery("1", revision=revision)) == 204
    assert await receiver.deliver(Delivery("2")) == 204
    await receiver.line("2 ")
    assert [line.split()[0] for line in receiver.told[1:]] == ["1", "1", "2"]


async def test_what_is_not_signed_by_a_key_of_ours_is_refused(receiver: BackEnd) -> None:
    forged, good = Delivery("1", key="shop_interop_4712"), Delivery("2")
    assert await receiver.deliver(forged) == 401
    assert await receiver.deliver(good, id="other") == 401
    assert await receiver.deliver(good, signature="v1,AAAA v1 v2,x") == 401
    assert await receiver.deliver(good, timestamp=str(int(good.headers["webhook-timestamp"]) + 1)) == 401
    good.body = good.body.replace(b"unlisted", b"archived")
    assert await receiver.deliver(good) == 401
    assert (await receiver.ask("POST", "/hooks/zhiban", good.body))[0] == 401
    assert (await receiver.ask("POST", "/hooks/zhiban"))[0] == 401
    assert await receiver.deliver(Delivery("3", key="another_key_while_they_change")) == 204
    await receiver.line("3 ")
    assert len(receiver.told) == 2


async def test_a_delivery_that_somebody_kept_is_refused(receiver: BackEnd) -> None:
    assert await receiver.deliver(Delivery("1", age_s=301)) == 401
    assert await receiver.deliver(Delivery("1", age_s=-320)) == 401
    assert await receiver.deliver(Delivery("1"), timestamp="soon") == 401
    assert await receiver.deliver(Delivery("2", age_s=200)) == 204
    await receiver.line("2 ")
    assert len(receiver.told) == 2


async def test_a_delivery_that_could_not_be_handled_is_wanted_again(receiver: BackEnd) -> None:
    unreadable = Delivery("1", body=b'{"data": {}}')
    assert [await receiver.deliver(unreadable) for _ in range(2)] == [500, 500]
