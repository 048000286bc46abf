"""Rooms hear of a death that nobody was told of, once, and of no good end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from daemon.adapters.memory import FakeClock, MemoryStores
from daemon.errors import DeliveryFailed, DeliveryUnknown, Unavailable
from daemon.forum.rooms import Connection, RoomSetting
from daemon.handlers.bot.coming_back import noting_the_end, tell_of_death
from tests.bot_kit import Bot, ScriptedMessenger, made_bot

ROOMS = ("north", "south")


async def die(b: Bot) -> None:
    """Let a bot begin and never end."""
    with pytest.raises(asyncio.CancelledError):
        async with noting_the_end(b.duty):
            raise asyncio.CancelledError


async def died(b: Bot) -> bool:
    async with noting_the_end(b.duty) as found:
        return found


async def told(b: Bot, seconds: float = 0.0) -> list[tuple[str, str]]:
    before = len(b.messenger.sent)
    store = b.duty.ports.bot
    assert store is not None
    telling = asyncio.create_task(tell_of_death(b.duty, b.messenger, store, b.sender, ROOMS))
    await b.settle(seconds)
    assert telling.done() or seconds == 0
    await asyncio.wait_for(telling, 1)
    return [(sent.conversation_id, sent.text) for sent in b.messenger.sent[before:]]


async def test_a_death_is_known_to_the_next_one_alone_and_a_good_end_is_none() -> None:
    b = made_bot()
    assert not await died(b)
    assert not await died(b)

    await die(b)

    assert await died(b)
    assert not await died(b)


async def test_every_room_hears_once_within_an_hour_that_something_may_be_unanswered() -> None:
    b = made_bot()
    first = await told(b, 60)
    again = await told(b, 60)
    b.clock.advance(timedelta(hours=1).total_seconds())
    later = await told(b, 60)

    assert [room for room, _ in first] == list(ROOMS)
    assert "please say again" in first[0][1]
    assert again == []
    assert [room for room, _ in later] == list(ROOMS)


async def test_a_room_that_is_muted_is_left_in_peace() -> None:
    stores = MemoryStores()
    b = made_bot(stores=stores)
    await stores.bot.save_room(RoomSetting(room_id="north", muted_until=b.clock.now() + timedelta(hours=3)))

    assert [room for room, _ in await told(b, 60)] == ["south"]


async def test_rooms_hear_as_soon_as_the_messenger_is_there_and_nothing_twice() -> None:
    messenger = ScriptedMessenger(FakeClock(), connection=Connection.CONNECTING)
    b = made_bot(messenger=messenger)
    store = b.duty.ports.bot
    assert store is not None
    telling = asyncio.create_task(tell_of_death(b.duty, messenger, store, b.sender, ROOMS))
    await b.settle(120)
    assert messenger.sent == []
    messenger.problems = [*[DeliveryFailed("not yet")] * 4, None, DeliveryUnknown("perhaps")]

    messenger.connection = Connection.ONLINE
    await b.settle(300)

    await asyncio.wait_for(telling, 1)
    assert [sent.conversation_id for sent in messenger.sent] == ["north"]


async def test_a_store_that_is_away_is_logged_and_ends_nothing() -> None:
    class Away:
        async def progress(self, _: str) -> str:
            raise Unavailable("the disk is away")

    b = made_bot()
    incidents: Any = Away()
    b.duty.ports = replace(b.duty.ports, incidents=incidents)
    with capture_logs() as logs:
        assert await told(b) == []
    assert [line["event"] for line in logs] == ["bot.death_untold"]
