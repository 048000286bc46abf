"""From the receipt of a command to its answer, idle and during full passes over 100,000 products, in one daemon.

Everything is real: the daemon with its room, SQLite on disk, HTTP, all rules; only checks by network are off. Commands
come at fixed times, whether or not earlier ones are answered, and each is timed from the moment it was due: whatever
holds the loop counts. Clock on the wall, since people wait on it.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import structlog

from daemon.adapters.sql import open_stores
from daemon.config import Config
from daemon.config.credentials import Secrets
from daemon.forum.principals import Principal, Role
from daemon.main.assembly import DATABASE, open_ports
from daemon.main.life import Surroundings, main
from daemon.main.process import SWITCH_S
from daemon.ports import OpenRooms
from daemon.products.ids import new_id
from daemon.products.imports import Parsed
from tests.benchmarks.__main__ import versions
from tests.benchmarks.corpus import NOW, SEED, SOURCE, products

AREA: Final = "bot"
PRODUCTS: Final = 100_000
GOAL_MS: Final = 50.0
EVERY_S: Final = 0.025
IDLE_COMMANDS: Final = 1_000
ROOMS: Final = tuple(f"room{n}" for n in range(8))
#: What is asked in turn; the answer to the first tells which product it was about.
COMMANDS: Final = ("product {}", "status", "incidents critical", "product {}", "passes", "help")
_PAGE: Final = 1_000
#: So high that nothing is held back: what is measured is the work, not the pacing.
_UNLIMITED: Final = 1_000_000_000


@dataclass(slots=True)
class Asker:
    """Says commands in the rooms at fixed times and takes the time of every answer, in ms."""

    rooms: OpenRooms
    speaker: Principal
    open: defaultdict[str, deque[tuple[float, str]]] = field(default_factory=lambda: defaultdict(deque))
    answers_ms: list[float] = field(default_factory=list)

    async def listen(self, room: str) -> None:
        """Take the answers of a room, which come in the order of the commands."""
        async for said in self.rooms.watch(room, ""):
            if said.by_bot:
                due_s, word = self.open[room].popleft()
                self.answers_ms.append((time.perf_counter() - due_s) * 1000)
                if word not in said.text:
                    raise ValueError(f"the bot said {said.text[:200]!r}, without {word!r}")

    async def ask_until(self, ended: asyncio.Event, most: int | None = None) -> list[float]:
        """Ask until something ended, or as often as said; return the times to the answers."""
        self.answers_ms = []
        began_s = time.perf_counter()
        for number in itertools.count() if most is None else range(most):
            if ended.is_set():
                break
            due_s = began_s + number * EVERY_S
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            await self._say(number, due_s)
        async with asyncio.timeout(60):
            while any(self.open.values()):  # noqa: ASYNC110  (there is no event for the last of several rooms)
                await asyncio.sleep(0.005)
        return self.answers_ms

    async def _say(self, number: int, due_s: float) -> None:
        room, product = ROOMS[number % len(ROOMS)], str(number * 7919 % PRODUCTS)
        text = COMMANDS[number % len(COMMANDS)].format(product)
        self.open[room].append((due_s, product if "product " in text else ""))
        await self.rooms.post(self.speaker.id, self.speaker.name, room, f"@zhiban {text}", "")


class PassWatch:
    """A log processor that sets `ended` when a pass over everything has finished."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    def __call__(self, _logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """Look at one event."""
        if event["event"] == "pass.finished" and event["checked"] >= PRODUCTS // 2:
            self.ended.set()
        raise structlog.DropEvent


async def rows() -> AsyncIterator[dict[str, Any]]:
    """Measure during the first pass, which opens all incidents, then idle, then during another full pass."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        await _fill(state / DATABASE)
        try:
            first, idle, again = await _measured(state)
        finally:
            structlog.reset_defaults()
    for name, times in (("the first full pass, which opens all incidents", first), ("a later full pass", again)):
        for share in (0.5, 0.99):
            yield _row(name, share, times, idle)


def _row(name: str, share: float, times_ms: Sequence[float], idle_ms: Sequence[float]) -> dict[str, Any]:
    ours, peer = _quantile(times_ms, share), _quantile(idle_ms, share)
    is_goal = share > 0.9
    return {
        "name": f"receipt to reply during {name}, {PRODUCTS:,} products: p{share * 100:.0f} of {len(times_ms):,}, "
        f"against {len(idle_ms):,} idle (wall)",
        "ours": ours, "peer": peer, "ratio": ours / peer, "unit": "ms", "seed": SEED,
        "versions": versions("aiohttp", "aiosqlite", "sqlalchemy"),
        "goal": f"<= idle + {GOAL_MS:.0f} ms" if is_goal else "reported",
        "met": ours - peer <= GOAL_MS if is_goal else None,
    }  # fmt: skip


async def _fill(path: Path) -> None:
    whole = [Parsed(product=product) for product in products(PRODUCTS)]
    async with open_stores(path) as stores:
        for start in range(0, len(whole), _PAGE):
            await stores.catalogue.store_page(SOURCE, whole[start : start + _PAGE], "bench", NOW)


async def _measured(state: Path) -> tuple[list[float], list[float], list[float]]:
    watch = PassWatch()
    structlog.configure(processors=[watch])
    gc.collect()
    gc.freeze()  # as daemon.main.process does
    sys.setswitchinterval(SWITCH_S)  # likewise
    async with _daemon(state) as asker, asyncio.timeout(500):
        first = await asker.ask_until(watch.ended)
        idle = await asker.ask_until(asyncio.Event(), IDLE_COMMANDS)
        watch.ended.clear()
        await _start_full_pass(state)
        again = await asker.ask_until(watch.ended)
    return first, idle, again


@asynccontextmanager
async def _daemon(state: Path) -> AsyncIterator[Asker]:
    """Run a daemon, whose first pass begins at once, with an asker in its rooms."""
    bot = {
        "kind": "local", "rooms": ROOMS, "language": "en", "message_bytes": 100_000,
        "per_person_per_minute": _UNLIMITED, "per_room_per_minute": _UNLIMITED,
        "sends_per_minute": _UNLIMITED, "room_sends_per_minute": _UNLIMITED,
    }  # fmt: skip
    config = Config.model_validate({"http": {"port": 0}, "checks": {"network": False}, "bot": bot})
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        ports = await stack.enter_async_context(open_ports(config, state, Secrets({})))
        if ports.rooms is None:
            raise OSError("the daemon has no rooms")
        speaker = Principal(id=new_id(), name="ann", role=Role.OPERATOR, created_at=ports.clock.now())
        await ports.principals.create(speaker)
        asker = Asker(ports.rooms, speaker)
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for room in ROOMS:
            group.create_task(asker.listen(room))
        group.create_task(main(config, ports=ports, stop=stop, around=Surroundings(state=state)))
        stack.callback(stop.set)
        while not (state / "address").exists():  # noqa: ASYNC110  (another task writes it)
            await asyncio.sleep(0.01)
        yield asker


async def _start_full_pass(state: Path) -> None:
    url, token = ((state / name).read_text(encoding="utf-8").strip() for name in ("address", "token"))
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{url}/api/v1/passes", json={"kind": "full"}) as answer,
    ):
        if answer.status != 202:
            raise OSError(f"the API answered {answer.status}")


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]
