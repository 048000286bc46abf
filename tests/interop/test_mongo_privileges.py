"""The role of docs/mongodb.md lets the daemon do all that it does, and nothing else."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.errors import OperationFailure

from daemon.adapters.mongo.collection import Collection, open_collection
from daemon.adapters.mongo.documents import place_of
from daemon.errors import Unavailable
from tests.interop.mongo_shop import Driver, opened, section
from tests.mongo_server import ABSENT, MongoServer, elsewhere, installed

PAGE = Path(__file__).parents[2] / "docs" / "mongodb.md"
DATABASE, PASSWORD = "shop", "a-password"  # as the page names it


def role() -> dict[str, Any]:
    """Return what the page gives to db.createRole."""
    (told,) = re.findall(r"db\.createRole\((\{.*?\n\})\);", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    made: dict[str, Any] = json.loads(re.sub(r"(\w+):", r'"\1":', told))
    return made


@pytest.fixture
async def guarded(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The URI of a server that lets a user of this role in, its actions without those of the parameter."""
    if elsewhere() or not installed():
        pytest.skip("accounts are only made in a server of our own" if elsewhere() else ABSENT)
    server, left_out = MongoServer(tmp_path), set(getattr(request, "param", ()))
    await asyncio.to_thread(server.start)
    with pymongo.MongoClient[dict[str, Any]](server.uri) as client:
        shop = client[DATABASE]
        shop.products.insert_one({"_id": 1, "state": "published"})
        shop.productcategories.insert_one({"_id": 5, "name": "Tea"})
        given = role()
        for privilege in given["privileges"]:
            privilege["actions"] = [action for action in privilege["actions"] if action not in left_out]
        shop.command({"createRole": given.pop("role"), **given})
        shop.command("createUser", "zhiban", pwd=PASSWORD, roles=["zhiban"])
    await asyncio.to_thread(server.stop)
    server = MongoServer(tmp_path, "--auth")
    await asyncio.to_thread(server.start)
    try:
        yield f"mongodb://zhiban:{PASSWORD}@127.0.0.1:{server.port}/{DATABASE}"
    finally:
        server.kill()


async def read_all_ways(products: Collection) -> None:
    await products.ping()
    assert len(await products.page(None, 10)) == 1
    assert len(await products.get([place_of(1)])) == 1
    assert await products.newer("updatedAt", 5, 10) == []
    assert len(await products.sample(3)) == 1
    assert await products.related("productcategories", [5], "name") == {5: "Tea"}


async def test_the_role_is_enough(guarded: str, driver: Driver) -> None:
    async with open_collection(section(driver, timeout="5s"), guarded) as products:
        await read_all_ways(products)
        assert await products.indexed("_id")
        async with aclosing(products.changes(None)) as stream:
            await opened(stream)
        assert await products.update({"_id": 1, "state": "published"}, {"$set": {"state": "draft"}}) is not None


async def test_the_role_cannot_add_take_away_or_index(guarded: str) -> None:
    with pymongo.MongoClient[dict[str, Any]](guarded) as client:
        products = client[DATABASE].products
        for forbidden in (
            lambda: products.insert_one({"_id": 2}),
            lambda: products.delete_one({"_id": 1}),
            lambda: products.create_index("updatedAt"),
            products.drop,
        ):
            with pytest.raises(OperationFailure, match="not authorized"):
                forbidden()


@pytest.mark.parametrize("guarded", [("update", "listIndexes")], indirect=True)
async def test_who_may_only_read_reads_and_is_told_that_they_may_not_write(guarded: str, driver: Driver) -> None:
    async with open_collection(section(driver, timeout="5s"), guarded) as products:
        await read_all_ways(products)
        with pytest.raises(Unavailable, match="not authorized"):
            await products.update({"_id": 1}, {"$set": {"state": "draft"}})
        assert not await products.indexed("_id")
