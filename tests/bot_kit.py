"""A daemon's bot in one process: a messenger that tests speak through, stores in memory, a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from daemon.adapters.local_room import LocalRoom
from daemon.adapters.memory import FakeClock, MemoryStores
from daemon.config import BotSection, Config
from daemon.forum.rooms import Connection, Incoming, Outgoing, RoomMessage, Standing
from daemon.handlers.bot.asking import Answer, Asked, Reply
from daemon.handlers.bot.dispatcher import Dispatcher
from daemon.metrics import Metrics
from daemon.ports import BotStore, Dialogue
from daemon.services.duty import Duty
from daemon.services.room_sending import RoomSender
from tests.house import house

SELF = "bot-id"
ROOM = "r1@chatroom"


@dataclass
class ScriptedMessenger:
    """A ports.Messenger: what `say` puts in comes out of `receive`, what is sent is kept. problems: raised by sends."""

    clock: FakeClock
    name: str = "scripted"
    self_name: str = "ShopBot"
    connection: Connection = Connection.ONLINE
    sent: list[Outgoing] = field(default_factory=list)
    sent_at_s: list[float] = field(default_factory=list)
    problems: list[BaseException | None] = field(default_factory=list)
    inbox: asyncio.Queue[Incoming] = field(default_factory=asyncio.Queue)
    count: int = 0
    confirms: bool = True
    settled: list[str] = field(default_factory=list)

    @property
    def standing(self) -> Standing:
        return Standing(
            connection=self.connection, since=self.clock.now(), self_id=SELF, self_name=self.self_name
        )  # fmt: skip

    async def receive(self) -> Incoming:
        return await self.inbox.get()

    def settle(self, message_id: str) -> None:
        self.settled.append(message_id)

    async def send(self, message: Outgoing) -> str:
        problem = self.problems.pop(0) if self.problems else None
        if problem is not None:
            raise problem
        self.sent.append(message)
        self.sent_at_s.append(self.clock.monotonic())
        return f"sent-{len(self.sent)}"

    def say(self, text: str, **fields: Any) -> Incoming:
        """Put a message into the inbox: to the bot, in a room, unless told otherwise."""
        message = self.message(text, **fields)
        self.inbox.put_nowait(message)
        return message

    def message(self, text: str, **fields: Any) -> Incoming:
        self.count += 1
        given: dict[str, Any] = {
            "id": f"m{self.count}", "room_id": ROOM, "sender_id": "alice", "sender_name": "Alice", "text": text,
            "sent_at": self.clock.now(),
        }  # fmt: skip
        return Incoming(**(given | fields))

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.sent]


class AttentiveRoom(LocalRoom):
    """Rooms whose bot takes at once whatever is said."""

    async def post(
        self, speaker_id: str, speaker_name: str, room_id: str, text: str, quote_id: str = ""
    ) -> RoomMessage:
        """Say something, and have it taken."""
        message = await super().post(speaker_id, speaker_name, room_id, text, quote_id)
        self.settle(message.id)
        return message


async def echo(_: Duty, asked: Asked) -> Reply | None:
    """Answer every text with itself, but for those that begin with `chat`, which are no commands."""
    return None if asked.text.startswith("chat") else Reply(text=asked.text)


@dataclass
class Bot:
    """A bot that runs, and what it runs on."""

    duty: Duty
    messenger: ScriptedMessenger
    clock: FakeClock
    stores: MemoryStores
    metrics: Metrics
    sender: RoomSender
    dispatcher: Dispatcher

    async def settle(self, seconds: float = 0.0) -> None:
        """Let the inbox be read and everything run until it waits for the clock, and that move on by so much."""
        for _ in range(2 * self.messenger.inbox.qsize()):
            await asyncio.sleep(0)
        await self.clock.run(seconds)

    def counted(self, outcome: str) -> float:
        """Return how many messages had an outcome."""
        value = self.metrics.registry.get_sample_value("zhiban_bot_messages_total", {"outcome": outcome})
        return value or 0.0

    async def ask(self, text: str, **fields: Any) -> list[str]:
        """Say something and return what was said to it within a minute."""
        before = len(self.messenger.sent)
        self.messenger.say(text, **fields)
        await self.settle(60)
        return self.messenger.texts[before:]


def made_bot(
    answer: Answer = echo,
    *,
    stores: MemoryStores | None = None,
    store: BotStore | None = None,
    messenger: ScriptedMessenger | None = None,
    dialogue: Dialogue | None = None,
    **section: Any,
) -> Bot:
    """Build a bot that does not run yet. section: keys of [bot]."""
    given = house(config=Config(bot=BotSection(**({"language": "en"} | section))))
    stores = stores or given.stores
    messenger = messenger or ScriptedMessenger(given.clock)
    clock = messenger.clock
    ports = _replaced(given.duty.ports, clock=clock, messenger=messenger, bot=store or stores.bot, dialogue=dialogue,
                      principals=stores.principals)  # fmt: skip
    duty = Duty(ports, given.duty.config, given.duty.rulebook)
    metrics = Metrics()
    sender = RoomSender(messenger, clock, lambda: duty.config.bot, observe=metrics.observe_send)
    return Bot(duty, messenger, clock, stores, metrics, sender, Dispatcher(duty, answer, sender, metrics))


@asynccontextmanager
async def running(bot: Bot) -> AsyncIterator[Bot]:
    """Run a bot; it is cancelled at the end, and its task leaves nothing behind."""
    task = asyncio.create_task(bot.dispatcher.run())
    try:
        await bot.settle()
        yield bot
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def bot(answer: Answer = echo, **given: Any) -> AsyncIterator[Bot]:
    """Build and run a bot."""
    async with running(made_bot(answer, **given)) as built:
        yield built


def _replaced(ports: Any, **changed: Any) -> Any:
    from dataclasses import replace

    return replace(ports, **changed)
