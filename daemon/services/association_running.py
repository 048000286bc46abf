"""One search while it runs: its engine in threads, in pieces small enough to share them, and where it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from daemon.config import AssociationSection
from daemon.errors import InvalidInput, NotFound, Unavailable
from daemon.ports import CarriedThing, Gallery, Ports, Search, SearchState, SightingsView
from daemon.services.association_sites import Sites
from daemon.services.association_vectors import QueryVectors

if TYPE_CHECKING:
    from daemon.inference.association.search.best_first import BestFirst
    from daemon.inference.association.search.query import Limits, Query

T = TypeVar("T")
#: Seconds that one piece of a search should keep a thread.
_PIECE_S: Final = 0.02
#: Said of a search that was under way when the daemon ended.
INTERRUPTED: Final = "the daemon ended while it ran; it can be started again"
_ROUNDS_FIRST, _ROUNDS_MOST = 20, 2_000
#: Seconds between tries for a place among other work in threads, and after which a search gives up.
_BUSY_S, _PATIENCE_S = 0.1, 60.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a search is for, as it is kept with it. time_s: by the camera's clock. cameras: that may be searched."""

    camera: str
    time_s: float
    horizon_s: float
    detection: str = ""
    came_from: str = ""
    direction_deg: float | None = None
    forwards: bool = True
    backwards: bool = False
    carried: tuple[CarriedThing, ...] = ()
    body_model: str = ""
    face_model: str = ""
    pictures: int = 0
    cameras: tuple[str, ...] = ()


class RunningSearch:
    """One search in this process. search: its record, as it is now; ended: set when its last record is kept."""

    def __init__(
        self, search: Search, ports: Ports, gallery: Gallery, sites: Sites, section: AssociationSection
    ) -> None:
        self.search = search
        self.ended = asyncio.Event()
        self._ports, self._gallery, self._sites, self._section = ports, gallery, sites, section
        self._asked = msgspec.convert(dict(search.asked), Asked)
        self._opened: AbstractContextManager[SightingsView] | None = None
        self._view: SightingsView | None = None
        self._engine: BestFirst | None = None
        self._rounds = _ROUNDS_FIRST
        self._stop: SearchState | None = None
        self._gone: list[str] = []

    async def begin(self, vectors: Sequence[bytes]) -> None:
        """Open what is searched. Raises NotFound where there is nothing of these models, InvalidInput."""
        asked = self._asked
        self._opened = await self._gallery.view(asked.body_model, asked.face_model if self.search.by_face else "")
        self._view = self._opened.__enter__()
        site = await self._sites.of(asked.body_model, asked.face_model if self.search.by_face else "", self._view)
        self._engine = await self._off(
            partial(self._made, site, self._view, QueryVectors.of(vectors)), what="association.begin"
        )
        self._become(state=SearchState.RUNNING, started_at=self._ports.clock.now(), progress=self._progress())

    async def advance(self) -> bool:
        """Search for a moment; tell whether it goes on."""
        engine = self._ready()
        if self._stop is not None:
            return False
        for camera in self._gone:
            self._forget_camera(engine, camera)
        self._gone.clear()
        began_s = self._ports.clock.monotonic()
        more = await self._off(partial(engine.advance, self._rounds), what="association.search")
        took_s = max(self._ports.clock.monotonic() - began_s, 1e-6)
        self._rounds = round(min(max(self._rounds * min(_PIECE_S / took_s, 2.0), 1), _ROUNDS_MOST))
        self._become(progress=self._progress())
        return more and self._stop is None

    async def look(self) -> None:
        """Take what was found so far into the record."""
        self._become(result=await self._found())

    async def finish(self) -> None:
        """Take what was found into the record, whether or not it was all."""
        if self._stop is not None and self._engine is not None:
            self._engine.cancel()
        result = await self._found() if self._engine is not None else None
        self._become(
            state=self._stop or SearchState.DONE, ended_at=self._ports.clock.now(), result=result,
            problem=INTERRUPTED if self._stop is SearchState.INTERRUPTED else "",
        )  # fmt: skip

    def interrupt(self) -> None:
        """Note that the daemon ended while it ran; what was told of it before stays."""
        self._become(state=SearchState.INTERRUPTED, ended_at=self._ports.clock.now(), problem=INTERRUPTED)

    def fail(self, problem: str) -> None:
        """Note why it failed."""
        self._become(state=SearchState.FAILED, ended_at=self._ports.clock.now(), problem=problem)

    def stop(self, state: SearchState) -> None:
        """Have it end after the piece that runs."""
        if self._stop is None:
            self._stop = state

    def remove_camera(self, camera_id: str) -> None:
        """Look no more at a camera, from the next piece on."""
        self._gone.append(camera_id)

    def close(self) -> None:
        """Let go of what is searched."""
        self._engine = None
        if self._opened is not None:
            self._opened.__exit__(None, None, None)
            self._opened = None

    async def _found(self) -> Mapping[str, Any]:
        engine = self._ready()
        found: Mapping[str, Any] = await self._off(
            lambda: msgspec.to_builtins(engine.trajectory()), what="association.result"
        )
        return found

    async def _off(self, work: Callable[[], T], what: str) -> T:
        """Run work in a thread. Where other work has taken all places, wait for one.

        Raises Unavailable after long, and at once when the daemon ends.
        """
        until_s = self._ports.clock.monotonic() + _PATIENCE_S
        while True:
            try:
                return await self._ports.offload.run(work, what=what)
            except Unavailable:
                if self._stop is SearchState.INTERRUPTED or self._ports.clock.monotonic() >= until_s:
                    raise
            await self._ports.clock.sleep(_BUSY_S)

    def _made(self, site: Any, view: SightingsView, vectors: QueryVectors) -> BestFirst:
        from daemon.inference.association.search.best_first import BestFirst  # noqa: PLC0415 slow to import

        return BestFirst(site, view, self._query(view, vectors), self._limits())

    def _query(self, view: SightingsView, vectors: QueryVectors) -> Query:
        from daemon.inference.association.search.query import Query  # noqa: PLC0415 as above

        asked, numbers = self._asked, {camera: number for number, camera in enumerate(view.cameras)}
        if asked.camera not in numbers:
            raise InvalidInput(f"camera {asked.camera!r} is not in the network any more")
        return Query(
            camera=numbers[asked.camera],
            time_s=asked.time_s,
            row=_row(view, asked.detection),
            body=vectors.body,
            face=vectors.face,
            horizon_s=asked.horizon_s,
            came_from=numbers.get(asked.came_from),
            direction_deg=asked.direction_deg,
            cameras=frozenset(numbers[camera] for camera in asked.cameras if camera in numbers)
            if asked.cameras
            else None,
            carried=asked.carried,
            forwards=asked.forwards,
            backwards=asked.backwards,
        )

    def _limits(self) -> Limits:
        from daemon.inference.association.search.query import Limits  # noqa: PLC0415 as above

        section = self._section
        return Limits(stop_mass=section.stop_mass, compared=section.compared, seconds=section.cpu)

    def _forget_camera(self, engine: BestFirst, camera_id: str) -> None:
        if self._view is not None and camera_id in self._view.cameras:
            engine.remove_camera(list(self._view.cameras).index(camera_id))

    def _progress(self) -> dict[str, Any]:
        progress: dict[str, Any] = msgspec.to_builtins(self._ready().progress())
        return progress

    def _ready(self) -> BestFirst:
        if self._engine is None:
            raise NotFound("this search has not begun")
        return self._engine

    def _become(self, **changed: Any) -> None:
        self.search = msgspec.structs.replace(self.search, **changed)


def _row(view: SightingsView, detection: str) -> int | None:
    """Return the row of the query's own detection; None for a picture, and for one that is gone from the view."""
    try:
        return view.row_of(detection) if detection else None
    except NotFound:
        return None
