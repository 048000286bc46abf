"""A server that dies, stalls, refuses and comes back, under either driver."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import bson
import pytest

from daemon.adapters.mongo.collection import Collection, open_collection
from daemon.adapters.mongo.documents import place_of
from daemon.errors import InvalidInput, Unauthorized, Unavailable
from tests.interop.mongo_shop import PATIENCE_S, Driver, back, ids, section, watched
from tests.mongo_server import ABSENT, MongoServer, Shop, elsewhere, installed


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


async def test_questions_that_are_dropped_while_a_server_is_away_hold_up_no_others(driver: Driver) -> None:
    """Cancelled twice, as tasks of groups in groups are when all of a line is lost at once."""
    rng = random.Random(1)

    async def drop(products: Collection) -> None:
        asked = asyncio.create_task(products.ping())
        await asyncio.sleep(rng.uniform(0, 0.6))
        asked.cancel()
        await asyncio.sleep(0)
        asked.cancel()
        with suppress(asyncio.CancelledError, Unavailable):
            await asked

    async with asyncio.timeout(60), open_collection(section(driver), "mongodb://127.0.0.1:1/shop") as products:
        for _ in range(4):
            await asyncio.gather(*(drop(products) for _ in range(200)))
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(Unavailable):
                await products.ping()
