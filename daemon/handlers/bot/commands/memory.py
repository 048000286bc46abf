"""What the bot keeps in mind between two messages of a person in a conversation. Bounded, and gone with the process."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar

from daemon.ports import IncidentFilter
from daemon.products.handles import HandleIndex
from daemon.products.incidents import ALIVE
from daemon.services.duty import Duty

if TYPE_CHECKING:
    from daemon.handlers.bot.commands.command import Call, Command, Run

V = TypeVar("V")

#: Contact id and room id, "" in a private chat.
Key: TypeAlias = tuple[str, str]

#: Persons in conversations that something is kept for; the longest unused is forgotten first.
_KEPT: Final = 2000
_PAGE: Final = 500
#: Incidents that are given handles; beyond them nobody types.
_MOST: Final = 20_000
#: Seconds for which handles are believed. An older one that has become ambiguous since still means what it meant.
_FRESH_S: Final = 60.0


class Recent(Generic[V]):
    """One thing for each person in each conversation."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._things: OrderedDict[Key, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._things)

    def put(self, key: Key, thing: V) -> None:
        """Keep a thing in place of the one before."""
        self._things[key] = thing
        self._things.move_to_end(key)
        if len(self._things) > self._kept:
            self._things.popitem(last=False)

    def get(self, key: Key) -> V | None:
        """Return what is kept, None for nothing."""
        return self._things.get(key)

    def pop(self, key: Key) -> V | None:
        """Return what is kept and forget it."""
        return self._things.pop(key, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What waits for a yes: do it then, as the command that asked. asked_s: seconds of the monotonic clock."""

    command: Command
    do: Run
    principal_id: str
    asked_s: float


class Handles:
    """The handles of the incidents that are alive, read again when they are old, by one reader for all who wait."""

    def __init__(self) -> None:
        self._index = HandleIndex()
        self._read_s = float("-inf")
        self._reading = asyncio.Lock()

    async def index(self, duty: Duty, *, anew: bool = False) -> HandleIndex:
        """Return the index. anew: as of now, for a handle that was not in it."""
        asked_s = duty.ports.clock.monotonic()
        oldest_s = asked_s if anew else asked_s - _FRESH_S
        if self._read_s < oldest_s:
            async with self._reading:
                if self._read_s < oldest_s:
                    await self._read(duty)
        return self._index

    async def _read(self, duty: Duty) -> None:
        begun_s = duty.ports.clock.monotonic()
        self._index = HandleIndex(await _alive(duty))
        self._read_s = begun_s


async def _alive(duty: Duty) -> list[str]:
    ids: list[str] = []
    cursor: str | None = None
    while len(ids) < _MOST:
        page = await duty.ports.incidents.find(IncidentFilter(states=tuple(ALIVE)), _PAGE, cursor)
        ids += [incident.id for incident in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    return ids


@dataclass(slots=True)
class Memory:
    """All of it."""

    pending: Recent[Pending] = field(default_factory=Recent)
    #: How the last list of each goes on.
    lists: Recent[Callable[[Call], Awaitable[str]]] = field(default_factory=Recent)
    handles: Handles = field(default_factory=Handles)
