"""Searches as people ask for them: begun within a case, seen, exported and cancelled. All of it is in the audit log."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec

from daemon.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable
from daemon.ports import Actor, AuditEntry, CarriedThing, Gallery, Page, Search, SearchState, Sighting
from daemon.ports.cases import ENDED
from daemon.products.ids import new_id
from daemon.services import cases
from daemon.services.association import AssociationSystem, system
from daemon.services.association_pictures import embedded
from daemon.services.association_running import Asked
from daemon.services.association_vectors import QueryVectors
from daemon.services.duty import Duty

#: Kinds of things that travel with somebody.
CARRIED: Final = ("badge", "plate", "wifi")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Who is searched, and where from. Either detection, or pictures with camera and time; unstated: as detected."""

    detection: str = ""
    pictures: tuple[bytes, ...] = ()
    camera: str = ""
    time: datetime | None = None
    came_from: str = ""
    direction_deg: float | None = None
    carried: tuple[CarriedThing, ...] = ()
    horizon_s: float | None = None
    forwards: bool = True
    backwards: bool = False


async def begin(duty: Duty, actor: Actor, target: Target, *, case_id: str, purpose: str, by_face: bool) -> Search:
    """Begin a search. Raises InvalidInput naming every wrong field, Forbidden, NotFound, TooMany, Unavailable."""
    association = system(duty)
    leave = await cases.leave_to_search(
        duty.ports, actor, case_id=case_id, purpose=purpose, by_face=by_face, cameras=_named_cameras(target)
    )
    loaded = association.embedders
    association.check_room()
    _check(duty, target, by_face=by_face, faces=loaded.face is not None)
    await _check_cameras(association.gallery, target)
    try:
        asked, vectors = await _asked(duty, association, target, by_face=by_face, cameras=leave.cameras)
    except NotFound:
        await cases.check_cameras(duty.ports, actor, leave, ("",))  # told like one that lies elsewhere
        raise
    await cases.check_cameras(duty.ports, actor, leave, (asked.camera,))
    now = duty.ports.clock.now()
    search = Search(
        id=new_id(), case_id=leave.case.id, purpose=purpose, searcher=actor.id, created_at=now,
        state=SearchState.QUEUED, asked=msgspec.to_builtins(asked), by_face=by_face, approval_id=leave.approval_id,
    )  # fmt: skip
    entry = _begun(duty, actor, search)
    await cases.keep_search(duty.ports, actor, search, entry, vectors.to_bytes())
    association.take(search.id)
    return search


async def again(duty: Duty, actor: Actor, search_id: str) -> Search:
    """Begin a search anew that ended, with what it began with. Raises Forbidden, Conflict, TooMany."""
    association = system(duty)
    old = await view(duty, actor, search_id)
    if old.state not in ENDED:
        raise Conflict(f"the search is {old.state} still")
    asked = msgspec.convert(dict(old.asked), Asked)
    leave = await cases.leave_to_search(
        duty.ports, actor, case_id=old.case_id, purpose=old.purpose, by_face=old.by_face, cameras=(asked.camera,)
    )
    association.check_room()
    now = duty.ports.clock.now()
    fresh = Search(
        id=new_id(), case_id=old.case_id, purpose=old.purpose, searcher=actor.id, created_at=now,
        state=SearchState.QUEUED, asked=msgspec.to_builtins(msgspec.structs.replace(asked, cameras=leave.cameras)),
        by_face=old.by_face, approval_id=leave.approval_id,
    )  # fmt: skip
    entry = _begun(duty, actor, fresh, again=old.id)
    await cases.keep_search(duty.ports, actor, fresh, entry, await association.cases.query_vectors(old.id))
    association.take(fresh.id)
    return fresh


async def view(duty: Duty, actor: Actor, search_id: str) -> Search:
    """Return a search as it is now. Raises Forbidden."""
    association = system(duty)
    await cases.leave_to_view(duty.ports, actor, search_id)
    return await association.current(search_id)


async def follow(duty: Duty, actor: Actor, search_id: str) -> AsyncGenerator[Search, None]:
    """Return the states of a search as they come about, to its end or that of its case. Raises Forbidden."""
    await view(duty, actor, search_id)
    return _while_live(duty, actor, system(duty).follow(search_id))


async def _while_live(duty: Duty, actor: Actor, states: AsyncGenerator[Search, None]) -> AsyncGenerator[Search, None]:
    async with aclosing(states):
        async for search in states:
            try:
                await cases.Gate(duty.ports, actor, "view").case(search.case_id)
            except Forbidden:  # closed, expired or no longer theirs since they began to follow; the refusal is audited
                return
            yield search


async def export(duty: Duty, actor: Actor, search_id: str, form: str) -> Search:
    """Return a search to be taken away in a form: "geojson", "svg" or "text". Raises Forbidden."""
    association = system(duty)
    await cases.leave_to_export(duty.ports, actor, search_id, form)
    return await association.current(search_id)


async def listed(duty: Duty, actor: Actor, limit: int, cursor: str | None, case_id: str) -> Page:
    """Return a page of a case's searches, newest first. Raises Forbidden."""
    await cases.leave_to_list(duty.ports, actor, case_id)
    return await system(duty).cases.searches(limit, cursor, case_id=case_id)


async def cancel(duty: Duty, actor: Actor, search_id: str) -> Search:
    """End a search where it is. Raises Forbidden, Conflict when it had ended."""
    search = await view(duty, actor, search_id)
    await cases.note(duty.ports, actor, "search.cancelled", f"search:{search.id}", {"case": search.case_id})
    return await system(duty).cancel(search_id)


def _check(duty: Duty, target: Target, *, by_face: bool, faces: bool) -> None:
    section = duty.config.association
    faults: list[tuple[str, str]] = []
    if bool(target.detection) == bool(target.pictures):
        faults.append(("detection", "expected either the id of a detection, or pictures"))
    if target.pictures and not target.camera:
        faults.append(("camera", "expected the camera that the pictures are of"))
    if target.pictures and target.time is None:
        faults.append(("time", "expected the time of the first picture, with its zone"))
    if len(target.pictures) > section.pictures:
        faults.append(("picture", f"expected at most {section.pictures} pictures"))
    if target.direction_deg is not None and not 0 <= target.direction_deg <= 360:
        faults.append(("direction_deg", "expected degrees from north, 0 to 360"))
    if target.horizon_s is not None and not 0 < target.horizon_s <= section.horizon_limit:
        faults.append(("horizon_s", f"expected more than 0 and at most {section.horizon_limit:g} seconds"))
    if not (target.forwards or target.backwards):
        faults.append(("forwards", "expected a search forwards in time, backwards, or both"))
    faults += [
        (f"carried.{number}", f"expected a kind of {', '.join(CARRIED)}, and a value")
        for number, thing in enumerate(target.carried)
        if thing.kind not in CARRIED or not thing.value.strip()
    ]
    if faults:
        raise InvalidInput("the search cannot be begun", tuple(faults))
    if by_face and target.pictures and not faces:
        raise Unavailable("faces are not embedded here: [association] face is not true, or could not be loaded")


async def _check_cameras(gallery: Gallery, target: Target) -> None:
    cameras, _ = await gallery.network()
    known = {camera.id for camera in cameras}
    faults = [
        (name, f"there is no camera {camera!r}")
        for name, camera in (("camera", target.camera), ("came_from", target.came_from))
        if camera and camera not in known
    ]
    if faults:
        raise InvalidInput("the search names cameras that are not in the network", tuple(faults))


async def _asked(
    duty: Duty, association: AssociationSystem, target: Target, *, by_face: bool, cameras: Sequence[str]
) -> tuple[Asked, QueryVectors]:
    """Return what the search is for and its vectors, of the detection or of the pictures."""
    section, faces = duty.config.association, association.embedders.face
    more: dict[str, Any] = {
        "horizon_s": target.horizon_s or section.horizon,
        "came_from": target.came_from,
        "forwards": target.forwards,
        "backwards": target.backwards,
        "carried": target.carried,
        "cameras": tuple(cameras),
    }
    if target.detection:
        seen = await association.gallery.detection(target.detection)
        return _of_detection(seen, target, by_face=by_face, more=more)
    if target.time is None:
        raise InvalidInput("the search cannot be begun", (("time", "expected the time of the first picture"),))
    work = partial(embedded, target.pictures, association.embedders, section, by_face=by_face)
    vectors = await duty.ports.offload.run(work, what="association.embed")
    await _check_model(association, association.embedders.body.model_id)
    asked = Asked(
        camera=target.camera, time_s=target.time.timestamp(), direction_deg=target.direction_deg,
        pictures=len(target.pictures), body_model=association.embedders.body.model_id,
        face_model=faces.model_id if by_face and faces else "", **more,
    )  # fmt: skip
    return asked, vectors


async def _check_model(association: AssociationSystem, body_model: str) -> None:
    if all(body != body_model for body, _ in await association.gallery.models()):
        told = f"no detection has a vector of {body_model}, which pictures are embedded with; ingest pictures first"
        raise InvalidInput("the search cannot be begun", (("picture", told),))


def _of_detection(seen: Sighting, target: Target, *, by_face: bool, more: dict[str, Any]) -> tuple[Asked, QueryVectors]:
    import numpy as np  # noqa: PLC0415 the base does without it

    detection = seen.detection
    if seen.body is None:
        raise InvalidInput("the search cannot be begun", (("detection", "it has no vector of a body"),))
    direction = detection.direction_deg if target.direction_deg is None else target.direction_deg
    asked = Asked(
        camera=detection.camera, time_s=detection.time.timestamp(), detection=detection.id, direction_deg=direction,
        body_model=detection.body_model, face_model=detection.face_model if by_face else "", **more,
    )  # fmt: skip
    face = np.zeros((0, 0), np.float32) if seen.face is None or not by_face else seen.face[None, :]
    return asked, QueryVectors(seen.body[None, :], face)


def _named_cameras(target: Target) -> tuple[str, ...]:
    return (target.camera,) if target.camera else ()


def _begun(duty: Duty, actor: Actor, search: Search, **more: str) -> AuditEntry:
    detail = {"case": search.case_id, "purpose": search.purpose, "by_face": str(search.by_face).lower(), **more}
    return cases.entry_of(duty.ports, actor, "search.begun", f"search:{search.id}", detail)
