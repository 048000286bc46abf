"""The executor: units of work, each one transaction and one thread hop, on connections of aiosqlite.

aiosqlite gives every connection a thread and sends each call there by itself: a transaction of ten statements is
twelve hops of 50 to 100 microseconds, between which the loop may be anywhere. Here the whole unit goes there at once.
aiosqlite has no public call for that, so `Connection` is subclassed and its subclass uses `_execute`, the one method
through which all its public ones go and which its own Cursor uses; the version is pinned, and a test says when that
method has changed. (Overriding methods of `sqlite3.Connection` by the documented `factory` and calling them by
unrelated public names would need as much knowledge and hide it.)

The thread's queue is the lock: one writer connection, so no two write transactions ever meet, and no unit awaits
anything inside its transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Generic, TypeVar

import aiosqlite

from daemon.adapters.sql.audit import AuditChain
from daemon.adapters.sql.faults import translated
from daemon.adapters.sql.statements import Session
from daemon.adapters.sql.values import as_written
from daemon.errors import StoreCorrupt, StoreFull, Unavailable

T = TypeVar("T")

BUSY_TIMEOUT_S: Final = 5.0
READERS: Final = 2
PAGE_SIZE: Final = 8192  # bytes
#: Of `PRAGMA synchronous`: whether a commit waits for the disk. Without, a power cut may undo the last commits, in
#: their order; what a killed process committed is kept either way.
FULL, NORMAL = "FULL", "NORMAL"


class _Abandoned(Exception):
    """The caller of a unit was cancelled before its commit."""


class Worker(aiosqlite.Connection):
    """A connection with its thread."""

    async def run(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """Run a unit in the thread, after all units before it. Raises Unavailable when the connection is closed."""
        try:
            result: T = await self._execute(unit, self._conn)  # type: ignore[no-untyped-call]  # the driver's own
        except ValueError as error:
            if self._connection is None or not self._running:
                raise Unavailable("the store is closed") from error
            raise
        return result


class Unit(Generic[T]):
    """One transaction: begun, worked, committed, or rolled back on any error and when nobody waits any more."""

    __slots__ = ("_begin", "_work", "abandoned", "wrote")

    def __init__(self, begin: tuple[str, ...], work: Callable[[Session], T]) -> None:
        self._begin = begin
        self._work = work
        self.abandoned = False
        self.wrote = False

    def __call__(self, connection: sqlite3.Connection) -> T:
        """Run in the thread. What the driver raises becomes an error of daemon.errors."""
        try:
            return self._transaction(connection)
        except sqlite3.Error as error:
            raise translated(error) from error
        except UnicodeDecodeError as error:
            raise StoreCorrupt(f"the store holds text that is no UTF-8: {error}") from error

    def _transaction(self, connection: sqlite3.Connection) -> T:
        written = connection.total_changes
        try:
            self._go_on()
            for statement in self._begin:
                connection.execute(statement)
            result = self._work(Session(connection))
            self._go_on()
            connection.execute("COMMIT")
            self.wrote = connection.total_changes > written
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return result

    def _go_on(self) -> None:
        if self.abandoned:
            raise _Abandoned


class Database:
    """One writer and a few readers of one file.

    chain: that of the audit log. full: what the last write failed with for want of room; None once one has found room
    again.
    """

    def __init__(self, writer: Worker, readers: list[Worker], chain: AuditChain | None = None) -> None:
        self._writer = writer
        self._readers = readers
        self.chain = chain or AuditChain()
        self._waiting = [0] * len(readers)
        self._writes, self._writing = 0, 0
        self.full: StoreFull | None = None

    @property
    def state(self) -> int | None:
        """Return what stays the same until something is written, None while something is being written.

        Written by this process: whoever else would write to the database has to take the daemon's lock first.
        """
        return None if self._writing else self._writes

    async def write(self, work: Callable[[Session], T], *, durable: bool) -> T:
        """Run a unit that writes. durable: on disk when this returns, even if the power fails then."""
        synchronous = FULL if durable else NORMAL
        unit = Unit((f"PRAGMA synchronous={synchronous}", "BEGIN IMMEDIATE"), work)
        self._writes += 1
        self._writing += 1
        try:
            result = await _settled(self._writer, unit)
        except StoreFull as error:
            self.full = error
            raise
        finally:
            self._writing -= 1
        if unit.wrote:  # what changed nothing needed no room
            self.full = None
        return result

    async def outside(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run in the writer's thread what can be in no transaction. What it began is done, also when cancelled."""
        try:
            return await self._writer.run(work)
        except sqlite3.Error as error:
            raise translated(error) from error

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run a unit that only reads, all of it from one state of the store."""
        index = self._waiting.index(min(self._waiting))
        self._waiting[index] += 1
        try:
            return await _settled(self._readers[index], Unit(("BEGIN",), work))
        finally:
            self._waiting[index] -= 1


async def _settled(worker: Worker, unit: Unit[T]) -> T:
    """Run a unit; when cancelled, wait until it is over, so that nothing of it happens after this returns."""
    try:
        return await worker.run(unit)
    except asyncio.CancelledError:
        unit.abandoned = True
        over = asyncio.ensure_future(worker.run(_nothing))
        while not over.done():
            try:
                await asyncio.shield(over)
            except (asyncio.CancelledError, Unavailable):
                continue
        raise


def _nothing(_: sqlite3.Connection) -> None:
    """Come after all units before it."""


def connect(path: Path, *, mode: str = "rw") -> Worker:
    """Return a connection to be awaited. mode: "rw" for a file that is there, "ro", or "rwc" to make it."""

    def connector() -> sqlite3.Connection:
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, cached_statements=256, check_same_thread=False
        )
        connection.text_factory = lambda raw: as_written(raw.decode())
        return connection

    return Worker(connector, iter_chunk_size=64)


@asynccontextmanager
async def opened(worker: Worker) -> AsyncIterator[Worker]:
    """Open a connection and close it, whatever happens. Raises Unavailable when it cannot be opened."""
    try:
        await worker
    except sqlite3.Error as error:
        raise translated(error) from error
    try:
        yield worker
    finally:
        await _closed(worker)


async def _closed(worker: Worker) -> None:
    closing = asyncio.ensure_future(worker.close())
    cancelled = False
    while not closing.done():
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError


def prepare_writer(connection: sqlite3.Connection) -> None:
    """Set a writer up. Raises errors of daemon.errors.

    The page size only counts for a new file: products of one or two kilobytes import a sixth faster than with 4,096.
    """
    _pragmas(
        connection,
        f"page_size={PAGE_SIZE}",
        "journal_mode=WAL",
        "secure_delete=ON",  # what is deleted is overwritten, as most builds of SQLite do by themselves
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-4000",
        f"journal_size_limit={64 * 2**20}",
    )


def prepare_reader(connection: sqlite3.Connection) -> None:
    """Set a reader up, so that it cannot write. Raises errors of daemon.errors."""
    _pragmas(connection, "query_only=ON", "temp_store=MEMORY", "cache_size=-2000")


def _pragmas(connection: sqlite3.Connection, *settings: str) -> None:
    try:
        for setting in settings:
            connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error as error:
        raise translated(error) from error
