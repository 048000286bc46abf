"""The real server over a shop's collection, which the test reads and writes as the shop's own back end does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from daemon.products.product import Product
from daemon.products.rulebook import Rulebook
from tests.contract.shop import PlantedCatalogue, open_shop
from tests.last_word_kit import BOX, house_on
from tests.mongo_server import Shop
from tests.unit.handlers.http.api import Answer, Api, api

T = TypeVar("T")
UNTOUCHED = {"__v": 3, "supplier": {"id": 7}}  # what no mapping reads


@dataclass(slots=True)
class ShopApi:
    service: Api
    catalogue: PlantedCatalogue
    shop: Shop

    async def plant(self, *products: Product, **fields: Any) -> None:
        """Write documents, with fields of their own, and let the daemon read them all."""
        await self.catalogue.plant(products, self.catalogue.clock.now())
        self.edit({}, **UNTOUCHED, **fields)
        await self.read()

    async def read(self) -> None:
        """Let the daemon read all of the collection, as it does at intervals."""
        await self.catalogue._follower._read_all()

    def edit(self, where: dict[str, Any] | str, **fields: Any) -> None:
        """Change documents as a person does in the shop's back end."""
        self.shop.products.update_many({"_id": where} if isinstance(where, str) else where, {"$set": fields})

    def document(self, name: str) -> dict[str, Any]:
        found = self.shop.products.find_one({"_id": name})
        assert found is not None
        return found

    async def get(self, path: str) -> Answer:
        return await self.service.get(path)

    async def patch(self, path: str, sent: dict[str, Any], seen: int | None = 1) -> Answer:
        """Change a product as it was seen at a revision."""
        headers = {} if seen is None else {"If-Match": f'"{seen}"'}
        return await self.service.ask("PATCH", f"/api/v1/products/{path}", who="operator", json=sent, headers=headers)


async def eventually(ask: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
    """Ask until the answer is good."""
    async with asyncio.timeout(30):
        while True:
            answer = await ask()
            if good(answer):
                return answer
            await asyncio.sleep(0.05)


def served(answer: Answer) -> bool:
    return answer.status != 503


@asynccontextmanager
async def shop_api(folder: Path, shop: Shop, rulebook: Rulebook | None = None, **keys: Any) -> AsyncIterator[ShopApi]:
    """Serve a shop. keys: of [mongodb]."""
    async with open_shop(folder, shop, "pymongo", **keys) as stores:
        home = house_on(stores, rulebook, BOX)
        home.duty.ports = replace(home.duty.ports, followed=stores.catalogue)
        async with api(home=home) as service:
            yield ShopApi(service, stores.catalogue, shop)
