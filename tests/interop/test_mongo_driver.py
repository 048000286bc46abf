"""The products of a shop in a real server's hands, read and changed by either driver."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest
from bson import Decimal128, Int64, ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo.monitoring import CommandListener, CommandStartedEvent

from daemon.adapters.mongo.collection import Collection, open_collection
from daemon.adapters.mongo.documents import Document, Unnamed, place_of
from daemon.errors import ConfigError, InvalidInput, Unavailable
from tests.interop.mongo_shop import Driver, ids, section
from tests.mongo_server import Shop

DAY = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)


class Recorder(CommandListener):
    """Remembers every command that was sent."""

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.commands.append(dict(event.command))

    def succeeded(self, event: object) -> None:
        pass

    def failed(self, event: object) -> None:
        pass


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def products(mongo: Shop, driver: Driver, recorder: Recorder) -> AsyncIterator[Collection]:
    async with open_collection(section(driver, timeout="10s"), mongo.uri, listeners=[recorder]) as collection:
        yield collection


async def whole(products: Collection, limit: int) -> list[Document | Unnamed]:
    """Read everything, page by page."""
    read: list[Document | Unnamed] = []
    after: bytes | None = None
    while True:
        page = await products.page(after, limit)
        read += page
        named = [one for one in page if isinstance(one, Document)]
        if not named:
            return read
        after = named[-1].place


async def test_pages_follow_the_ids_without_a_cursor(mongo: Shop, products: Collection, recorder: Recorder) -> None:
    mongo.products.insert_many([{"_id": number} for number in range(999, -1, -1)])
    read = await whole(products, 300)
    assert ids(read) == [str(number) for number in range(1000)]
    assert {next(iter(command)) for command in recorder.commands} == {"find"}
    assert all(command["singleBatch"] for command in recorder.commands)


async def test_a_document_is_read_as_its_bytes_are(mongo: Shop, products: Collection) -> None:
    raw = bson.encode({"_id": ObjectId(), "b": 1, "a": float("nan"), "p": Decimal128("1.50"), "x.y": {"$z": None}})
    mongo.products.insert_one(RawBSONDocument(raw))
    (read,) = await products.page(None, 10)
    assert read.raw == raw
    assert isinstance(read, Document)
    assert await products.get([read.place]) == [read]


async def test_ids_of_every_kind_are_passed_once_each(mongo: Shop, products: Collection) -> None:
    named = [-5, 3, Int64(2**60), 7.0, "", "a", "ä", "é", ObjectId("0" * 24), ObjectId("f" * 24)]
    odd = [{"a": 1}, True, DAY, b"\x01", 1.5, 2.5, 3.5, Decimal128("4.5")]
    mongo.products.insert_many([{"_id": one} for one in [*odd, *named]])
    read = await whole(products, 2)
    assert len([one for one in read if isinstance(one, Document)]) == len(named)
    assert {one.raw for one in read if isinstance(one, Document)} == {bson.encode({"_id": one}) for one in named}
    assert {one.shown for one in read if isinstance(one, Unnamed)} >= {"_id {'a': 1}", "_id 1.5", "_id 3.5"}


async def test_ids_that_name_nothing_never_hold_up_the_others(mongo: Shop, products: Collection) -> None:
    mongo.products.insert_many([{"_id": number + 0.5} for number in range(20)] + [{"_id": "z"}])
    assert ids(await whole(products, 3))[-1:] == ["z"]


async def test_an_empty_collection_is_one_empty_page(products: Collection) -> None:
    assert await products.page(None, 10) == []
    assert await products.page(place_of(5), 10) == []
    assert await products.get([place_of("nobody")]) == []
    assert await products.get([]) == []


async def test_those_that_exist_are_returned_of_many_asked_for(mongo: Shop, products: Collection) -> None:
    mongo.products.insert_many([{"_id": number} for number in range(0, 1000, 2)])
    found = await products.get([place_of(number) for number in range(1000)])
    assert sorted(int(one.id) for one in found) == list(range(0, 1000, 2))


async def test_fifteen_megabytes_are_read_and_written(mongo: Shop, products: Collection) -> None:
    mongo.products.insert_many([{"_id": name, "text": name * 15_000_000} for name in "abc"])
    assert [len(one.raw) // 1_000_000 for one in await whole(products, 3)] == [15, 15, 15]
    assert len(await products.get([place_of(name) for name in "abc"])) == 3
    after = await products.update({"_id": "b"}, {"$set": {"state": "draft"}})
    assert after is not None
    assert bson.decode(after.raw)["state"] == "draft"
    with pytest.raises((InvalidInput, Unavailable)):  # mongod says that it is too large; another, that it failed
        await products.update({"_id": "b"}, {"$set": {"more": "x" * 2_000_000}})
    with pytest.raises(InvalidInput):
        await products.update({"_id": "b"}, {"$set": {"more": "x" * 17_000_000}})
    assert await products.get([place_of("b")]) == [after]


async def test_newer_ones_come_oldest_first_and_from_the_value_itself(mongo: Shop, products: Collection) -> None:
    mongo.products.create_index("updatedAt")
    mongo.products.insert_many([{"_id": 9 - number, "updatedAt": DAY + timedelta(days=number)} for number in range(9)])
    mongo.products.insert_many([{"_id": "unset"}, {"_id": "text", "updatedAt": "2027"}])
    assert ids(await products.newer("updatedAt", DAY + timedelta(days=5), 3)) == ["4", "3", "2"]


async def test_only_an_index_that_begins_with_the_field_serves_it(mongo: Shop, products: Collection) -> None:
    assert not await products.indexed("updatedAt")
    mongo.products.create_index([("state", 1), ("second", 1)])
    mongo.products.create_index([("updatedAt", -1)])
    mongo.products.create_index("some", partialFilterExpression={"some": {"$gt": 5}})
    assert [await products.indexed(name) for name in ("_id", "state", "updatedAt", "second", "some")] == [
        True, True, True, False, False,
    ]  # fmt: skip


async def test_related_documents_tell_what_stands_at_a_path(mongo: Shop, products: Collection) -> None:
    known = [ObjectId() for _ in range(300)]
    mongo.database["categories"].insert_many([{"_id": one, "name": {"en": str(one)}} for one in known])
    mongo.database["categories"].insert_many([{"_id": "plain", "name": "text"}, {"_id": 7}])
    told = await products.related("categories", [*known, "plain", 7, ObjectId()], "name.en")
    assert told == {one: str(one) for one in known}
    assert await products.related("categories", ["plain", 7], "name") == {"plain": "text"}
    assert await products.related("nowhere", known[:1], "name") == {}


async def test_a_change_is_made_only_where_everything_is_as_it_was(mongo: Shop, products: Collection) -> None:
    mongo.products.insert_one({"_id": 1, "state": "published", "price": {"common": 5, "sale": None}, "__v": 3})
    where = {"_id": 1, "state": {"$eq": "published"}, "price": {"$eq": {"common": 5, "sale": None}}}
    after = await products.update(where, {"$set": {"state": "draft"}})
    assert after is not None
    assert bson.decode(after.raw) == mongo.products.find_one({"_id": 1})
    assert bson.decode(after.raw)["state"] == "draft"
    assert await products.update(where, {"$set": {"state": "draft"}}) is None
    assert await products.update({"_id": 2}, {"$set": {"state": "draft"}}) is None
    assert mongo.products.count_documents({}) == 1


async def test_a_change_that_the_server_refuses_says_why_and_changes_nothing(mongo: Shop, products: Collection) -> None:
    mongo.products.create_index("slug", unique=True)
    mongo.products.insert_many([{"_id": number, "slug": str(number), "state": "draft"} for number in range(2)])
    rule = {"$jsonSchema": {"properties": {"state": {"enum": ["draft", "published"]}}}}
    mongo.database.command("collMod", mongo.products.name, validator=rule)
    for change, reason in (
        ({"$set": {"slug": "1"}}, "E11000"),
        ({"$set": {"state": "gone"}}, "validation"),
        ({"$set": {"_id": 5}}, "_id"),
        ({"$set": {"slug.x": 5}}, "slug"),
        ({"$set": {"state": object()}}, "encode"),
    ):
        with pytest.raises(InvalidInput, match=reason):
            await products.update({"_id": 0}, change)
    assert mongo.products.find_one({"_id": 0}) == {"_id": 0, "slug": "0", "state": "draft"}


async def test_of_many_who_want_the_same_change_one_makes_it(mongo: Shop, products: Collection) -> None:
    mongo.products.insert_one({"_id": 1, "state": "published"})
    tries = (products.update({"_id": 1, "state": "published"}, {"$set": {"state": n}}) for n in range(30))
    made = [one for one in await asyncio.gather(*tries) if one is not None]
    assert len(made) == 1


async def test_a_sample_and_the_collections_are_told(mongo: Shop, products: Collection) -> None:
    mongo.products.insert_many([{"_id": number} for number in range(30)])
    mongo.database["categories"].insert_one({})
    assert len({one.raw for one in await products.sample(10)}) == 10
    assert list(await products.collections()) == ["categories", "products"]


async def test_a_driver_that_is_not_installed_is_a_matter_of_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "motor.motor_asyncio", None)
    with pytest.raises(ConfigError, match=r"pip install 'zhiban\[mongo\]'"):
        async with open_collection(section("motor"), "mongodb://127.0.0.1/shop"):
            pass


@pytest.mark.parametrize(
    "uri",
    ["mongodb://h", "mongodb://u:s3cret/word@h/shop", "mongodb://u:s3cret@word@h:x/shop", "http://u:s3cret@h/shop", "",
     "mongodb://u:s3cret@h/shop?tls=perhaps", "mongodb://u:s3cret@h/a%20b"],
)  # fmt: skip
async def test_a_uri_that_cannot_be_used_is_not_shown(driver: Driver, uri: str) -> None:
    with pytest.raises(ConfigError, match=r"\[mongodb\]") as caught:
        async with open_collection(section(driver), uri):
            pass
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


NAN, ZERO = float("nan"), {"p": 0}
#: What an old value is matched against: itself, then what is nearly the same.
VALUES: tuple[tuple[Any, Any], ...] = (
    (NAN, None), (NAN, 0), (None, NAN), (Decimal128("NaN"), None), (float("inf"), float("-inf")), (0, False), (1, True),
    (12, "12"), ("12", 12), (12, 13), (Int64(2**53 + 1), float(2**53)), (1.5, Decimal128("1.51")), ("A", "a"),
    (Decimal128("1.50"), "1.50"), ("é", "e\u0301"), ("", None), (DAY, DAY + timedelta(milliseconds=1)),
    ({}, {"p": None}), ({"p": None}, {}), (ZERO, {"p": False}), (ZERO, {"p": 0, "q": 1}), ({"p": NAN}, {"p": None}),
    ([], None), ([], [[]]), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({"a.b": 1}, {"a": {"b": 1}}), ({"$x": 1}, {"$y": 1}),
    ([1, 2], [2, 1]), ([1, 2], [1]), ([{"p": NAN, "q": DAY}], [{"p": NAN}]), ([None], []),
    (ObjectId("0" * 24), "0" * 24), (b"x", "x"),
)  # fmt: skip


@pytest.mark.parametrize(("value", "other"), VALUES, ids=[f"{one!r} {two!r}" for one, two in VALUES])
async def test_an_old_value_is_matched_by_itself_alone(
    mongo: Shop, products: Collection, value: Any, other: Any
) -> None:
    """Whether the server holds two values for the same decides who wins against a person."""
    mongo.products.insert_many([{"_id": 1, "f": value, "n": 0}, {"_id": 2, "n": 0}])
    asked = RawBSONDocument(bson.encode({"f": other}))["f"]
    assert await products.update({"_id": 1, "f": {"$eq": asked}}, {"$inc": {"n": 1}}) is None
    asked = RawBSONDocument(bson.encode({"f": value}))["f"]
    assert await products.update({"_id": 1, "f": {"$eq": asked}}, {"$inc": {"n": 1}}) is not None


async def test_null_and_absent_are_told_apart(mongo: Shop, products: Collection) -> None:
    mongo.products.insert_many([{"_id": "null", "f": None}, {"_id": "absent"}, {"_id": "set", "f": 0}])
    for wanted, condition in (("null", {"$eq": None, "$type": "null"}), ("absent", {"$exists": False})):
        changed = [
            name
            for name in ("null", "absent", "set")
            if await products.update({"_id": name, "f": condition}, {"$set": {"seen": wanted}})
        ]
        assert changed == [wanted]
