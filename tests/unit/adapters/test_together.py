"""Questions that are asked together: none is lost, none is answered by what was asked before it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from daemon.adapters.together import Together
from daemon.errors import Unavailable


class Store:
    """Answers when it is let, with how many questions it had been asked by then."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.let = asyncio.Event()
        self.error: Exception | None = None

    async def ask(self, keys: Sequence[str]) -> Mapping[str, str]:
        self.asked.append(list(keys))
        count = len(self.asked)
        await self.let.wait()
        if self.error is not None:
            raise self.error
        return {key: f"{key} in {count}" for key in keys if key != "nothing"}


@pytest.fixture
def store() -> Store:
    return Store()


async def turns() -> None:
    """Let everything go on that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_comes_meanwhile_is_asked_in_one_question(store: Store) -> None:
    together = Together(store.ask)
    first = asyncio.create_task(together.get("a"))
    await turns()
    others = [asyncio.create_task(together.get(key)) for key in ("b", "a", "b", "nothing")]
    await turns()
    assert store.asked == [["a"]]
    store.let.set()
    assert await first == "a in 1"
    assert await asyncio.gather(*others) == ["b in 2", "a in 2", "b in 2", None]
    assert store.asked == [["a"], ["b", "a", "nothing"]]


async def test_an_idle_store_is_asked_at_once(store: Store) -> None:
    together = Together(store.ask)
    store.let.set()
    assert [await together.get("a"), await together.get("a")] == ["a in 1", "a in 2"]


async def test_an_error_reaches_all_who_asked_and_nobody_later(store: Store) -> None:
    together = Together(store.ask)
    store.error = Unavailable("away")
    asking = [asyncio.create_task(together.get("a")), asyncio.create_task(together.get("b"))]
    await turns()
    store.let.set()
    assert [type(one) for one in await asyncio.gather(*asking, return_exceptions=True)] == [Unavailable, Unavailable]
    store.error = None
    assert await together.get("a") == "a in 2"


async def test_who_gives_up_takes_the_answer_from_nobody(store: Store) -> None:
    together = Together(store.ask)
    impatient, patient = asyncio.create_task(together.get("a")), asyncio.create_task(together.get("a"))
    await turns()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    late = asyncio.create_task(together.get("b"))
    await turns()
    late.cancel()
    store.let.set()
    assert await patient == "a in 1"
    await turns()
    assert store.asked == [["a"]]


async def test_an_end_in_the_middle_leaves_nobody_waiting(store: Store) -> None:
    together = Together(store.ask)
    asking = asyncio.create_task(together.get("a"))
    await turns()
    waiting = asyncio.create_task(together.get("b"))
    await turns()
    (inner,) = [task for task in asyncio.all_tasks() if task not in {asking, waiting, asyncio.current_task()}]
    inner.cancel()
    assert all(
        isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(asking, waiting, return_exceptions=True)
    )
    store.let.set()
    assert await together.get("c") == "c in 2"
