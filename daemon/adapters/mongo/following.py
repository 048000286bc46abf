"""Keeps the mirror as the shop's collection is.

By its change stream, by updatedAt where there is none, and by reading all of it at intervals, which finds whatever the
other two have missed. A collection that is away is looked for again and again; when it is back, all of it is read.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import structlog

from daemon.adapters.mongo.collection import Change, Collection
from daemon.adapters.mongo.decoding import decoded
from daemon.adapters.mongo.documents import Document, Unnamed
from daemon.adapters.mongo.observing import Observer
from daemon.adapters.mongo.reading import Reader
from daemon.config import MongodbSection
from daemon.errors import Conflict, NotFound, Unavailable, ZhibanError
from daemon.ports import Clock, Upstream
from daemon.products.imports import SourceState

_log = structlog.get_logger()

#: Seconds before the second try to reach a server, twice as long for each further one, and the most.
BACKOFF_S: Final = 0.25
BACKOFF_MAX_S: Final = 5.0
#: Seconds between two looks at changes of which it is not known whether they were made.
SETTLE_S: Final = 10.0
#: How far back updatedAt is asked again: clocks of the machines that write may differ so much.
OVERLAP: Final = timedelta(seconds=10)
#: Events of a change stream that may wait while those before them are taken over.
TOGETHER: Final = 200
#: Where KeystoneJS writes when a document was changed, where its model tracks that.
UPDATED_AT: Final = ("updatedAt",)


class Follower:
    """One for each collection; `follow` runs once."""

    def __init__(
        self,
        section: MongodbSection,
        collection: Collection,
        observer: Observer,
        reader: Reader,
        clock: Clock,
    ) -> None:
        self._section, self._collection, self._observer = section, collection, observer
        self._reader, self._clock = reader, clock
        self._upstream = Upstream(kind="mongodb", name=section.name, connected=False, since=clock.now(),
                                  problem="not asked yet")  # fmt: skip
        self._token: Mapping[str, Any] | None = None
        self._begun = asyncio.Event()  # what changes from now on is told, or nobody will tell
        self._is_restarted = False
        self._told: Callable[[], None] = lambda: None

    @property
    def upstream(self) -> Upstream:
        """Return how the daemon stands to the collection."""
        return self._upstream

    async def follow(self, told: Callable[[], None]) -> None:
        """Take over what changes, until cancelled. told: called after each change that was taken over."""
        self._told = told
        failures = 0
        while True:
            began = self._clock.monotonic()
            try:
                await self.connect()
                await self._follow_line()
            except ZhibanError as exc:
                self._stand(connected=False, problem=str(exc), live=False)
            if self._clock.monotonic() - began > BACKOFF_MAX_S:
                failures = 0  # it held, or a server that hangs has cost time enough
            wait_s = min(BACKOFF_S * 2**failures, BACKOFF_MAX_S) * random.uniform(0.5, 1.0)  # noqa: S311 no secret
            failures += 1
            await self._clock.sleep(wait_s)

    async def connect(self) -> None:
        """Ask for a sign of life. Raises Unavailable, Unauthorized."""
        await self._collection.ping()
        self._stand(connected=True)

    def state(self, kept: SourceState | None) -> SourceState | None:
        """Return how the source fares, for lists of sources; None while there is nothing to tell of it."""
        if self._upstream.connected:
            return kept
        state = kept or SourceState(name=self._section.name)
        return msgspec.structs.replace(state, failed_at=self._upstream.since, error=self._upstream.problem)

    async def _follow_line(self) -> None:
        """Follow while the line holds. Raises Unavailable when it does not."""
        await self._reader.settle_intents()
        self._begun.clear()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._changes())
                group.create_task(self._readings())
                group.create_task(self._settlings())
        except* ZhibanError as lost:
            raise Unavailable(str(_first(lost))) from lost

    async def _readings(self) -> None:
        await self._begun.wait()  # what changed after it was read, and before that, would not be found until the next
        while True:
            await self._read_all()
            await self._clock.sleep(self._section.scan_interval)

    async def _settlings(self) -> None:
        while True:
            await self._clock.sleep(SETTLE_S)
            await self._reader.settle_intents()

    async def _read_all(self) -> None:
        tally = await self._reader.read_all(self._told)
        if self._upstream.read_at is None and await self._reader.part_with_imported():
            self._told()
        self._count(tally.changed)
        self._upstream = msgspec.structs.replace(
            self._upstream, read_at=self._clock.now(), documents=tally.documents, rejected=tally.rejected,
            read_s=tally.duration_s, troubled_since=None, trouble="",
        )  # fmt: skip

    async def _changes(self) -> None:
        """Take over changes as they are told, or look for them where nobody tells."""
        if self._section.stream:
            try:
                await self._listen()
            except NotFound:
                self._stand(connected=True, live=False)
                _log.info("catalogue.stream_missing", source=self._section.name)
        self._begun.set()
        by_time = self._section.map.get("updated_at", UPDATED_AT)[0]
        if not await self._collection.indexed(by_time):
            _log.info("catalogue.unindexed", source=self._section.name, field=by_time)
            while True:
                await self._clock.sleep(self._section.poll_interval)
                await self._collection.ping()
        await self._look(by_time)

    async def _listen(self) -> None:
        """Follow the change stream. Raises NotFound where there is none, Unavailable when the line is lost."""
        while True:
            try:
                async with aclosing(self._collection.changes(self._token)) as changes:
                    await self._take_changes(changes)
            except Conflict:
                # What happened since that token is found by reading all, once what happens from then on is told.
                _log.warning("catalogue.stream_restarted", source=self._section.name)
                self._token, self._is_restarted = None, True

    async def _take_changes(self, changes: AsyncIterator[Change | None]) -> None:
        """Take over the events of a stream, in one go those that came while the ones before were taken over."""
        waiting: asyncio.Queue[Change] = asyncio.Queue(TOGETHER)

        async def take() -> None:
            while True:
                together = [await waiting.get()]
                while not waiting.empty():
                    together.append(waiting.get_nowait())
                await self._take(together)
                self._token = together[-1].token

        try:
            async with asyncio.TaskGroup() as group:
                taking = group.create_task(take())
                async for change in changes:
                    self._stand(connected=True, live=True)
                    self._begun.set()
                    if self._is_restarted:
                        self._is_restarted = False
                        group.create_task(self._read_all())
                    if change is not None:
                        await waiting.put(change)
                taking.cancel()
        except* ZhibanError as ended:
            raise _first(ended) from None

    async def _take(self, changes: Sequence[Change]) -> None:
        latest = {change.place: change for change in changes if not isinstance(change.document, Unnamed)}
        there = [change.document for change in latest.values() if isinstance(change.document, Document)]
        changed = list(await self._observer.take(there))
        gone = {place: change.shard for place, change in latest.items() if change.document is None}
        changed += await self._reader.take_gone(gone)
        self._count(len(changed))
        if changed:
            self._told()

    async def _look(self, field: str) -> None:
        """Ask again and again for what bears a later time of change than the last that was seen."""
        since = self._clock.now() - OVERLAP
        while True:
            now = self._clock.now()
            while True:
                found = await self._collection.newer(field, since, self._section.page_size)
                page = [one for one in found if isinstance(one, Document)]
                if changed := await self._observer.take(page):
                    self._count(len(changed))
                    self._told()
                latest = _time_of(page[-1], field) if page else None
                if len(found) < self._section.page_size or latest is None or latest <= since:
                    break  # what else bears that very time is found by the next reading of all
                since = latest
            since = max(since, now - OVERLAP)
            await self._clock.sleep(self._section.poll_interval)

    def _count(self, changed: int) -> None:
        self._upstream = msgspec.structs.replace(self._upstream, changes=self._upstream.changes + changed)

    def _stand(self, *, connected: bool, problem: str = "", live: bool | None = None) -> None:
        before = self._upstream
        live = before.live if live is None else live
        if (connected, problem, live) == (before.connected, before.problem, before.live):
            return
        now = self._clock.now()
        since = before.since if connected is before.connected else now
        trouble = {} if connected else {"trouble": problem, "troubled_since": before.troubled_since or now}
        self._upstream = msgspec.structs.replace(
            before, connected=connected, problem=problem, live=live and connected, since=since, **trouble
        )
        if connected is not before.connected or not connected:
            tell = _log.info if connected else _log.warning
            tell("catalogue.connection_changed", source=before.name, connected=connected, reason=problem)


def _first(lost: BaseExceptionGroup[ZhibanError]) -> ZhibanError:
    """Return the first error in a group of groups."""
    found = lost.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


def _time_of(document: Document, path: str) -> datetime | None:
    """Return the time that stands at a dotted path."""
    names = path.split(".")
    found: Any = decoded(document.raw, names[:1])
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, datetime) else None
