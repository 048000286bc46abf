"""Puts the parts of the shop's catalogue together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from daemon.adapters.mongo.catalogue import MongoCatalogue
from daemon.adapters.mongo.collection import open_collection
from daemon.adapters.mongo.following import Follower
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.adapters.mongo.observing import Observer
from daemon.adapters.mongo.reading import Reader
from daemon.adapters.sql import SqlStores
from daemon.config import CatalogueSection, MongodbSection
from daemon.ports import Clock


@asynccontextmanager
async def open_catalogue(
    section: MongodbSection, values: CatalogueSection, uri: str, stores: SqlStores, clock: Clock
) -> AsyncIterator[MongoCatalogue]:
    """Open the shop's catalogue over stores that are open. Nothing is connected before it is followed.

    values: what fills in for what documents cannot say. Raises ConfigError for a URI or a mapping that cannot be used.
    """
    mapping = ShopMapping(section, currency=values.currency, timezone=values.timezone, locale=values.locale)
    async with open_collection(section, uri) as collection:
        observer = Observer(section, collection, mapping, stores.mirror, clock)
        reader = Reader(section, collection, observer, stores.mirror, stores.catalogue, clock)
        follower = Follower(section, collection, observer, reader, clock)
        yield MongoCatalogue(stores.catalogue, stores.mirror, collection, mapping, observer, follower, reader)
