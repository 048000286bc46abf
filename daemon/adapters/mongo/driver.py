"""The one file that knows a driver: motor, or the asynchronous client of PyMongo that succeeds it."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any, Final

import pymongo
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from pymongo import ReadPreference, WriteConcern
from pymongo.errors import DocumentTooLarge, PyMongoError

from daemon.adapters.mongo import faults
from daemon.config import MongodbSection
from daemon.errors import ConfigError, InvalidInput, Unavailable

_HEARTBEAT_S: Final = 0.5  # a server that comes back is found this soon
_FAREWELL_S: Final = 0.2  # for telling the server that the sessions are over

_RAW: Final[CodecOptions[Any]] = CodecOptions(document_class=RawBSONDocument, tz_aware=True)


@asynccontextmanager
async def connect(section: MongodbSection, uri: str, listeners: Sequence[Any]) -> AsyncIterator[tuple[Any, Driver]]:
    """Open the driver's collection of products, whose documents stay raw, and the way to ask it.

    Nothing is connected before the first call. To be entered in the running loop. Raises ConfigError for a driver that
    is not installed, and for a URI that cannot be used, without showing it, as it may hold a password.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # an option that is not understood would be left out
            client = _client(section, uri, listeners)
        database = client[section.database] if section.database else client.get_default_database()
        concern = database.write_concern if database.write_concern.document else WriteConcern("majority")
        products = database[section.collection].with_options(
            codec_options=_RAW, read_preference=ReadPreference.PRIMARY, write_concern=concern
        )
    except (PyMongoError, ValueError, TypeError, UserWarning) as error:
        raise ConfigError(faults.unusable(error)) from None  # what it says may hold a part of a password
    driver = Driver(section.timeout, faults.secrets_of(uri))
    try:
        yield products, driver
    finally:
        with pymongo.timeout(_FAREWELL_S):
            await awaited(client.close())
        await driver.end(_FAREWELL_S)


class Driver:
    """How the driver is asked. timeout_s: for an answer, repetitions included; secrets: what no error may show."""

    def __init__(self, timeout_s: float, secrets: Sequence[str]) -> None:
        self.timeout_s = timeout_s
        self._secrets = secrets
        self._under_way: set[asyncio.Future[Any]] = set()

    async def end(self, within_s: float) -> None:
        """Wait for questions that nobody waits for any more."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=within_s)

    async def ended(self, call: Awaitable[Any]) -> Any:
        """Wait for the driver, which is never cancelled: it goes on to the end of its timeout, and nobody listens.

        A task that is cancelled twice while PyMongo waits by asyncio.wait_for for a server leaves the lock of its
        topology broken, and every later question would wait for ever (before Python 3.12).
        """
        asked = asyncio.ensure_future(call)
        self._under_way.add(asked)
        asked.add_done_callback(self._forget)
        return await asyncio.shield(asked)

    @contextmanager
    def answered(self, meanings: faults.Meanings | None = None, *, limited: bool = True) -> Iterator[None]:
        """Raise a driver's error as what it means here. limited: within the timeout, repetitions included."""
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        try:
            with ExitStack() as stack:
                if limited:
                    stack.enter_context(pymongo.timeout(self.timeout_s))
                yield
        except (BSONError, DocumentTooLarge) as error:
            meant = InvalidInput if meanings is faults.WRITES else Unavailable
            raise meant(faults.words(error, self._secrets)) from error
        except PyMongoError as error:
            raise faults.meaning(error, meanings or {})(faults.words(error, self._secrets)) from error
        finally:
            # asyncio.wait_for, as the driver sends by it, loses a cancellation that comes as it ends (CPython 86296).
            if task and task.cancelling() > before:
                raise asyncio.CancelledError

    async def farewell(self, call: Awaitable[Any]) -> None:
        """Let go of something at the server, whatever comes of it."""
        with suppress(PyMongoError), pymongo.timeout(_FAREWELL_S):
            await call

    def _forget(self, asked: asyncio.Future[Any]) -> None:
        self._under_way.discard(asked)
        if not asked.cancelled():
            asked.exception()  # nobody may be left to be told of it


def _client(section: MongodbSection, uri: str, listeners: Sequence[Any]) -> Any:
    client: Any = pymongo.AsyncMongoClient
    if section.driver == "motor":
        try:
            from motor.motor_asyncio import AsyncIOMotorClient as client  # noqa: N813, PLC0415 only where it is asked for
        except ImportError as missing:
            raise ConfigError(
                f"mongodb.driver is \"motor\", which needs `pip install 'zhiban[mongo]'`: {missing}"
            ) from missing
    patience_ms = int(1000 * section.timeout)
    return client(
        uri, appname="zhiban", tz_aware=True, event_listeners=list(listeners),
        heartbeatFrequencyMS=int(1000 * _HEARTBEAT_S), serverSelectionTimeoutMS=patience_ms,
        connectTimeoutMS=patience_ms, socketTimeoutMS=patience_ms,
    )  # fmt: skip


async def awaited(value: Any) -> Any:
    """Return what one driver gives at once and the other only when awaited."""
    return await value if inspect.isawaitable(value) else value
