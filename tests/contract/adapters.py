"""Every adapter of the stores. A further one is one function and one row here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import pytest

from daemon.adapters.memory import MemoryStores
from daemon.adapters.sql import open_stores
from daemon.ports import AuditLog, BotStore, Catalogue, EvidenceStore, IncidentStore, Outbox, Principals
from tests.contract.shop import open_shop
from tests.interop.mongo_shop import Driver


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


#: Takes a folder for files, and what gives the fixtures that it needs.
Opener: TypeAlias = Callable[[Path, pytest.FixtureRequest], AbstractAsyncContextManager[Stores]]


@asynccontextmanager
async def _memory(_: Path, __: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    yield MemoryStores()


@asynccontextmanager
async def _sqlite(folder: Path, _: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    async with open_stores(folder / "state" / "zhiban.db") as stores:
        yield stores


def _shop(driver: Driver) -> Opener:
    @asynccontextmanager
    async def opened(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
        async with open_shop(folder, request.getfixturevalue("mongo"), driver) as stores:
            yield stores

    return opened


ADAPTERS: Final[dict[str, Opener]] = {
    "memory": _memory, "sqlite": _sqlite, "mongodb-motor": _shop("motor"), "mongodb-pymongo": _shop("pymongo"),
}  # fmt: skip
