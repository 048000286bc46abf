"""Questions that come one by one, asked of a store several at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """Asks about one key at once while nothing is asked, else with all that were asked about meanwhile.

    So a busy store is asked a few long questions instead of many short ones, and an idle one without delay. An answer
    is never older than its question. ask: returns what is found of several different keys.
    """

    def __init__(self, ask: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[K, asyncio.Future[V | None]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """Return what there is of a key, None for nothing. Raises what asking raises."""
        answer: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, answer))
        if self._asking is None:
            # In a context of its own, since it asks for others too, whose request ids are not the first one's.
            self._asking = asyncio.create_task(self._ask_all(), context=Context())
        return await answer

    async def _ask_all(self) -> None:
        asked: list[tuple[K, asyncio.Future[V | None]]] = []
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, []
                await self._answer(asked)
        finally:
            self._asking = None
            for _, answer in (*asked, *self._waiting):
                answer.cancel()  # nothing happens to those that have been answered
            self._waiting = []

    async def _answer(self, asked: Sequence[tuple[K, asyncio.Future[V | None]]]) -> None:
        wanted = {key: None for key, answer in asked if not answer.done()}
        if not wanted:
            return
        try:
            found = await self._ask(list(wanted))
        except Exception as error:  # noqa: BLE001 - it is raised where the question came from
            for _, answer in asked:
                if not answer.done():
                    answer.set_exception(error)
            return
        for key, answer in asked:
            if not answer.done():
                answer.set_result(found.get(key))
