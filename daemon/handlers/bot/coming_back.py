"""After a death that nobody was told of, the rooms of the bot hear that something may have gone unanswered.

A chat service that keeps no queue brings nothing again: not what people said while no daemon was there, nor what had
come to the last one and was not yet remembered.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import structlog

from daemon.errors import ZhibanError
from daemon.handlers.bot.dispatch_phrases import phrase
from daemon.handlers.bot.insisting import insist, until_online
from daemon.ports import Batch, BotStore, Messenger
from daemon.products.local_time import shown
from daemon.services.duty import Duty
from daemon.services.room_sending import RoomSender

_log = structlog.get_logger()

#: Names of values in the store: when the bot that has not ended yet began, and when rooms last heard of a death.
BEGAN_AT: Final = "bot.began_at"
TOLD_AT: Final = "bot.death_told_at"
#: A daemon that dies again and again says so once in this time.
QUIET_FOR: Final = timedelta(hours=1)


@asynccontextmanager
async def noting_the_end(duty: Duty) -> AsyncIterator[bool]:
    """Yield whether the last bot died; a block that is left in good order is a good end. Raises Unavailable."""
    store = duty.ports.incidents
    died = bool(await store.progress(BEGAN_AT))
    await store.commit(Batch(progress={BEGAN_AT: duty.ports.clock.now().isoformat()}))
    yield died
    await store.commit(Batch(progress={BEGAN_AT: ""}))


async def tell_of_death(
    duty: Duty, messenger: Messenger, store: BotStore, sender: RoomSender, rooms: Sequence[str]
) -> None:
    """Tell every room that is not muted, as soon as the messenger is online, of what may have been lost until then."""
    try:
        await _tell_all(duty, messenger, store, sender, rooms)
    except ZhibanError as exc:
        _log.error("bot.death_untold", code=exc.code, reason=str(exc))


async def _tell_all(
    duty: Duty, messenger: Messenger, store: BotStore, sender: RoomSender, rooms: Sequence[str]
) -> None:
    now = duty.ports.clock.now()
    told_at = await duty.ports.incidents.progress(TOLD_AT)
    if told_at and now - datetime.fromisoformat(told_at) < QUIET_FOR:
        _log.info("bot.death_untold", reason="told already", told_at=told_at)
        return
    await until_online(messenger, duty.ports.clock)
    await duty.ports.incidents.commit(Batch(progress={TOLD_AT: now.isoformat()}))
    time = shown(duty.ports.clock.now(), duty.config.notices.timezone)
    text = phrase(duty.config.bot.language, "came_back", time=time)
    for room in rooms:
        setting = await store.room(room)
        if not setting.is_muted(now):
            await insist(messenger, duty.ports.clock, sender, room, text)
