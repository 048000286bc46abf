"""Cameras, detections and passages as they come in, and detections as people look at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import msgspec

from daemon.errors import InvalidInput, NotFound
from daemon.ports import Actor, Camera, CarriedThing, Detection, Ingested, Sighting, Way
from daemon.products.ids import new_id
from daemon.services import cases
from daemon.services.association import AssociationStanding, Loaded, system
from daemon.services.association_pictures import crops_of, judged
from daemon.services.association_sites import Learnt
from daemon.services.duty import Duty

#: Faults of a batch that are told one by one.
_TOLD: Final = 50


class SentDetection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A detection as it is sent. body, face: base64 of little-endian float16 or float32 by `dtype`, absent for none."""

    id: str
    camera: str
    time: datetime
    direction_deg: float | None = None
    box: tuple[float, float, float, float] | None = None
    track: str | None = None
    quality: float | None = None
    body_model: str = ""
    face_model: str = ""
    carried: CarriedThing | None = None
    body: bytes | None = None
    face: bytes | None = None
    dtype: str = "float16"


class SentPassage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A confirmed passage: the detections of one target, in order of time."""

    detections: tuple[str, ...]


class SentPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of somebody, to be embedded here. id: made where absent; box: of a frame, the whole where absent."""

    camera: str
    time: datetime
    id: str = ""
    direction_deg: float | None = None
    box: tuple[float, float, float, float] | None = None
    track: str | None = None


async def put_network(duty: Duty, actor: Actor, cameras: Sequence[Camera], ways: Sequence[Way]) -> None:
    """Replace the network; searches that run look no more at cameras that are gone. Raises InvalidInput."""
    association = system(duty)
    await duty.ports.offload.run(partial(_check, cameras, ways), what="association.network")
    before, _ = await association.gallery.network()
    await association.gallery.put_network(cameras, ways)
    for gone in {camera.id for camera in before} - {camera.id for camera in cameras}:
        association.camera_removed(gone)
    detail = {"cameras": str(len(cameras)), "ways": str(len(ways))}
    await cases.note(duty.ports, actor, "network.replaced", "network", detail)


async def put_camera(duty: Duty, actor: Actor, camera: Camera, ways: Sequence[Way]) -> None:
    """Add or move a camera with its ways. Raises InvalidInput."""
    gallery = system(duty).gallery
    cameras, all_ways = await gallery.network()
    others = [one for one in cameras if one.id != camera.id]
    kept = [way for way in all_ways if camera.id not in {way.origin, way.target}]
    await duty.ports.offload.run(partial(_check, [*others, camera], [*kept, *ways]), what="association.network")
    await gallery.put_camera(camera, ways)
    await cases.note(duty.ports, actor, "camera.put", f"camera:{camera.id}", {"ways": str(len(ways))})


async def remove_camera(duty: Duty, actor: Actor, camera_id: str) -> None:
    """Take a camera out of the network, and out of searches that run. Raises NotFound."""
    association = system(duty)
    await association.gallery.remove_camera(camera_id)
    association.camera_removed(camera_id)
    await cases.note(duty.ports, actor, "camera.removed", f"camera:{camera_id}", {})


async def network(duty: Duty) -> tuple[Sequence[Camera], Sequence[Way]]:
    """Return the cameras and the ways between them."""
    return await system(duty).gallery.network()


async def models(duty: Duty) -> Mapping[tuple[str, str], int]:
    """Return how many detections there are of each pair of models."""
    return await system(duty).gallery.models()


async def standing(duty: Duty) -> AssociationStanding:
    """Return how the association is."""
    return system(duty).standing


async def ingest(duty: Duty, actor: Actor, lines: Sequence[bytes]) -> Ingested:
    """Keep a batch, a JSON object a line; a line that cannot be kept is refused by itself. Index: of the line."""
    association = system(duty)
    work = partial(_read, lines, _earliest(duty))
    numbered, refused = await duty.ports.offload.run(work, what="association.ingest")
    stored = await association.gallery.ingest([sighting for _, sighting in numbered])
    later = tuple((numbered[place][0], why) for place, why in stored.refused)
    await cases.note(duty.ports, actor, "detections.ingested", "gallery", {"stored": str(stored.stored)})
    return Ingested(stored=stored.stored, known=stored.known, refused=tuple(sorted((*refused, *later))))


async def ingest_picture(duty: Duty, actor: Actor, sent: SentPicture, content: bytes) -> Detection:
    """Embed a picture and keep it as a detection. Raises InvalidInput for what tells nobody, Unavailable."""
    association = system(duty)
    _check_age(sent.time, _earliest(duty))
    loaded = association.embedders
    work = partial(_embedded, sent, content, loaded, duty)
    sighting = await duty.ports.offload.run(work, what="association.embed")
    kept = await association.gallery.ingest([sighting])
    if kept.refused:
        raise InvalidInput("the picture cannot be kept", (("", kept.refused[0][1]),))
    await cases.note(duty.ports, actor, "detections.ingested", "gallery", {"stored": str(kept.stored)})
    return sighting.detection


async def detection(duty: Duty, actor: Actor, detection_id: str, *, case_id: str, purpose: str) -> Detection:
    """Return a detection to somebody who has a case that it lies in. Raises Forbidden, NotFound."""
    association = system(duty)
    leave = await cases.leave_to_look(duty.ports, actor, case_id=case_id, purpose=purpose, what=detection_id)
    try:
        found = (await association.gallery.detection(detection_id)).detection
    except NotFound:
        await cases.check_cameras(duty.ports, actor, leave, ("",))  # told like one that lies elsewhere
        raise
    await cases.check_cameras(duty.ports, actor, leave, (found.camera,))
    return found


async def learn(duty: Duty, actor: Actor, lines: Sequence[bytes], *, replace: bool) -> tuple[Learnt, ...]:
    """Learn of confirmed passages, a JSON object of `detections` a line. Raises InvalidInput by line, NotFound."""
    association = system(duty)
    passages = await duty.ports.offload.run(partial(_passages, lines), what="association.learn")
    learnt = await association.sites.learn(passages, replace=replace)
    await cases.note(duty.ports, actor, "passages.learnt", "gallery", {"passages": str(len(passages))})
    return learnt


def _check(cameras: Sequence[Camera], ways: Sequence[Way]) -> None:
    from daemon.inference.association.network.validation import check_network  # noqa: PLC0415 slow to import

    check_network(cameras, ways).refuse("the network")


def _earliest(duty: Duty) -> datetime:
    """Return the time before which nothing is kept, so that it would be forgotten at once."""
    return duty.ports.clock.now() - timedelta(seconds=duty.config.retention.sightings)


def _check_age(time: datetime, earliest: datetime) -> None:
    if time < earliest:
        raise InvalidInput(f"time: {time:%Y-%m-%d} is before {earliest:%Y-%m-%d}; [retention] sightings says so")


def _read(lines: Sequence[bytes], earliest: datetime) -> tuple[list[tuple[int, Sighting]], list[tuple[int, str]]]:
    decoder = msgspec.json.Decoder(SentDetection)
    sightings: list[tuple[int, Sighting]] = []
    refused: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        try:
            sightings.append((number, _sighting(decoder.decode(line), earliest)))
        except (msgspec.MsgspecError, UnicodeDecodeError, InvalidInput, ValueError) as exc:
            refused.append((number, str(exc)))
    return sightings, refused


def _sighting(sent: SentDetection, earliest: datetime) -> Sighting:
    if sent.time.tzinfo is None:
        raise InvalidInput('time: expected its zone, such as "2026-11-25T08:30:00Z"')
    _check_age(sent.time, earliest)
    kept = {name: getattr(sent, name) for name in Detection.__struct_fields__}
    return Sighting(Detection(**kept), _vector(sent.body, sent.dtype), _vector(sent.face, sent.dtype))


def _passages(lines: Sequence[bytes]) -> list[list[str]]:
    decoder = msgspec.json.Decoder(SentPassage)
    passages: list[list[str]] = []
    faults: list[tuple[str, str]] = []
    for number, line in enumerate(lines, 1):
        try:
            passages.append(list(decoder.decode(line).detections))
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            faults.append((f"line.{number}", str(exc)))
    if not lines:
        faults.append(("", 'expected {"detections": [ID, ...]} a line'))
    if faults:
        raise InvalidInput("the passages cannot be used", tuple(faults[:_TOLD]))
    return passages


def _vector(raw: bytes | None, dtype: str) -> Any:
    import numpy as np  # noqa: PLC0415 the base does without it

    if raw is None:
        return None
    if dtype not in {"float16", "float32"}:
        raise InvalidInput(f'dtype: expected "float16" or "float32", not {dtype!r}')
    kind = np.dtype(dtype).newbyteorder("<")
    if not raw or len(raw) % kind.itemsize:
        raise InvalidInput(f"a vector of {len(raw)} bytes is no row of {dtype}")
    return np.frombuffer(raw, kind).astype(np.float32)


def _embedded(sent: SentPicture, content: bytes, loaded: Loaded, duty: Duty) -> Sighting:
    crops = crops_of([content], duty.config.association, sent.box)
    quality = judged(crops, loaded)[0]
    body = loaded.body.embed(crops)[0]
    face, face_model = None, ""
    if loaded.face is not None:
        try:
            face, face_model = loaded.face.embed(crops)[0], loaded.face.model_id
        except InvalidInput:  # no face to be seen, or too small: the body speaks alone
            face = None
    seen = Detection(
        id=sent.id or new_id(), camera=sent.camera, time=sent.time, direction_deg=sent.direction_deg, box=sent.box,
        track=sent.track, quality=quality, body_model=loaded.body.model_id, face_model=face_model,
    )  # fmt: skip
    return Sighting(seen, body, face)
