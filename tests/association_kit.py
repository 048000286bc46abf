"""A small simulated site in a daemon's insides: cameras, detections, a case, and the association over them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import numpy as np

from daemon.adapters.memory.gallery import MemoryGallery
from daemon.config import AssociationSection
from daemon.forum.principals import Principal, Role, Scope
from daemon.inference.association.folders.simulating import simulate
from daemon.inference.association.folders.streets import StreetSettings
from daemon.inference.association.folders.world import World, WorldSettings
from daemon.inference.association.pictures.registry import open_embedder
from daemon.metrics import Metrics
from daemon.ports import Actor, Case, Detection, Search, Sighting
from daemon.ports.cases import ENDED
from daemon.services.association import AssociationSystem, Loaded
from daemon.services.association_searches import Target, begin
from daemon.services.case_keeping import open_case
from tests.house import House, house

T = TypeVar("T")
BODY, FACE = "body-64", "face-32"
PURPOSE = "a bag was left at the north door"
SCOPES = frozenset({Scope.READ, Scope.ASSOCIATION_SEARCH, Scope.ASSOCIATION_ADMIN, Scope.ASSOCIATION_APPROVE})


class Yielding:
    """An Offload without threads, that lets others have their turn before each piece of work."""

    async def run(self, work: Callable[[], T], *, what: str) -> T:
        await asyncio.sleep(0)
        return work()


@cache
def world() -> World:
    """Return a site of 16 cameras in which some 60 people walk, every test's own to read and nobody's to change."""
    return simulate(WorldSettings(people=120, hours=3.0, seed=7, queries=20, streets=StreetSettings(cameras=16)))


def sightings(found: World | None = None) -> Iterator[Sighting]:
    """Yield what its cameras saw."""
    found = found or world()
    body, faces = found.body(), found.faces()
    for row, (at_s, face_row) in enumerate(zip(found.times.tolist(), found.face_rows.tolist(), strict=True)):
        face = None if face_row < 0 else faces[face_row].astype(np.float32)
        camera = found.cameras[int(found.camera_of[row])].id
        seen = Detection(
            id=f"d{row}", camera=camera, time=datetime.fromtimestamp(at_s, UTC), body_model=BODY,
            face_model=FACE if face is not None else "",
        )  # fmt: skip
        yield Sighting(seen, body[row].astype(np.float32), face)


@dataclass(slots=True)
class Site:
    """The insides with somebody who may search."""

    home: House
    system: AssociationSystem
    gallery: MemoryGallery
    searcher: Actor
    case: Case

    async def begin(self, target: Target | None = None, **more: Any) -> Search:
        """Begin a search as the searcher, of the first question's target where none is named."""
        given = {"case_id": self.case.id, "purpose": PURPOSE, "by_face": False, **more}
        return await begin(self.home.duty, self.searcher, target or first_target(), **given)

    async def ended(self, search_id: str) -> Search:
        """Return a search when it has ended."""
        async for state in self.system.follow(search_id):
            if state.state in ENDED:
                return state
        raise AssertionError("it never ended")

    async def audited(self) -> list[tuple[str, str]]:
        """Return action and reason, or "", of every audit entry, oldest first."""
        page = await self.home.stores.audit.entries(500)
        return [(entry.action, entry.detail.get("reason", "")) for entry in reversed(page.items)]


def first_target() -> Target:
    """Return where the first question of the world begins."""
    return Target(detection=f"d{world().questions[0].row}")


async def somebody(home: House, name: str, scopes: frozenset[Scope] = SCOPES) -> Actor:
    """Return a principal of that name who holds a token of some scopes."""
    person = Principal(id=f"id-{name}", name=name, role=Role.OPERATOR, created_at=home.clock.now())
    await home.stores.principals.create(person)
    return Actor(person.id, name, scopes)


async def site(
    section: AssociationSection | None = None, *, fill: bool = True, passages: bool = True, home: House | None = None
) -> Site:
    """Return a site that has loaded and does not search before its `run` is. home: insides that it is put into."""
    home = home or house()
    gallery = MemoryGallery()
    home.duty.ports = replace(home.duty.ports, gallery=gallery, cases=home.stores.cases, offload=Yielding())
    chosen = section or AssociationSection(kind="on")
    home.duty.config = home.duty.config.model_copy(update={"association": chosen})
    system = AssociationSystem(
        home.duty.ports, gallery, home.stores.cases, lambda: home.duty.config.association,
        lambda _: Loaded(body=open_embedder("stripes"), face=None, problems={}), Metrics(),
    )  # fmt: skip
    home.duty.association = system
    await system.load()
    await gallery.put_network(world().cameras, world().ways)
    if fill:
        await gallery.ingest(list(sightings()))
    if fill and passages:
        await _learnt(system, gallery)
    searcher = await somebody(home, "mei")
    opened = await open_case(
        home.duty.ports, searcher, title="north door", purpose=PURPOSE, owner="mei", quota=50,
        expires_at=home.clock.now() + timedelta(days=7),
    )  # fmt: skip
    return Site(home, system, gallery, searcher, opened)


async def _learnt(system: AssociationSystem, gallery: MemoryGallery) -> None:
    """Have a gallery keep what is to be learnt of the world, which is worked out once."""
    kept = _kept()
    if not kept:
        await system.sites.learn(confirmed(), replace=True)
        for name in ("passages", f"site {BODY}", f"site {BODY} {FACE}"):
            content = await gallery.kept_model(name)
            assert content is not None
            kept[name] = content
    for name, content in kept.items():
        await gallery.keep_model(name, content)


@cache
def _kept() -> dict[str, bytes]:
    return {}


def confirmed() -> Sequence[Sequence[str]]:
    """Return the confirmed passages of the world as ids."""
    return [[f"d{row}" for row in passage.tolist()] for passage in world().confirmed_passages() if len(passage) > 1]
