"""What arrived and waits: ids at first, then messages, asked of the service one after another, so in order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from daemon.adapters.wechat_line import Line, Unanswered
from daemon.adapters.wechat_messages import incoming
from daemon.adapters.wechat_names import Names
from daemon.forum.rooms import Incoming
from daemon.ports import Clock

log = structlog.get_logger()

_FETCH_S: Final = 5.0
#: A message whose line went away is asked for once more on the next one.
_FETCH_TIMES: Final = 2


class Inbox:
    """Holds at most `limit` messages; those that come while it is full are dropped, counted and logged.

    line: waits for a line that is open. self_id: returns the bot's contact id.
    """

    def __init__(
        self, limit: int, *, line: Callable[[], Awaitable[Line]], self_id: Callable[[], str], names: Names, clock: Clock
    ) -> None:
        self._room = limit
        self._line, self._self_id, self._names, self._clock = line, self_id, names, clock
        self._ids: asyncio.Queue[str] = asyncio.Queue()
        self._messages: asyncio.Queue[Incoming] = asyncio.Queue()
        self._overflowing = False
        self.dropped: Counter[str] = Counter()

    def arrive(self, message_id: str) -> None:
        """Put a message into line; never waits."""
        if self._room <= 0:
            self._drop("inbox_full", quiet=self._overflowing)
            self._overflowing = True
            return
        self._overflowing = False
        self._room -= 1
        self._ids.put_nowait(message_id)

    async def receive(self) -> Incoming:
        """Wait for the next message."""
        message = await self._messages.get()
        self._room += 1
        return message

    async def run(self) -> None:
        """Ask the service for what arrived, for ever."""
        while True:
            message = await self._fetched(await self._ids.get())
            if message is None:
                self._room += 1
                self._drop("unfetched")
            else:
                self._messages.put_nowait(message)

    async def _fetched(self, message_id: str) -> Incoming | None:
        for _ in range(_FETCH_TIMES):
            line = await self._line()
            try:
                payload = await line.message(message_id, _FETCH_S)
                return await self._made_ours(line, payload, message_id)
            except Unanswered:
                continue
            except Exception as exc:  # noqa: BLE001 one message that cannot be read must not end the others
                log.warning("bot.message_unreadable", error=type(exc).__name__)
                return None
        return None

    async def _made_ours(self, line: Line, payload: Any, message_id: str) -> Incoming:
        self_id = self._self_id()
        senders = await self._names.of(line, payload.from_id, payload.room_id) if payload.from_id else ()
        return incoming(
            payload,
            message_id=message_id,
            self_id=self_id,
            sender_name=senders[0] if senders else "",
            names=await self._names.of(line, self_id, payload.room_id) if self_id else (),
            now=self._clock.now(),
        )

    def _drop(self, reason: str, *, quiet: bool = False) -> None:
        self.dropped[reason] += 1
        if not quiet:  # one line for each time that it overflows
            log.warning("message.dropped", reason=reason, dropped=self.dropped[reason])
