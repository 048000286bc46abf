"""A shop whose products are documents: what tests plant, its back end writes, and the catalogue reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from bson import Decimal128, Int64
from msgspec.structs import asdict

from daemon.adapters.memory import FakeClock
from daemon.adapters.mongo.catalogue import MongoCatalogue
from daemon.adapters.mongo.collection import open_collection
from daemon.adapters.mongo.documents import document_id_of
from daemon.adapters.mongo.following import Follower
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.adapters.mongo.observing import Observer
from daemon.adapters.mongo.reading import Reader
from daemon.adapters.mongo.turns import Turns
from daemon.adapters.sql import SqlStores, open_stores
from daemon.config import MongodbSection
from daemon.ports import AuditLog, BotStore, EvidenceStore, IncidentStore, Outbox, Principals
from daemon.products.product import Product, Status, Unparsed, Variant
from tests.interop.mongo_shop import Driver
from tests.mongo_server import Shop

#: Where this shop keeps what KeystoneJS has no usual place for.
MAP: Final = {"item_group_id": ("groupId",)}
_PLACES: Final = {"stock": "qty", "status": "state", "item_group_id": "groupId"}
_WORDS: Final = {Status.LISTED: "published", Status.DRAFT: "draft", Status.ARCHIVED: "archived"}
_OURS: Final = frozenset({"id", "source", "owner", "revision", "soldout_since", "missing_since"})


class PlantedCatalogue(MongoCatalogue):
    """The catalogue of a shop, with a way to write into its collection as the back end does."""

    shop: Shop
    reader: Reader
    clock: FakeClock
    turns: Turns

    async def plant(self, products: Sequence[Product], at: datetime) -> None:
        """Write documents that say what products are, and let the catalogue find them."""
        for product in products:
            document = document_of(product)
            self.shop.products.replace_one({"_id": document["_id"]}, document, upsert=True)
        self.clock.set_wall(at)
        await self.reader.read_all(lambda: None)


@dataclass(frozen=True, slots=True)
class ShopStores:
    """The catalogue of a shop, and the other stores beside it."""

    catalogue: PlantedCatalogue
    own: SqlStores

    @property
    def incidents(self) -> IncidentStore:
        return self.own.incidents

    @property
    def outbox(self) -> Outbox:
        return self.own.outbox

    @property
    def evidence(self) -> EvidenceStore:
        return self.own.evidence

    @property
    def principals(self) -> Principals:
        return self.own.principals

    @property
    def audit(self) -> AuditLog:
        return self.own.audit

    @property
    def bot(self) -> BotStore:
        return self.own.bot


@asynccontextmanager
async def open_shop(
    folder: Path,
    shop: Shop,
    driver: Driver,
    *,
    listeners: Sequence[Any] = (),
    around: Callable[[Any], Any] = lambda collection: collection,
    **keys: Any,
) -> AsyncIterator[ShopStores]:
    """Open the catalogue of a shop, connected and empty.

    keys: of [mongodb]. listeners: of pymongo.monitoring. around: what stands before the collection.
    """
    section = MongodbSection(driver=driver, **{"timeout": "5s", "map": MAP, **keys})
    clock = FakeClock()
    async with (
        open_stores(folder / "zhiban.db") as stores,
        open_collection(section, shop.uri, listeners=listeners) as opened,
    ):
        collection = around(opened)
        mapping = ShopMapping(section)
        observer = Observer(section, collection, mapping, stores.mirror, clock)
        reader = Reader(section, collection, observer, stores.mirror, stores.catalogue, clock)
        follower = Follower(section, collection, observer, reader, clock)
        catalogue = PlantedCatalogue(stores.catalogue, stores.mirror, collection, mapping, observer, follower, reader)
        catalogue.shop, catalogue.reader, catalogue.clock, catalogue.turns = shop, reader, clock, observer.turns
        await follower.connect()
        yield ShopStores(catalogue, stores)


def document_of(product: Product) -> dict[str, Any]:
    """Return a document as a KeystoneJS back end would keep such a product."""
    said = {name: value for name, value in asdict(product).items() if name not in _OURS and value not in (None, ())}
    return {"_id": document_id_of(product.id), "__v": 0} | {_PLACES.get(n, n): _stored(v) for n, v in said.items()}


def _stored(value: Any) -> Any:
    if isinstance(value, Status):
        return _WORDS[value]
    if isinstance(value, Unparsed):
        return value.text
    if isinstance(value, Decimal):
        return Int64(value) if value.is_finite() and value == int(value) else Decimal128(value)
    if isinstance(value, Variant):
        return {_PLACES.get(n, n): _stored(v) for n, v in asdict(value).items() if v is not None}
    return [_stored(one) for one in value] if isinstance(value, tuple) else value
