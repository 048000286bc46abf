"""A shop's collection as the adapter opens it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeVar

from daemon.adapters.mongo.collection import Change, Collection, open_collection
from daemon.adapters.mongo.documents import Document, Unnamed
from daemon.config import MongodbSection
from daemon.errors import Unavailable
from tests.mongo_server import Shop

Driver = Literal["motor", "pymongo"]
T = TypeVar("T")
DRIVERS: tuple[Driver, ...] = ("motor", "pymongo")


PATIENCE_S = 20.0  # so much longer than the time-outs asked for that passing it means hanging


def section(driver: Driver, **keys: Any) -> MongodbSection:
    """Return a section whose timeout is short."""
    return MongodbSection(driver=driver, **{"timeout": "500ms", **keys})


def ids(page: Sequence[Document | Unnamed]) -> list[str]:
    """Return what the documents of a page are called."""
    return [one.id if isinstance(one, Document) else one.shown for one in page]


async def changed(stream: AsyncGenerator[Change | None, None]) -> Change:
    """Return the next change."""
    async with asyncio.timeout(PATIENCE_S):
        async for change in stream:
            if change is not None:
                return change
    raise AssertionError("the stream ended")


async def opened(stream: AsyncGenerator[Change | None, None]) -> None:
    """Wait until a stream with nothing to tell is open."""
    async with asyncio.timeout(PATIENCE_S):
        assert await anext(stream) is None


async def back(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until there is an answer."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await ask()
            except Unavailable:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def watched(shop: Shop, driver: Driver) -> AsyncIterator[Collection]:
    async with open_collection(section(driver), shop.uri) as products, asyncio.timeout(60):
        yield products
