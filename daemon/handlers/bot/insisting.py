"""Says what has to be said of the last daemon's end, when that is possible again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from daemon.errors import DeliveryFailed, DeliveryUnknown
from daemon.forum.rooms import Connection
from daemon.ports import Clock, Messenger
from daemon.services.room_sending import RoomSender

_log = structlog.get_logger()

#: Seconds between two looks at whether the messenger is online, and between two tries.
LOOK_S: Final = 1.0
RETRY_S: Final = 30.0


async def until_online(messenger: Messenger, clock: Clock) -> None:
    """Wait until the messenger is online."""
    while messenger.standing.connection is not Connection.ONLINE:
        await clock.sleep(LOOK_S)


async def insist(
    messenger: Messenger,
    clock: Clock,
    sender: RoomSender,
    conversation_id: str,
    text: str,
    mentions: Sequence[tuple[str, str]] = (),
    *,
    messages: int = 1,
) -> None:
    """Send until it was taken, may have been, or never will be. messages: of people that it is about, for the log."""
    while True:
        await until_online(messenger, clock)
        try:
            await sender.send(conversation_id, text, mentions)
        except (DeliveryFailed, DeliveryUnknown) as exc:
            _log.warning("reply.lost", messages=messages, code=exc.code, reason=str(exc))
            if isinstance(exc, DeliveryFailed) and not exc.permanent:
                await clock.sleep(RETRY_S)
                continue
        return
