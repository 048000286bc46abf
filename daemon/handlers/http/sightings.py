"""/association/detections, /pictures, /passages, /models: what searches look at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Final

import msgspec
from pydantic import Field

from daemon.errors import InvalidInput
from daemon.forum.principals import Scope
from daemon.handlers.http.bodies import stream_body
from daemon.handlers.http.cameras import CameraId
from daemon.handlers.http.models import Flag, NonBlankLine, Query, Time
from daemon.handlers.http.problems import BadRequest, WrongMediaType
from daemon.handlers.http.routes import Call, get, post
from daemon.ports import CarriedThing, Detection, Ingested
from daemon.services import association_sightings
from daemon.services.association_sightings import SentPicture
from daemon.services.association_sites import Learnt

_LINES: Final = ("application/x-ndjson", "application/jsonl")
_LONGEST_LINE: Final = 262_144


class LearnQuery(Query):
    """replace: the passages that are kept, and not beside them."""

    replace: Flag = False


class PictureQuery(Query):
    """A picture of somebody, or a frame and the box that they are in: "left,top,width,height" in pixels."""

    camera: CameraId
    time: Time
    id: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    direction_deg: Annotated[float, Field(ge=0, le=360)] | None = None
    box: Annotated[str, Field(pattern=r"^-?[0-9.]+(,-?[0-9.]+){3}$")] | None = None
    track: Annotated[str, Field(max_length=200)] | None = None


class LookQuery(Query):
    """Why somebody looks at it."""

    case: NonBlankLine
    purpose: NonBlankLine


class ModelCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many detections there are of a pair of models."""

    body_model: str
    face_model: str
    detections: int


class Models(msgspec.Struct, frozen=True, kw_only=True):
    """What pictures are embedded with, and what is kept."""

    state: str
    since: datetime
    body_model: str
    face_model: str
    kept: tuple[ModelCount, ...]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A detection as it is shown."""

    id: str
    camera: str
    time: datetime
    direction_deg: float | None
    box: tuple[float, float, float, float] | None
    track: str | None
    quality: float | None
    body_model: str
    face_model: str
    carried: CarriedThing | None


class LearntOf(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt, for each pair of models."""

    learnt: tuple[Learnt, ...]


async def ingest_detections(call: Call) -> Ingested:
    """POST /association/detections."""
    return await association_sightings.ingest(call.duty, call.actor, [line async for line in _lines(call)])


async def ingest_picture(call: Call) -> Kept:
    """POST /association/pictures."""
    asked, section = call.asked(PictureQuery), call.duty.config.association
    content = bytearray()
    async for piece in stream_body(call.request, section.picture_limit, call.duty.config.http.body_timeout):
        content += piece
    if not content:
        raise InvalidInput("the picture is empty", (("", "expected a picture in the body"),))
    sent = SentPicture(
        camera=asked.camera, time=asked.time, id=asked.id, direction_deg=asked.direction_deg, track=asked.track,
        box=_box(asked.box),
    )  # fmt: skip
    return _kept(await association_sightings.ingest_picture(call.duty, call.actor, sent, bytes(content)))


async def get_detection(call: Call) -> Kept:
    """GET /association/detections/{detection}."""
    asked = call.asked(LookQuery)
    found = await association_sightings.detection(
        call.duty, call.actor, call.path["detection"], case_id=asked.case, purpose=asked.purpose
    )
    return _kept(found)


async def learn_passages(call: Call) -> LearntOf:
    """POST /association/passages: confirmed ones, each the ids of the detections of one target in order of time."""
    lines, replace = [line async for line in _lines(call)], call.asked(LearnQuery).replace
    return LearntOf(learnt=await association_sightings.learn(call.duty, call.actor, lines, replace=replace))


async def get_models(call: Call) -> Models:
    """GET /association/models."""
    standing = await association_sightings.standing(call.duty)
    kept = await association_sightings.models(call.duty)
    return Models(
        state=standing.state, since=standing.since, body_model=standing.body_model, face_model=standing.face_model,
        kept=tuple(
            ModelCount(body_model=body, face_model=face, detections=count)
            for (body, face), count in sorted(kept.items())
        ),
    )  # fmt: skip


async def _lines(call: Call) -> AsyncIterator[bytes]:
    """Iterate over the lines of the body, the last one with or without its break."""
    if call.request.content_type not in _LINES:
        raise WrongMediaType(f"the body is {call.request.content_type}, expected {_LINES[0]}")
    section, rest = call.duty.config.association, b""
    async for piece in stream_body(call.request, section.ingest_limit, call.duty.config.http.body_timeout):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            if line.strip():
                yield line
        if len(rest) > _LONGEST_LINE:
            raise BadRequest(f"a line is longer than the {_LONGEST_LINE} bytes that are taken")
    if rest.strip():
        yield rest


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        left, top, width, height = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidInput("the query cannot be used", (("box", "expected four numbers"),)) from None
    return left, top, width, height


def _kept(found: Detection) -> Kept:
    return Kept(**{name: getattr(found, name) for name in Kept.__struct_fields__})


_SEARCH, _ADMIN = Scope.ASSOCIATION_SEARCH, Scope.ASSOCIATION_ADMIN
ROUTES = (
    post("/association/detections", ingest_detections, Ingested, "Keep a batch of detections", _ADMIN,
         media=_LINES, repeatable=False, timed=False),
    post("/association/pictures", ingest_picture, Kept, "Embed a picture and keep it as a detection", _ADMIN,
         query=PictureQuery, media=("image/*",), repeatable=False, status=201, refusals=(503,)),
    get("/association/detections/{detection}", get_detection, Kept, "Look at a detection, within a case",
        query=LookQuery, access=_SEARCH, refusals=(403, 404)),
    post("/association/passages", learn_passages, LearntOf, "Learn of confirmed passages", _ADMIN,
         query=LearnQuery, media=_LINES, repeatable=False, timed=False, refusals=(404,)),
    get("/association/models", get_models, Models, "Tell what pictures are embedded with", access=_SEARCH,
        refusals=(404,)),
)  # fmt: skip
