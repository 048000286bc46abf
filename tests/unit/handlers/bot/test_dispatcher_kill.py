"""Die at every call of the store and of the messenger: every message handled at most once, none lost without a word."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from daemon.adapters.memory import FakeClock, MemoryStores
from daemon.forum.rooms import Incoming, Outgoing
from daemon.handlers.bot.asking import Asked, Reply
from daemon.services.duty import Duty
from tests.bot_kit import Bot, ScriptedMessenger, made_bot, running

ROOMS = ("r1@chatroom", "r2@chatroom")
MESSAGES = 6


class Fate:
    """Kills at the n-th call, before it has an effect or after. Every call takes a tenth of a second."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.left, self.after, self.dead = at, after, asyncio.Event()
        self.clock = FakeClock()

    async def __call__(self, act: Callable[[], Awaitable[Any]]) -> Any:
        if self.dead.is_set():
            await asyncio.Event().wait()  # nothing of a dead process goes on
        await self.clock.sleep(0.1)
        if self.dead.is_set():
            await asyncio.Event().wait()
        self.left -= 1
        if self.left:
            return await act()
        if self.after:
            await act()
        self.dead.set()
        return await asyncio.Event().wait()


class MortalStore:
    """A bot store whose every call may be the last."""

    def __init__(self, store: Any, fate: Fate) -> None:
        self._store, self._fate = store, fate

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def call(*args: Any) -> Any:
            return await self._fate(lambda: method(*args))

        return call


class MortalMessenger(ScriptedMessenger):
    """A messenger whose every send may be the last."""

    fate: Fate

    async def send(self, message: Outgoing) -> str:
        send = super().send
        sent: str = await self.fate(lambda: send(message))
        return sent


class Life:
    """One process after another over the same store and the same chat service."""

    def __init__(self) -> None:
        self.stores = MemoryStores()
        self.handled: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.asked_again: Counter[str] = Counter()
        self.inbox: list[Incoming] = []

    async def answer(self, _: Duty, asked: Asked) -> Reply:
        self.handled[asked.text] += 1
        return Reply(text=f"re {asked.text}")

    def made(self, fate: Fate) -> Bot:
        messenger = MortalMessenger(fate.clock)
        messenger.fate = fate
        store: Any = MortalStore(self.stores.bot, fate)
        return made_bot(self.answer, stores=self.stores, store=store, messenger=messenger,
                        sends_per_minute=1000, room_sends_per_minute=1000)  # fmt: skip

    async def live(self, fate: Fate, messages: list[Incoming]) -> bool:
        """Give a process messages and let it run until it dies or has nothing to do; tell whether it died."""
        b = self.made(fate)
        for message in messages:
            b.messenger.inbox.put_nowait(message)
        async with running(b):
            await b.settle(120)
        assert set(b.messenger.settled) <= set(self.stores.bot._handled), "called taken before it was remembered"
        for sent in b.messenger.sent:
            if sent.text.startswith("re "):
                self.answered[sent.text.removeprefix("re ")] += 1
            else:
                self.asked_again.update(contact for contact, _ in sent.mentions)
        return fate.dead.is_set()


def six_messages(life: Life) -> list[Incoming]:
    speaker = life.made(Fate(0, after=False)).messenger
    return [
        speaker.message(f"@ShopBot {n}", sender_id=f"p{n}", room_id=ROOMS[n % 2], mentions=()) for n in range(MESSAGES)
    ]


@pytest.mark.parametrize("after", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize("redelivered", [False, True], ids=["nothing comes again", "all comes again"])
@pytest.mark.parametrize("at", range(1, 21))
async def test_every_message_is_handled_at_most_once_and_none_is_lost_without_a_word(
    at: int, redelivered: bool, after: bool
) -> None:
    life = Life()
    messages = six_messages(life)

    died = await life.live(Fate(at, after=after), messages)
    assert await life.live(Fate(0, after=False), messages if redelivered else []) is False

    assert max(life.handled.values(), default=0) <= 1
    remembered = {message.id for message in messages if message.id in life.stores.bot._handled}
    for number, message in enumerate(messages):
        heard_of = life.answered[str(number)] or life.asked_again[f"p{number}"]
        assert heard_of or message.id not in remembered
    # Only what the store never took may be unknown, and a service that brings it again gets it answered.
    unknown = len(messages) - len(remembered)
    assert unknown == 0 or (died and not redelivered)
    assert await life.stores.bot.interrupted() == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 12))
async def test_whoever_is_to_be_asked_is_asked_though_the_next_daemon_dies_too(at: int, after: bool) -> None:
    life = Life()
    messages = six_messages(life)
    await life.live(Fate(9, after=True), messages)
    waiting = {row.sender_id for row in await life.stores.bot.interrupted()}
    assert waiting

    await life.live(Fate(at, after=after), [])
    await life.live(Fate(0, after=False), [])

    assert all(life.asked_again[sender] >= 1 for sender in waiting)
    assert max(life.handled.values(), default=0) <= 1
    assert await life.stores.bot.interrupted() == []
