"""The bot in one process: commands through the dispatcher by CPU-second, their order, and memory over many messages."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import structlog

from daemon.adapters.clock import SystemClock
from daemon.adapters.memory import MemoryStores
from daemon.config import BotSection, Config
from daemon.forum.principals import Principal, Role
from daemon.forum.rooms import BindingCode, Connection, Incoming, Outgoing, Standing
from daemon.handlers.bot.commands.answering import commands
from daemon.handlers.bot.dispatcher import Dispatcher
from daemon.metrics import Metrics
from daemon.services.duty import Duty
from daemon.services.room_sending import RoomSender
from tests.benchmarks.__main__ import versions
from tests.house import house

AREA: Final = "bot"
MESSAGES: Final = 5_000
ROOMS: Final = 50
PEOPLE: Final = 97
GOAL_PER_CPU_S: Final = 2_000
LONG_RUN: Final = 200_000
#: What a long run may add, in KB: the memory of messages is full at 10,000, before the first look.
SETTLED: Final = 20_000
FLAT_KB: Final = 4_096
#: So high that nothing is held back: what is measured is the work, not the pacing.
UNLIMITED: Final = 1_000_000_000


class Loopback:
    """A ports.Messenger whose inbox is fed by the bench and whose sends are only counted."""

    name = "loopback"
    confirms = True

    def __init__(self, clock: SystemClock) -> None:
        self.standing = Standing(connection=Connection.ONLINE, since=clock.now(), self_id="bot", self_name="zhiban")
        self.inbox: asyncio.Queue[Incoming] = asyncio.Queue(1_000)
        self.sent: defaultdict[str, list[str]] = defaultdict(list)
        self.count = 0
        self.keeps = True

    async def receive(self) -> Incoming:
        """Return the next message."""
        return await self.inbox.get()

    def settle(self, message_id: str) -> None:
        """Need no word of what became of a message."""

    async def send(self, message: Outgoing) -> str:
        """Count a reply."""
        self.count += 1
        if self.keeps:
            self.sent[message.conversation_id].append(message.text)
        return str(self.count)


async def rows() -> AsyncIterator[dict[str, Any]]:
    """Measure speed with order and losses, then memory."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    cpu_s, kept_order, lost = await _speed()
    common = {"unit": "commands/CPU-s", "versions": versions("structlog", "prometheus_client")}
    yield {
        "name": f"{MESSAGES:,} commands in {ROOMS} rooms through the dispatcher",
        "ours": MESSAGES / cpu_s, "peer": None, "ratio": None,
        "goal": f">= {GOAL_PER_CPU_S:,}, order kept, none lost",
        "met": MESSAGES / cpu_s >= GOAL_PER_CPU_S and kept_order and not lost,
    } | common  # fmt: skip
    grown_kb = await _growth()
    yield {
        "name": f"memory after {LONG_RUN:,} messages, less that after {SETTLED:,}",
        "ours": grown_kb, "peer": None, "ratio": None, "unit": "KB of RSS",
        "goal": f"<= {FLAT_KB:,}", "met": grown_kb <= FLAT_KB,
    }  # fmt: skip
    structlog.reset_defaults()


async def _speed() -> tuple[float, bool, int]:
    """Return the CPU seconds, whether every room kept its order, and how many replies are missing."""
    async with _bot() as messenger:
        await _feed(messenger, 0, 500)
        messenger.sent.clear()
        began = time.process_time()
        await _feed(messenger, 500, MESSAGES)
        cpu_s = time.process_time() - began
        order = all(_numbers(texts) == sorted(_numbers(texts)) for texts in messenger.sent.values())
        return cpu_s, order, MESSAGES - sum(map(len, messenger.sent.values()))


async def _growth() -> float:
    """Return by how many kilobytes the process grew."""
    async with _bot() as messenger:
        messenger.keeps = False
        await _feed(messenger, 0, SETTLED)
        before_kb = _resident_kb()
        await _feed(messenger, SETTLED, LONG_RUN - SETTLED)
        return _resident_kb() - before_kb


def _resident_kb() -> float:
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as figures:  # noqa: PTH123  (not a file that anybody wrote)
        return int(figures.read().split()[1]) * 4.0


async def _feed(messenger: Loopback, first: int, count: int) -> None:
    expected = messenger.count + count
    now = SystemClock().now()
    for number in range(first, first + count):
        await messenger.inbox.put(Incoming(
            id=f"m{number}", room_id=f"r{number % ROOMS}@chatroom", sender_id=f"p{number % PEOPLE}",
            sender_name="Somebody", text=f"@zhiban\u2005product p{number}", sent_at=now, mentions=("bot",),
            names=("zhiban",),
        ))  # fmt: skip
    async with asyncio.timeout(120):
        while messenger.count < expected:  # noqa: ASYNC110  (the messenger has no event for its last reply)
            await asyncio.sleep(0.001)


def _numbers(texts: list[str]) -> list[int]:
    """Return which products the replies of a room name."""
    return [int("".join(filter(str.isdigit, text))) for text in texts]


async def _team(stores: MemoryStores) -> None:
    """Bind everybody who speaks to one operator."""
    now = SystemClock().now()
    owner = Principal(id="u1", name="ann", role=Role.OPERATOR, created_at=now)
    await stores.principals.create(owner)
    for number in range(PEOPLE):
        await stores.bot.add_code(
            BindingCode(code_sha256=str(number), principal_id=owner.id, expires_at=now + timedelta(minutes=1))
        )
        await stores.bot.bind(str(number), f"p{number}", now)


@asynccontextmanager
async def _bot() -> AsyncIterator[Loopback]:
    clock, stores = SystemClock(), MemoryStores()
    messenger = Loopback(clock)
    section = BotSection(
        max_age="1h", per_person_per_minute=UNLIMITED, per_room_per_minute=UNLIMITED,
        sends_per_minute=UNLIMITED, room_sends_per_minute=UNLIMITED,
    )  # fmt: skip
    await _team(stores)
    given = house(config=Config(bot=section)).duty
    ports = replace(given.ports, clock=clock, messenger=messenger, bot=stores.bot, principals=stores.principals)
    duty = Duty(ports, given.config, given.rulebook)
    metrics = Metrics()
    sender = RoomSender(messenger, clock, lambda: duty.config.bot, observe=metrics.observe_send)
    task = asyncio.create_task(Dispatcher(duty, commands(duty), sender, metrics).run())
    try:
        yield messenger
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
