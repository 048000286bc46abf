"""From the messenger's inbox to answers: in order within a conversation, conversations beside each other.

A message is remembered before it waits for its turn, and again when it has had it: what one daemon remembered and did
not finish, the next one asks to be repeated. So nothing is handled twice, and nothing is lost without a word.

Who may wait and who is dropped: behind others of their conversation WAITING_IN_ONE messages wait, in all WAITING;
then the inbox of the messenger fills, which drops what it cannot hold. How much is answered says limits.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

import structlog

from daemon.forum.mentions import Heard, hear
from daemon.forum.rooms import Incoming
from daemon.handlers.bot.admission import Admission, conversation_of, is_candidate, is_decision
from daemon.handlers.bot.asking import Answer
from daemon.handlers.bot.asking_again import ask_again
from daemon.handlers.bot.replying import FAILED, Replying, shown_place
from daemon.handlers.bot.screening import ORDINARY, Drop, screened
from daemon.metrics import Metrics
from daemon.ports import Messenger
from daemon.services.duty import Duty
from daemon.services.room_sending import RoomSender

_log = structlog.get_logger()

#: Messages that are remembered and not answered yet: in all conversations, and in one unless a minute allows more.
WAITING: Final = 1000
WAITING_IN_ONE: Final = 100


@dataclass(slots=True)
class _Arrival:
    """A message that waits for its turn. admitted: None when it is remembered and to be answered, else why not."""

    message: Incoming
    heard: Heard
    received_s: float
    admitted: asyncio.Task[Drop | Exception | None]


class Dispatcher:
    """One for each messenger; `run` it once. Raises ValueError without the ports messenger and bot."""

    def __init__(self, duty: Duty, answer: Answer, sender: RoomSender, metrics: Metrics) -> None:
        messenger, store = duty.ports.messenger, duty.ports.bot
        if messenger is None or store is None:
            raise ValueError("a dispatcher needs the ports messenger and bot")
        self._duty, self._sender, self._metrics, self._store = duty, sender, metrics, store
        self._messenger: Messenger = messenger
        self._admission = Admission(duty, store)
        self._replying = Replying(duty, answer, sender, metrics)
        self._conversations: dict[str, deque[_Arrival]] = {}
        self._slots = asyncio.Semaphore(WAITING)
        self._group = asyncio.TaskGroup()
        self._endless: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def waiting(self) -> int:
        """How many messages wait for their turn."""
        return sum(map(len, self._conversations.values()))

    async def run(self) -> None:
        """Answer messages until cancelled, or until `stop` and the last answer."""
        interrupted = await self._store.interrupted()
        for _ in interrupted:
            self._metrics.bot_messages.labels("interrupted").inc()
        async with self._group as group:
            asking = ask_again(self._duty, self._messenger, self._sender, self._admission, interrupted)
            self._endless = [group.create_task(self._receive()), group.create_task(asking)]
            if self._stopping:
                self.stop()

    def stop(self) -> None:
        """Take no more messages; `run` returns when those that were taken are answered."""
        self._stopping = True
        for task in self._endless:
            task.cancel()

    async def _receive(self) -> None:
        while True:
            await self._slots.acquire()
            message = await self._messenger.receive()
            if not self._take(message):
                self._messenger.settle(message.id)
                self._slots.release()
            await asyncio.sleep(0)  # a full inbox is read without any other wait

    def _take(self, message: Incoming) -> bool:
        """Put a message behind the others of its conversation; False when nothing is to be done about it."""
        try:
            heard = self._heard(message)
        except Exception as exc:  # noqa: BLE001  (one odd message must not end the bot)
            self._metrics.bot_messages.labels(FAILED).inc()
            _log.error("message.unreadable", messenger=self._messenger.name, error=type(exc).__name__)
            return False
        if isinstance(heard, Drop):
            self._drop(message, heard)
            return False
        self._queue(message, heard)
        return True

    def _heard(self, message: Incoming) -> Heard | Drop:
        """Return what a message says to the bot, or why it is not looked at."""
        section, standing = self._duty.config.bot, self._messenger.standing
        if drop := screened(message, standing.self_id, section, self._duty.ports.clock.now()):
            return drop
        heard = hear(message, standing.self_id, standing.self_name)
        if not heard.text:
            return Drop.EMPTY
        if not (is_candidate(message, heard) or self._is_expected(message, heard)):
            return Drop.NOT_ADDRESSED
        most = max(WAITING_IN_ONE, section.per_room_per_minute)
        return Drop.OVERFLOW if len(self._conversations.get(conversation_of(message), ())) >= most else heard

    def _is_expected(self, message: Incoming, heard: Heard) -> bool:
        """Tell whether a message may be the yes or no that the bot has just asked its sender for."""
        return message.quote is None and is_decision(heard.text) and self._replying.has_just_answered(message)

    def _queue(self, message: Incoming, heard: Heard) -> None:
        expected = self._is_expected(message, heard)
        admitted = self._group.create_task(self._admitted(message, heard, expected=expected))
        arrival = _Arrival(message, heard, self._duty.ports.clock.monotonic(), admitted)
        conversation = conversation_of(message)
        if conversation in self._conversations:
            self._conversations[conversation].append(arrival)
            return
        self._conversations[conversation] = deque((arrival,))
        self._group.create_task(self._work(conversation))

    async def _admitted(self, message: Incoming, heard: Heard, *, expected: bool) -> Drop | Exception | None:
        drop: Drop | Exception | None
        try:
            drop = await self._admission.admit(message, heard, expected=expected)
        except Exception as exc:  # noqa: BLE001  (a store that fails must not end the bot; the asker is told)
            drop = exc
        self._messenger.settle(message.id)
        return drop

    async def _work(self, conversation: str) -> None:
        """Answer what waits in a conversation, until nothing does."""
        queue = self._conversations[conversation]
        try:
            while queue:
                await self._handle(queue.popleft())
                self._slots.release()
        finally:
            del self._conversations[conversation]

    async def _handle(self, arrival: _Arrival) -> None:
        message, received_s = arrival.message, arrival.received_s
        drop = await arrival.admitted
        if isinstance(drop, Drop):
            self._drop(message, drop)
            return
        outcome = await self._replying.reply_to(message, arrival.heard, received_s, problem=drop)
        if drop is None:
            await self._admission.finish(message.id)
        if isinstance(outcome, Drop):
            self._drop(message, outcome)
            return
        self._metrics.bot_messages.labels(outcome).inc()
        if outcome != FAILED:
            _log.info("message.handled", message=message.id, conversation=shown_place(message), outcome=outcome,
                      duration_s=round(self._duty.ports.clock.monotonic() - received_s, 3))  # fmt: skip

    def _drop(self, message: Incoming, drop: Drop) -> None:
        self._metrics.bot_messages.labels(drop.value).inc()
        level = _log.debug if drop in ORDINARY else _log.info
        level("message.dropped", messenger=self._messenger.name, reason=drop.value, conversation=shown_place(message))
