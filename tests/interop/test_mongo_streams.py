"""The change stream of a real server, under either driver."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import bson
import pytest

from daemon.adapters.mongo.collection import Collection
from daemon.adapters.mongo.documents import Document, Unnamed, place_of
from daemon.errors import Conflict, NotFound, Unavailable
from tests.interop.mongo_shop import Driver, back, changed, opened, watched
from tests.mongo_server import MongoServer, Shop


async def test_what_changes_is_told_in_order(mongo: Shop, driver: Driver) -> None:
    async with watched(mongo, driver) as products, aclosing(products.changes(None)) as stream:
        await opened(stream)
        mongo.products.insert_one({"_id": 1, "state": "draft"})
        assert _state((await changed(stream)).document) == "draft"
        mongo.products.update_one({"_id": 1}, {"$set": {"state": "published"}})
        assert _state((await changed(stream)).document) == "published"
        mongo.products.replace_one({"_id": 1}, {"state": "archived"})
        assert _state((await changed(stream)).document) == "archived"
        mongo.products.delete_one({"_id": 1})
        gone = await changed(stream)
        assert (gone.place, gone.document) == (place_of(1), None)
        mongo.products.insert_one({"_id": {"a": 1}})
        assert isinstance((await changed(stream)).document, Unnamed)


async def test_a_stream_goes_on_after_its_token(mongo: Shop, driver: Driver) -> None:
    async with watched(mongo, driver) as products:
        async with aclosing(products.changes(None)) as stream:
            await opened(stream)
            mongo.products.insert_many([{"_id": number} for number in range(5)])
            await changed(stream)
            token = (await changed(stream)).token
        mongo.products.delete_one({"_id": 0})
        async with aclosing(products.changes(bson.decode(bson.encode(token)))) as stream:
            told = [await changed(stream) for _ in range(4)]
        assert [one.place for one in told] == [place_of(number) for number in (2, 3, 4, 0)]
        assert [one.document is None for one in told] == [False, False, False, True]


async def test_a_stream_tells_of_a_lost_server_and_goes_on_after_it(mortal_mongo: Shop, driver: Driver) -> None:
    server = mortal_mongo.server
    assert server is not None
    async with watched(mortal_mongo, driver) as products:
        async with aclosing(products.changes(None)) as stream:
            await opened(stream)
            mortal_mongo.products.insert_one({"_id": 1})
            token = (await changed(stream)).token
            await asyncio.to_thread(server.kill)
            with pytest.raises(Unavailable):
                await changed(stream)
        with pytest.raises(Unavailable):
            await anext(products.changes(token))
        await asyncio.to_thread(server.start)
        await back(products.ping)
        mortal_mongo.products.insert_one({"_id": 2})
        async with aclosing(products.changes(token)) as stream:
            assert (await changed(stream)).place == place_of(2)


async def test_a_stream_takes_up_a_cursor_that_was_lost(hurt: tuple[MongoServer, Collection], mongo: Shop) -> None:
    server, products = hurt
    async with aclosing(products.changes(None)) as stream:
        await opened(stream)
        await asyncio.to_thread(server.fail, ["getMore"], times=1, errorCode=43)
        mongo.products.insert_one({"_id": 2})
        assert (await changed(stream)).place == place_of(2)


@pytest.mark.parametrize(("code", "meant"), [(286, Conflict), (280, Conflict), (40573, NotFound), (13, NotFound)])
async def test_a_stream_that_cannot_be_says_what_to_do(
    hurt: tuple[MongoServer, Collection], code: int, meant: type[Exception]
) -> None:
    server, products = hurt
    await asyncio.to_thread(server.fail, ["aggregate"], times=2, errorCode=code)
    with pytest.raises(meant):
        await anext(products.changes(None))


async def test_a_collection_that_is_dropped_ends_its_stream(mongo: Shop, driver: Driver) -> None:
    async with watched(mongo, driver) as products, aclosing(products.changes(None)) as stream:
        mongo.products.insert_one({"_id": 1})
        await opened(stream)
        mongo.products.drop()
        with pytest.raises(Conflict):
            await changed(stream)


async def test_a_watcher_starves_nobody_and_leaves_when_it_is_told(mongo: Shop, driver: Driver) -> None:
    mongo.products.insert_many([{"_id": number} for number in range(20)])
    async with watched(mongo, driver) as products:
        quiet = asyncio.Event()

        async def watch() -> None:
            async with aclosing(products.changes(None)) as stream:
                await opened(stream)
                while await anext(stream) is None:
                    quiet.set()

        watching = asyncio.create_task(watch())
        for _ in range(3):
            found = await asyncio.gather(*(products.get([place_of(number)]) for number in range(20)))
            assert [one.id for (one,) in found] == [str(number) for number in range(20)]
        await quiet.wait()
        watching.cancel()
        await asyncio.wait([watching])
        assert watching.cancelled()
        await products.ping()


def _state(document: Document | Unnamed | None) -> object:
    assert isinstance(document, Document)
    return bson.decode(document.raw)["state"]
