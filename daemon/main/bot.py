"""The bot of a daemon: what hears and answers, and how notices get into its rooms."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from daemon.adapters.room_channel import RoomNotifier
from daemon.config import BotSection, ChannelSection
from daemon.errors import ConfigError
from daemon.forum.rooms import Connection
from daemon.handlers.bot.coming_back import noting_the_end, tell_of_death
from daemon.handlers.bot.commands.answering import commands
from daemon.handlers.bot.dispatcher import Dispatcher
from daemon.metrics import Metrics
from daemon.ports import BotStore, Messenger, OpenRooms
from daemon.services.contacts import contact_principal
from daemon.services.delivery import wording_for
from daemon.services.duty import Duty
from daemon.services.room_sending import RoomSender


class Bot:
    """The bot over the messenger of a duty, whose ports get a notifier for each channel that is a room.

    Raises ConfigError for notices to rooms that are not there.
    """

    def __init__(self, duty: Duty, messenger: Messenger, store: BotStore, metrics: Metrics) -> None:
        self._duty, self._messenger, self._store = duty, messenger, store
        self._sender = RoomSender(messenger, duty.ports.clock, lambda: duty.config.bot, observe=metrics.observe_send)
        self._dispatcher = Dispatcher(duty, commands(duty), self._sender, metrics)
        metrics.watch_connection(list(Connection), lambda: messenger.standing.connection)
        self._rooms = notice_rooms(duty.config.bot, duty.ports.rooms)
        made = {one.name: self._notifier(one) for one in duty.config.channels if one.kind == "room"}
        duty.ports = replace(duty.ports, notifiers={**duty.ports.notifiers, **made})

    async def run(self) -> None:
        """Hear and answer, until cancelled, or until `stop` and the last answer."""
        async with noting_the_end(self._duty) as died, asyncio.TaskGroup() as group:
            telling = None
            if died and not self._messenger.confirms:
                telling = group.create_task(
                    tell_of_death(self._duty, self._messenger, self._store, self._sender, self._rooms)
                )
            await self._dispatcher.run()
            if telling:
                telling.cancel()

    def stop(self) -> None:
        """Hear nothing more."""
        self._dispatcher.stop()

    def close_rooms(self) -> None:
        """End what follows the rooms of this daemon."""
        if self._duty.ports.rooms is not None:
            self._duty.ports.rooms.close()

    def _notifier(self, section: ChannelSection) -> RoomNotifier:
        return RoomNotifier(
            section.name,
            self._rooms,
            send=self._sender.send,
            store=self._store,
            clock=self._duty.ports.clock,
            named=self._named,
            wording=lambda: wording_for(self._duty.config, "room"),
            timeout_s=section.timeout,
        )

    async def _named(self, contact_id: str) -> str:
        """Return the name to mention a contact by; "" where the messenger knows better what it is called there."""
        if self._duty.ports.rooms is None:
            return ""
        principal = await contact_principal(self._duty, contact_id)
        return principal.name if principal else contact_id


def notice_rooms(section: BotSection, rooms: OpenRooms | None) -> tuple[str, ...]:
    """Return the ids of the rooms that notices go to. Raises ConfigError for one that is not in this daemon."""
    named = section.notice_rooms or section.rooms
    if rooms is None:
        return named
    if unknown := sorted(set(named) - set(rooms.room_ids)):
        raise ConfigError(
            f"bot.notice_rooms: there is no room {unknown[0]!r}; bot.rooms has {', '.join(rooms.room_ids)}"
        )
    return named or tuple(rooms.room_ids)
