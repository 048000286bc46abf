"""A server that dies, stalls, refuses and comes back, under either driver; and its change stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import bson
import pytest

from daemon.adapters.mongo.documents import Document, Unnamed, place_of
from daemon.adapters.mongo.driver import Collection, open_collection
from daemon.errors import Conflict, InvalidInput, NotFound, Unauthorized, Unavailable
from tests.interop.mongo_shop import DRIVERS, Driver, back, changed, ids, opened, section
from tests.mongo_server import ABSENT, MongoServer, Shop, elsewhere, installed

PATIENCE_S = 20.0  # so much longer than the time-outs asked for that passing it means hanging


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> Driver:
    name: Driver = request.param
    return name


@pytest.fixture
async def hurt(mongo: Shop, driver: Driver) -> AsyncIterator[tuple[MongoServer, Collection]]:
    """The shared server, to be given fail points, with one document."""
    if mongo.server is None:
        pytest.skip("fail points are only set in a server of our own")
    mongo.products.insert_one({"_id": 1, "count": 0})
    async with open_collection(section(driver), mongo.uri) as products:
        try:
            yield mongo.server, products
        finally:
            await asyncio.to_thread(mongo.server.heal)


@asynccontextmanager
async def watched(shop: Shop, driver: Driver) -> AsyncIterator[Collection]:
    async with open_collection(section(driver), shop.uri) as products, asyncio.timeout(60):
        yield products


async def all_unavailable(products: Collection) -> None:
    """Ask everything that there is to ask: nothing may hang, and everything must say that there is no answer."""
    async with asyncio.timeout(PATIENCE_S):
        answers = await asyncio.gather(
            products.page(None, 5), products.get([place_of(1)]), products.newer("at", 5, 5), products.indexed("at"),
            products.related("others", [1], "name"), products.collections(), products.sample(3),
            products.update({"_id": 1}, {"$inc": {"count": 0}}), return_exceptions=True,
        )  # fmt: skip
    assert [type(answer) for answer in answers] == [Unavailable] * 8
    assert all(str(answer).startswith("MongoDB: ") for answer in answers)


async def test_a_killed_server_is_told_of_and_found_again(mortal_mongo: Shop, driver: Driver) -> None:
    server = mortal_mongo.server
    assert server is not None
    mortal_mongo.products.insert_one({"_id": 1})
    async with watched(mortal_mongo, driver) as products:
        await products.ping()
        for _ in range(2):
            await asyncio.to_thread(server.kill)
            await all_unavailable(products)
            await asyncio.to_thread(server.start)
            assert ids(await back(lambda: products.page(None, 5))) == ["1"]


async def test_a_server_that_was_never_there_is_found_when_it_comes(mortal_mongo: Shop, driver: Driver) -> None:
    server = mortal_mongo.server
    assert server is not None
    await asyncio.to_thread(server.kill)
    async with watched(mortal_mongo, driver) as products:
        with pytest.raises(Unavailable):
            await products.ping()
        await asyncio.to_thread(server.start)
        await back(products.ping)


async def test_a_server_that_answers_nothing_is_not_waited_for(mortal_mongo: Shop, driver: Driver) -> None:
    server = mortal_mongo.server
    assert server is not None
    mortal_mongo.products.insert_one({"_id": 1})
    async with watched(mortal_mongo, driver) as products:
        await products.ping()
        server.freeze()
        try:
            await all_unavailable(products)
        finally:
            server.thaw()
        assert ids(await back(lambda: products.page(None, 5))) == ["1"]


async def test_leaving_a_frozen_server_does_not_hang(mortal_mongo: Shop, driver: Driver) -> None:
    server = mortal_mongo.server
    assert server is not None
    try:
        async with asyncio.timeout(PATIENCE_S), watched(mortal_mongo, driver) as products:
            await products.ping()
            server.freeze()
    finally:
        server.thaw()


@pytest.mark.parametrize("fault", [{"errorCode": 10107}, {"closeConnection": True}, {"errorCode": 91}])
async def test_one_fault_is_passed_over_and_the_change_made_once(
    hurt: tuple[MongoServer, Collection], fault: dict[str, Any]
) -> None:
    server, products = hurt
    await asyncio.to_thread(server.fail, ["find"], times=1, **fault)
    assert ids(await back(lambda: products.page(None, 5))) == ["1"]
    await asyncio.to_thread(server.fail, ["findAndModify"], times=1, **fault)
    after = await back(lambda: products.update({"_id": 1, "count": 0}, {"$inc": {"count": 1}}))
    assert after is not None
    assert bson.decode(after.raw)["count"] == 1


@pytest.mark.parametrize(
    "fault",
    [{"errorCode": 10107}, {"closeConnection": True}, {"blockConnection": True, "blockTimeMS": 3000},
     {"errorCode": 18}, {"errorCode": 50}, {"errorCode": 43}, {"errorCode": 1}],
)  # fmt: skip
async def test_a_lasting_fault_is_told_as_unavailable(
    hurt: tuple[MongoServer, Collection], fault: dict[str, Any]
) -> None:
    server, products = hurt
    await asyncio.to_thread(
        server.fail, ["find", "findAndModify", "listCollections", "listIndexes", "aggregate"], **fault
    )
    await all_unavailable(products)
    await asyncio.to_thread(server.heal)
    assert ids(await back(lambda: products.page(None, 5))) == ["1"]


@pytest.mark.parametrize("code", [10334, 66, 17280])
async def test_what_the_server_refuses_for_what_it_is_is_invalid(
    hurt: tuple[MongoServer, Collection], code: int
) -> None:
    server, products = hurt
    await asyncio.to_thread(server.fail, ["findAndModify"], times=1, errorCode=code)
    with pytest.raises(InvalidInput):
        await products.update({"_id": 1}, {"$inc": {"count": 1}})


async def test_no_page_needs_a_second_answer(hurt: tuple[MongoServer, Collection], mongo: Shop, driver: Driver) -> None:
    server, _ = hurt
    mongo.products.insert_many([{"_id": number} for number in range(2, 300)])
    await asyncio.to_thread(server.fail, ["getMore"], errorCode=43)
    async with open_collection(section(driver, timeout="30s"), mongo.uri) as products:
        assert len(await products.page(None, 299)) == 299
        assert len(await products.get([place_of(number) for number in range(1, 300)])) == 299


async def test_a_cancelled_change_may_be_made_again(hurt: tuple[MongoServer, Collection], mongo: Shop) -> None:
    server, products = hurt
    for state in range(5):
        await asyncio.to_thread(server.fail, ["findAndModify"], times=1, blockConnection=True, blockTimeMS=200)
        where, change = {"_id": 1, "count": state}, {"$set": {"count": state + 1}}
        trying = asyncio.ensure_future(products.update(where, change))
        await asyncio.sleep(0.05)
        trying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trying
        await products.update(where, change)
        (now,) = await products.get([place_of(1)])
        assert bson.decode(now.raw)["count"] == state + 1
    assert mongo.products.find_one({"_id": 1}) == {"_id": 1, "count": 5}


async def test_the_credentials_are_asked_for_and_never_shown(tmp_path: Path, driver: Driver) -> None:
    if elsewhere() or not installed():
        pytest.skip("accounts are only made in a server of our own" if elsewhere() else ABSENT)
    server = MongoServer(tmp_path)
    await asyncio.to_thread(server.start)
    shop = Shop(server.uri, server)
    shop.products.insert_one({"_id": 1})
    shop.database.command("createUser", "keeper", pwd="s3cret/word", roles=["readWrite"])
    shop.close()
    await asyncio.to_thread(server.stop)
    guarded = _guarded(server, tmp_path)
    await asyncio.to_thread(guarded.start)
    try:
        for user, refused in (("keeper:wrong-s3cret", True), ("", True), ("keeper:s3cret%2Fword", False)):
            uri = f"mongodb://{user}{'@' if user else ''}127.0.0.1:{guarded.port}/{shop.name}"
            async with open_collection(section(driver), uri) as products:
                if not refused:
                    await products.ping()
                    continue
                with pytest.raises(Unauthorized) as caught:
                    await products.ping()
                assert "s3cret" not in repr(caught.value)
                with pytest.raises(Unavailable):
                    await products.page(None, 5)
    finally:
        guarded.kill()


def _guarded(server: MongoServer, folder: Path) -> MongoServer:
    return MongoServer(folder, "--auth")


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


async def test_a_cancellation_is_never_lost(mongo: Shop, driver: Driver) -> None:
    mongo.products.insert_one({"_id": 1})
    async with watched(mongo, driver) as products:

        async def read_for_ever() -> None:
            while await products.get([place_of(1)]):
                pass

        for steps in range(60):
            await (
                products.ping()
            )  # a connection: one that is cancelled while it is made is left to the garbage collector
            reading = asyncio.create_task(read_for_ever())
            for _ in range(steps):
                await asyncio.sleep(0)
            reading.cancel()
            await asyncio.wait([reading], timeout=PATIENCE_S)
            assert reading.cancelled(), f"cancelled after {steps} steps"


def _state(document: Document | Unnamed | None) -> object:
    assert isinstance(document, Document)
    return bson.decode(document.raw)["state"]
