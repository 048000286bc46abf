"""Tasks of a daemon that go on one at a time, from one call of a store to the next, in an order that a test draws."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from daemon.adapters.mongo.collection import Change, Collection
from daemon.adapters.mongo.documents import Document, place_of
from daemon.adapters.sql.mirror import SqlMirror
from tests.unit.adapters.mongo.back_end import BackEnd

#: Rounds of the loop within which whatever can go on without an answer from outside has gone on.
_ROUNDS: Final = 12
_PATIENCE_S: Final = 5.0

#: Who is on stage in this task; "" for those who are never held up.
ACTOR: ContextVar[str] = ContextVar("ACTOR", default="")


class Gate(NamedTuple):
    """Where somebody is held up. ready: whether it can be opened."""

    actor: str
    opened: asyncio.Future[None]
    ready: Callable[[], bool]


class Stage:
    """Holds tasks up before and after each of their calls. Whose turn it is, others say."""

    def __init__(self) -> None:
        self._gates: dict[asyncio.Future[None], Gate] = {}
        self._calling = 0

    def gates(self, actor: str = "") -> list[Gate]:
        """Return the gates that can be opened, of one actor or all, longest closed first."""
        return [gate for gate in self._gates.values() if gate.ready() and actor in {"", gate.actor}]

    async def hold(self, ready: Callable[[], bool] = lambda: True) -> None:
        """Wait until the gate is opened, which may be done while `ready`."""
        opened = asyncio.get_running_loop().create_future()
        self._gates[opened] = Gate(ACTOR.get(), opened, ready)
        try:
            await opened
        finally:
            del self._gates[opened]

    async def call(self, method: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """Call a method between two gates."""
        if not ACTOR.get():
            return await method(*args, **kwargs)
        await self.hold()
        answer = await self.through(method(*args, **kwargs))
        await self.hold()
        return answer

    async def through(self, answer: Awaitable[Any]) -> Any:
        """Wait for an answer from outside."""
        self._calling += 1
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await answer
        finally:
            self._calling -= 1

    async def quiet(self) -> None:
        """Wait until all are held up, have ended, or wait for one another."""
        still = 0
        while still < _ROUNDS:
            await asyncio.sleep(0)
            still = 0 if self._calling else still + 1

    async def drain(self) -> None:
        """Let all go on until nobody can."""
        await self.quiet()
        while gates := self.gates():
            for gate in gates:
                gate.opened.set_result(None)
            await self.quiet()


class Gated:
    """A store whose calls are held up."""

    def __init__(self, inner: Any, stage: Stage) -> None:
        self._inner, self._stage = inner, stage

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._stage.call(method, *args, **kwargs)

        return call


class GatedCollection(Gated):
    """The shop's collection, whose writes are noted, and whose events come when it is their turn."""

    _inner: Collection

    def __init__(self, inner: Collection, stage: Stage, back_end: BackEnd, mirror: SqlMirror) -> None:
        super().__init__(inner, stage)
        self._back_end, self._mirror = back_end, mirror

    async def update(self, where: Any, change: Any) -> Document | None:
        """Change a document, and note what that made of it."""

        async def noted() -> Document | None:
            # Whoever makes it now, a change is that of whoever meant to make it.
            intent = (await self._mirror.known([self._back_end.product_id]))[self._back_end.product_id].intent
            with self._back_end.written_by(intent.actor if intent else "nobody"):
                return await self._inner.update(where, change)

        found: Document | None = await self._stage.call(noted)
        return found

    async def changes(self, resume: Any) -> AsyncIterator[Change | None]:
        """Iterate over the events of the products that the test is about, each in its turn."""
        async with aclosing(self._inner.changes(resume)) as stream:
            yield await self._stage.through(anext(stream))
            self._back_end.told = len(self._back_end.facts) - 1
            while True:
                seen = self._back_end.told
                await self._stage.hold(lambda: self._back_end.told < len(self._back_end.facts) - 1)
                while self._back_end.told == seen:
                    change = await self._stage.through(anext(stream))
                    if change is not None and change.place == place_of(self._back_end.id):
                        self._back_end.told += 1
                        yield change
