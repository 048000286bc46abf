"""What a daemon does with one product while a person edits it, in any order, and what must be left of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self

from daemon.adapters.memory import FakeClock
from daemon.adapters.mongo.catalogue import MongoCatalogue
from daemon.adapters.mongo.collection import Collection, open_collection
from daemon.adapters.mongo.following import Follower
from daemon.adapters.mongo.mapping import ShopMapping
from daemon.adapters.mongo.observing import Observer
from daemon.adapters.mongo.reading import Reader
from daemon.adapters.sql import SqlStores, open_stores
from daemon.config import MongodbSection
from daemon.errors import Conflict, InvalidInput, NotFound
from tests.interop.mongo_shop import Driver
from tests.mongo_server import Shop
from tests.unit.adapters.mongo.back_end import BackEnd
from tests.unit.adapters.mongo.histories import assert_history_is_true
from tests.unit.adapters.mongo.interleaving import ACTOR, Gate, Gated, GatedCollection, Stage
from tests.unit.adapters.mongo.stories import FIELDS, FOLLOWER, WISHES, Play

MILLISECOND: Final = timedelta(milliseconds=1)
_LONGEST: Final = 1000


@dataclass
class Theatre:
    """A collection and the stores beside it, for one play after the other."""

    shop: Shop
    stores: SqlStores
    collection: Collection
    clock: FakeClock = field(default_factory=FakeClock)

    async def give(self, play: Play) -> Performance:
        """Let everything happen, and hold it to what must be so afterwards."""
        show = Performance(self, play)
        try:
            await show.run()
        finally:
            await show.close()
        return show


class Curtain:
    """Opens and closes a theatre around a test that is not a coroutine."""

    def __init__(self, folder: Path, shop: Shop, driver: Driver) -> None:
        self._folder, self._shop, self._driver = folder, shop, driver
        self._runner, self._stack = asyncio.Runner(), AsyncExitStack()

    def __enter__(self) -> Self:
        self._runner.__enter__()
        self.theatre = self._runner.run(self._open())
        return self

    def __exit__(self, *error: object) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    def give(self, play: Play) -> Performance:
        return self._runner.run(self.theatre.give(play))

    async def _open(self) -> Theatre:
        section = MongodbSection(driver=self._driver, timeout="5s")
        self._shop.products.create_index("updatedAt")
        stores = await self._stack.enter_async_context(open_stores(self._folder / "zhiban.db"))
        return Theatre(
            self._shop, stores, await self._stack.enter_async_context(open_collection(section, self._shop.uri))
        )


class Performance:
    """One play."""

    def __init__(self, theatre: Theatre, play: Play) -> None:
        self.play, self._theatre, self.clock = play, theatre, theatre.clock
        self.stores = theatre.stores
        self.stage = Stage()
        self.back_end = BackEnd(theatre.shop, theatre.clock, tracked=play.tracked, **FIELDS)
        stored, mirror = Gated(theatre.stores.catalogue, self.stage), Gated(theatre.stores.mirror, self.stage)
        collection: Any = GatedCollection(theatre.collection, self.stage, self.back_end, theatre.stores.mirror)
        section = MongodbSection(page_size=1, stream=play.streamed)
        mapping = ShopMapping(section)
        observer = Observer(section, collection, mapping, mirror, self.clock)  # type: ignore[arg-type]  # gated
        self.reader = Reader(section, collection, observer, mirror, stored, self.clock)  # type: ignore[arg-type]
        self.follower = Follower(section, collection, observer, self.reader, self.clock)
        self.catalogue = MongoCatalogue(
            stored, mirror, collection, mapping, observer, self.follower, self.reader  # type: ignore[arg-type]
        )  # fmt: skip
        self._edits = list(play.edits)
        self._parts: list[asyncio.Task[str]] = []
        self._following: asyncio.Task[None] | None = None
        self._mortal: asyncio.Task[str] | None = None
        self._life = play.dies or 0
        self.actors: list[str] = []
        self.outcomes: list[str] = []
        self.in_time = 0  # edits that came before all parts were done
        self.mark = ""

    async def run(self) -> None:
        await self.reader.read_all(lambda: None)
        self.mark = await self.catalogue.mark()
        for name in self.play.begins:
            self._begin(name)
            await self.stage.drain()
        self._following = self._enter(FOLLOWER, self.follower.follow(lambda: None))
        await self.stage.drain()
        first = len(self._parts)
        for name in self.play.parts:
            self._begin(name)
        self._mortal = self._parts[first] if self.play.dies is not None else None
        await self._take_turns()
        self.outcomes = [_outcome(part) for part in self._parts]
        while self._edits:
            await self._turn("person")
        await self.stage.drain()
        await self._assert_all_is_told()
        await self._settled()
        await assert_history_is_true(self)

    async def close(self) -> None:
        """Leave nothing behind."""
        for task in [*self._parts, self._following]:
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        self._theatre.shop.products.delete_many({})

    async def _part(self, name: str, actor: str) -> str:
        if name == "get":
            await self.catalogue.get(self.back_end.product_id)
            return "seen"
        if name == "read":
            await self.reader.read_all(lambda: None)
            return "read"
        if name == "settle":
            await self.reader.settle_intents()
            return "settled"
        read = await self.catalogue.get(self.back_end.product_id)
        new = WISHES[name](read) if read.missing_since is None else None
        if new is None:
            return "unwanted"
        self.back_end.read[actor] = read
        now = self.clock.now()
        try:
            changed = await self.catalogue.replace(read, new, actor=actor, now=now)
        except (Conflict, InvalidInput, NotFound) as refused:
            return type(refused).__name__
        assert (changed.status, changed.title) == (new.status, new.title)
        assert changed.revision > read.revision
        return "made"

    def _begin(self, name: str) -> None:
        actor = f"{name}:{len(self._parts)}"
        self.actors.append(actor)
        self._parts.append(self._enter(actor, self._part(name, actor)))

    async def _take_turns(self) -> None:
        for who in self.play.turns:
            if not who.isdecimal() or int(who) < len(self.play.parts):
                await self._turn(who)
        for _ in range(_LONGEST):
            if all(part.done() for part in self._parts):
                return
            await self._turn("")
        raise AssertionError("somebody waits for ever")

    def _enter(self, actor: str, work: Awaitable[Any]) -> asyncio.Task[Any]:
        async def on_stage() -> Any:
            ACTOR.set(actor)
            return await work

        return asyncio.get_running_loop().create_task(on_stage())

    async def _turn(self, who: str) -> None:
        """Let one thing happen, and wait until it has."""
        self.clock.set_wall(self.clock.now() + MILLISECOND)
        if who == "person":
            self._edit()
        elif who == "clock":
            self.clock.advance(10)
        elif gates := self.stage.gates(self._actor(who)):
            self._open(gates[0])
        await self.stage.quiet()

    def _actor(self, who: str) -> str:
        return who if who == FOLLOWER or not who else self.actors[len(self.play.begins) + int(who)]

    def _open(self, gate: Gate) -> None:
        if self._mortal is None or gate.actor != self.actors[len(self.play.begins)]:
            gate.opened.set_result(None)
        elif self._life == 0:
            self._mortal.cancel()
        else:
            self._life -= 1
            gate.opened.set_result(None)

    def _edit(self) -> None:
        if self._edits:
            self.in_time += not all(part.done() for part in self._parts)
            self.back_end.do(self._edits.pop(0))

    async def _assert_all_is_told(self) -> None:
        """The change stream alone has brought the mirror up to date, whatever came when."""
        if not self.play.streamed or self.play.dies is not None:
            return
        document = self.back_end.document()
        digests = await self.stores.mirror.digests([self.back_end.product_id])
        assert digests == ({} if document is None else {document.id: document.digest})

    async def _settled(self) -> None:
        """Let a minute pass, in which whatever was cut off is found out about."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])
        self.clock.advance(61)
        await self.reader.settle_intents()
        await self.reader.read_all(lambda: None)


def _outcome(part: asyncio.Task[str]) -> str:
    return "dead" if part.cancelled() else part.result()
