"""The association system of a daemon: what it has loaded, the searches that wait and run, and who follows them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from daemon.config import AssociationSection
from daemon.errors import Conflict, NotFound, TooMany, Unavailable, ZhibanError
from daemon.metrics import Metrics
from daemon.ports import CaseStore, Embedder, Gallery, Ports, Search, SearchState
from daemon.ports.cases import ENDED
from daemon.services.association_running import INTERRUPTED, RunningSearch
from daemon.services.association_sites import Sites

if TYPE_CHECKING:
    from daemon.services.duty import Duty

_log = structlog.get_logger()
#: Seconds after which those who follow a search are told where it stands, and the store is.
_TELL_S: Final = 1.0
#: Told to a searcher who comes when the queue is full.
_RETRY_S: Final = 10.0
_FIGURES: Final = ("rounds", "tasks", "compared", "found")


class AssociationStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How the association is: "loading" until it searches, then "on". problems: what it does without, by part."""

    state: str
    since: datetime
    body_model: str
    face_model: str
    waiting: int
    running: int
    problems: dict[str, str]


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What pictures are embedded with. face: None where it is off, or could not be loaded."""

    body: Embedder
    face: Embedder | None
    problems: dict[str, str]


class AssociationSystem:
    """Searches, one after the other in each of a bounded number of places. section: in force, asked anew each time."""

    def __init__(
        self, ports: Ports, gallery: Gallery, cases: CaseStore, section: Callable[[], AssociationSection],
        load: Callable[[AssociationSection], Loaded], metrics: Metrics,
    ) -> None:  # fmt: skip
        self.gallery, self.cases = gallery, cases
        self._ports, self._section, self._load, self._metrics = ports, section, load, metrics
        self.sites = Sites(gallery, ports.offload)
        self._places = section().concurrency
        self._waiting: asyncio.Queue[str] = asyncio.Queue(section().queue)
        self._taken: set[str] = set()  # what waits, by id
        self._running: dict[str, RunningSearch] = {}
        self._followers: dict[str, set[asyncio.Event]] = {}
        self._loaded: Loaded | None = None
        self._since = ports.clock.now()
        metrics.association_running.set_function(lambda: len(self._running))

    @property
    def standing(self) -> AssociationStanding:
        """Return how it is."""
        loaded = self._loaded
        return AssociationStanding(
            state="on" if loaded else "loading",
            since=self._since,
            body_model=loaded.body.model_id if loaded else "",
            face_model=loaded.face.model_id if loaded and loaded.face else "",
            waiting=self._waiting.qsize(),
            running=len(self._running),
            problems=dict(loaded.problems) if loaded else {},
        )

    @property
    def embedders(self) -> Loaded:
        """Return what pictures are embedded with. Raises Unavailable while it is being loaded."""
        if self._loaded is None:
            raise Unavailable("the association is being loaded")
        return self._loaded

    async def run(self) -> None:
        """Load, take up what an earlier daemon left, and search until cancelled; what runs then says so."""
        try:
            await self.load()
            await self.recover()
            async with asyncio.TaskGroup() as group:
                for place in range(self._places):
                    group.create_task(self._serve(), name=f"search {place}")
        finally:
            self.sites.close()
            for running in self._running.values():
                running.stop(SearchState.INTERRUPTED)

    async def load(self) -> None:
        """Load the embedders and have the kernels compiled, off the loop. Raises ConfigError."""
        began_s = self._ports.clock.monotonic()
        self._loaded = await self._ports.offload.run(partial(self._load, self._section()), what="association.load")
        self._since = self._ports.clock.now()
        _log.info(
            "association.loaded", body_model=self._loaded.body.model_id,
            face_model=self._loaded.face.model_id if self._loaded.face else "",
            problems=sorted(self._loaded.problems), duration_s=round(self._ports.clock.monotonic() - began_s, 3),
        )  # fmt: skip

    async def recover(self) -> None:
        """Take up searches that an earlier daemon left: those that waited wait again, those that ran say so."""
        for search in await self.cases.unended():
            if search.id in self._taken:
                continue
            if search.state is SearchState.QUEUED and not self._waiting.full():
                self.take(search.id)
                continue
            ended = msgspec.structs.replace(
                search, state=SearchState.INTERRUPTED, ended_at=self._ports.clock.now(),
                problem=INTERRUPTED,
            )  # fmt: skip
            await self.cases.change_search(ended)
            _log.warning("search.interrupted", search=search.id)

    def check_room(self) -> None:
        """Raise TooMany where no more searches may wait."""
        if self._waiting.full():
            raise TooMany(f"{self._waiting.qsize()} searches wait already; try again later", retry_after_s=_RETRY_S)

    def take(self, search_id: str) -> None:
        """Have a search that was begun searched. Raises TooMany."""
        self.check_room()
        self._taken.add(search_id)
        self._waiting.put_nowait(search_id)

    async def cancel(self, search_id: str) -> Search:
        """End a search where it is; what it found stays. Raises NotFound, Conflict when it had ended already."""
        search = await self.cases.search(search_id)
        if search.state in ENDED:
            raise Conflict(f"the search is {search.state} already")
        if running := self._running.get(search_id):
            running.stop(SearchState.CANCELLED)
            await running.ended.wait()
            return await self.cases.search(search_id)
        cancelled = msgspec.structs.replace(search, state=SearchState.CANCELLED, ended_at=self._ports.clock.now())
        await self.cases.change_search(cancelled)
        self._tell(search_id)
        return cancelled

    async def follow(self, search_id: str) -> AsyncGenerator[Search, None]:
        """Iterate over the states of a search as they come about, to its end. Raises NotFound."""
        news = asyncio.Event()
        self._followers.setdefault(search_id, set()).add(news)
        try:
            last: Search | None = None
            while last is None or last.state not in ENDED:
                news.clear()
                search = await self.current(search_id)
                if search != last:
                    yield (last := search)
                if last.state not in ENDED:
                    await news.wait()
        finally:
            self._followers[search_id].discard(news)
            if not self._followers[search_id]:
                del self._followers[search_id]

    def camera_removed(self, camera_id: str) -> None:
        """Have running searches look no more at a camera that is gone."""
        for running in self._running.values():
            running.remove_camera(camera_id)

    async def current(self, search_id: str) -> Search:
        """Return a search as it is now, ahead of what is kept of it. Raises NotFound."""
        running = self._running.get(search_id)
        return running.search if running else await self.cases.search(search_id)

    async def _serve(self) -> None:
        while True:
            search_id = await self._waiting.get()
            self._taken.discard(search_id)
            with contextlib.suppress(NotFound):  # forgotten while it waited
                search = await self.cases.search(search_id)
                if search.state is SearchState.QUEUED:
                    await self._search(search)

    async def _search(self, search: Search) -> None:
        """Search to the end; whatever ends it is kept with the search."""
        running = RunningSearch(search, self._ports, self.gallery, self.sites, self._section())
        self._running[search.id] = running
        began_s = self._ports.clock.monotonic()
        told_s = -_TELL_S
        try:
            await running.begin(await self.cases.query_vectors(search.id))
            await self.cases.change_search(running.search)
            _log.info("search.started", search=search.id, case=search.case_id, by_face=search.by_face)
            while await running.advance():
                if self._ports.clock.monotonic() - told_s >= _TELL_S:
                    await running.look()
                    await self.cases.change_search(msgspec.structs.replace(running.search, result=None))
                    self._tell(search.id)
                    told_s = self._ports.clock.monotonic()
            await running.finish()
        except asyncio.CancelledError:
            running.stop(SearchState.INTERRUPTED)
            await asyncio.shield(_finish_interrupted(running))
            raise
        except ZhibanError as exc:
            running.fail(str(exc))
        except Exception:  # noqa: BLE001 no fault of one search may end the daemon
            _log.exception("search.failed", search=search.id)
            running.fail("it failed; the log says why under its id")
        finally:
            await asyncio.shield(self._end(running, self._ports.clock.monotonic() - began_s))

    async def _end(self, running: RunningSearch, seconds: float) -> None:
        search = running.search
        try:
            await self.cases.change_search(search)
        except ZhibanError as exc:
            _log.error("search.lost", search=search.id, reason=str(exc))
        finally:
            running.close()
            del self._running[search.id]
            running.ended.set()
        self._metrics.searches.labels(search.state.value).inc()
        self._metrics.search_seconds.observe(seconds)
        self._metrics.search_compared.inc(int(search.progress.get("compared", 0)))
        figures = {name: search.progress[name] for name in _FIGURES if name in search.progress}
        _log.info(
            "search.finished", search=search.id, state=search.state.value, duration_s=round(seconds, 3), **figures
        )
        self._tell(search.id)

    def _tell(self, search_id: str) -> None:
        for news in self._followers.get(search_id, ()):
            news.set()


async def _finish_interrupted(running: RunningSearch) -> None:
    """Take into the record what was found; where no thread is left to tell, that it was interrupted all the same."""
    try:
        await running.finish()
    except ZhibanError:
        running.interrupt()


def system(duty: Duty) -> AssociationSystem:
    """Return the association system. Raises NotFound where there is none."""
    if duty.association is None:
        raise NotFound('there is no association in this daemon: [association] kind is not "on"')
    return duty.association
