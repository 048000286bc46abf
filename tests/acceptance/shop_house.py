"""The daemon's insides on a shop's collection: documents are planted, followed, judged, acted on and told of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import bson
import msgspec
from bson import ObjectId
from bson.raw_bson import RawBSONDocument

from daemon.adapters.memory import FakeClock
from daemon.adapters.mongo.catalogue import MongoCatalogue
from daemon.adapters.mongo.opening import open_catalogue
from daemon.adapters.sql import SqlStores, open_stores
from daemon.config import CatalogueSection, ChannelSection, Config, MongodbSection, NoticesSection, RemediesSection
from daemon.forum.principals import Principal, Role
from daemon.handlers.bot.asking import Asked
from daemon.handlers.bot.commands.answering import commands
from daemon.ports import Ports
from daemon.products.findings import CheckReport, json_chunks
from daemon.products.gathering import Bundle, Form
from daemon.products.incidents import ALIVE, Incident
from daemon.products.passes import PassKind, PassRecord
from daemon.products.phrases import Language
from daemon.products.product import Product
from daemon.products.remedies import RemedyMode
from daemon.products.rulebook import Rulebook
from daemon.products.verdicts import Severity
from daemon.products.wording import Wording
from daemon.services import notices, passes
from daemon.services.check_catalogue import check_catalogue
from daemon.services.check_files import CheckPlan
from daemon.services.duty import Duty
from tests.house import House, Inline, Mailbox, Unreachable
from tests.mongo_server import Shop

NOON: Final = datetime(2026, 11, 25, 12, tzinfo=UTC)
PATIENCE_S: Final = 60.0
#: What every product is told when nobody has fetched its image, which nobody does here.
NOT_FETCHED: Final = "image_broken"
_RAW: Final = bson.CodecOptions(document_class=RawBSONDocument)


def number_id(number: int) -> ObjectId:
    """Return an id that sorts by its number, of a document made in November 2025."""
    return ObjectId(bytes.fromhex("69200000") + number.to_bytes(8, "big"))


def named(number: int) -> str:
    """Return the product id of a document with such an id."""
    return str(number_id(number))


def sound(number: int, **fields: Any) -> dict[str, Any]:
    """Return the document of a product that no rule has a word against, with fields of its own."""
    return {
        "_id": number_id(number),
        "__v": 0,
        "title": f"Stoneware mug {number}",
        "slug": f"mug-{number}",
        "sku": f"MUG-{number}",
        "price": 12.5,
        "qty": 5,
        "description": "<p>A mug of stoneware, fired twice.</p>",
        "category": "Kitchen",
        "brand": "Kiln",
        "state": "published",
        "image": {"secure_url": f"https://img.example/{number}.jpg"},
        "createdAt": datetime(2026, 1, 1, tzinfo=UTC),
        "updatedAt": datetime(2026, 11, 24, tzinfo=UTC),
    } | fields


@dataclass(slots=True)
class ShopHouse:
    """A duty whose catalogue is a shop's, and what tests look at."""

    shop: Shop
    catalogue: MongoCatalogue
    stores: SqlStores
    duty: Duty
    clock: FakeClock
    box: Mailbox
    following: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def home(self) -> House:
        """Return it as the house that kits of HTTP and of the bot take."""
        return House(self.duty, cast("Any", self.stores), self.clock, self.box)

    def plant(self, *documents: Mapping[str, Any] | bytes) -> None:
        """Write documents as they are, also those that no driver would make."""
        raw = [RawBSONDocument(one if isinstance(one, bytes) else bson.encode(one)) for one in documents]
        self.shop.database.get_collection("products", _RAW).insert_many(raw)

    async def until_read(self, documents: int | None = None) -> None:
        """Wait until all of the collection has been read once, or the mirror holds so many products."""

        async def is_read() -> bool:
            read = self.catalogue.upstream.read_at is not None
            return read and (documents is None or await self.catalogue.count() >= documents)

        await self.until(is_read)

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something has been taken over."""
        async with asyncio.timeout(PATIENCE_S):
            while not await true():  # noqa: ASYNC110 the catalogue has no event to wait for
                await asyncio.sleep(0.005)

    async def stored(self, product_id: str) -> Product | None:
        """Return a product as the mirror has it."""
        return (await self.stores.catalogue.get_many([product_id])).get(product_id)

    def follow(self) -> None:
        """Begin to follow the collection."""
        self.following.append(asyncio.create_task(self.catalogue.follow(self.duty.wake_checks.set)))

    async def judge(self) -> PassRecord:
        """Take a full pass."""
        return await passes.run_pass(self.duty, PassKind.FULL)

    async def change(self, product: Product, **fields: Any) -> Product:
        """Change a product as a remedy or a person does, by compare-and-set on what was read."""
        new = msgspec.structs.replace(product, **fields)
        return await self.catalogue.replace(product, new, actor="id-mei", now=self.clock.now())

    async def incidents(self, product_id: str) -> dict[str, Incident]:
        """Return the live incidents of a product by rule."""
        latest = await self.stores.incidents.latest([product_id])
        return {one.rule: one for one in latest.get(product_id, ()) if one.state in ALIVE}

    async def report(self) -> CheckReport:
        """Return what `zhiban check` finds in the catalogue."""
        plan = CheckPlan(rulebook=self.duty.rulebook, floor=Severity.INFO, now=self.clock.now(), fetcher=None)
        stores = self.stores
        return await check_catalogue(self.catalogue, stores.incidents, stores.evidence, plan, lambda *_: None)

    async def verdicts(self) -> dict[str, dict[str, str]]:
        """Return what is said of each product, by its id: the verdict by rule, unfetched images aside."""
        found: dict[str, dict[str, str]] = {}
        for one in (await self.report()).findings:
            if one.rule != NOT_FETCHED:
                found.setdefault(one.product, {})[one.rule] = one.verdict
        return found

    async def told(self) -> list[str]:
        """Deliver what is queued; return every message in English and in Chinese."""
        before = len(self.box.messages)
        self.clock.advance(60)
        await notices.deliver(self.duty)
        languages: tuple[Language, ...] = ("en", "zh")
        wordings = [Wording(language=language, lines=1000) for language in languages]
        bundles = [Bundle(form=Form(one.form), entries=one.entries) for one in self.box.messages[before:]]
        return ["\n".join(wording.render(bundle, "box")) for bundle in bundles for wording in wordings]

    async def say(self, text: str) -> str:
        """Return what the bot answers to a command of an operator."""
        mei = Principal(id="id-mei", name="Mei", role=Role.OPERATOR, created_at=NOON)
        asked = Asked(text=text, room_id="room@chatroom", contact_id="wx-mei", contact_name="Mei", principal=mei,
                      quote=None, at=self.clock.now())  # fmt: skip
        reply = await commands(self.duty)(self.duty, asked)
        assert reply is not None
        return reply.text


@asynccontextmanager
async def shop_house(
    shop: Shop,
    folder: Path,
    *,
    mode: RemedyMode = RemedyMode.SHADOW,
    follow: bool = True,
    uri: str = "",
    **keys: Any,
) -> AsyncIterator[ShopHouse]:
    """Open a house over a shop and follow it. uri: another way to it; keys: of [mongodb]."""
    section = MongodbSection(**({"timeout": "30s", "database": shop.name} | keys))
    values = CatalogueSection(kind="mongodb", currency="EUR", timezone="Europe/Berlin")
    config = Config(
        mongodb=section,
        catalogue=values,
        channels=(ChannelSection(name="box", min_severity="info"),),
        notices=NoticesSection(digest_at="", messages_per_hour=1000, lines_per_message=1000),
        remedies=RemediesSection(mode=mode.value, budget_count=1000, budget_percent=100),
    )
    clock, box = FakeClock(), Mailbox()
    clock.set_wall(NOON)
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(open_stores(folder / "zhiban.db"))
        catalogue = await stack.enter_async_context(open_catalogue(section, values, uri or shop.uri, stores, clock))
        network = Unreachable(clock)
        ports = Ports(
            catalogue=catalogue, followed=catalogue, incidents=stores.incidents, outbox=stores.outbox,
            evidence=stores.evidence, fetcher=network, reader=network, principals=stores.principals,
            audit=stores.audit, clock=clock, offload=Inline(), notifiers={"box": box}, bot=stores.bot,
        )  # fmt: skip
        duty = Duty(ports, config, Rulebook.build({}, mode))
        house = ShopHouse(shop, catalogue, stores, duty, clock, box)
        stack.push_async_callback(_end, house.following)
        if follow:
            house.follow()
        yield house


async def _end(following: list[asyncio.Task[None]]) -> None:
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    for task in following:
        if not task.cancelled():
            raise AssertionError("the follower ended by itself") from task.exception()


def strict_json(raw: bytes) -> Any:
    """Return what JSON says that any reader can read: no NaN, no infinity, whole characters. Raises ValueError."""

    def refuse(word: str) -> Any:
        raise ValueError(f"{word} is no JSON")

    found = json.loads(raw.decode(), parse_constant=refuse)
    json.dumps(found, ensure_ascii=False).encode()
    return found


def report_json(report: CheckReport) -> Any:
    """Return the report of a check as machines get it."""
    return strict_json(b"".join(json_chunks(report)))
