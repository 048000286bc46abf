"""Every adapter of the stores. A further one is one function and one row here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from daemon.adapters.memory import MemoryStores
from daemon.adapters.sql import open_stores
from daemon.ports import AuditLog, BotStore, Catalogue, EvidenceStore, IncidentStore, Outbox, Principals


class Stores(Protocol):
    """What every adapter gives."""

    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def incidents(self) -> IncidentStore: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def evidence(self) -> EvidenceStore: ...
    @property
    def principals(self) -> Principals: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def bot(self) -> BotStore: ...


Opener: TypeAlias = Callable[[Path], AbstractAsyncContextManager[Stores]]


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[Stores]:
    yield MemoryStores()


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Stores]:
    async with open_stores(folder / "state" / "zhiban.db") as stores:
        yield stores


ADAPTERS: Final[dict[str, Opener]] = {"memory": _memory, "sqlite": _sqlite}
