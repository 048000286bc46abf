"""/association/cameras: the network of cameras, and the ways between them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Final

import msgspec
from pydantic import Field

from daemon.errors import InvalidInput
from daemon.forum.principals import Scope
from daemon.handlers.http.bodies import stream_body
from daemon.handlers.http.models import Body, Line, Time
from daemon.handlers.http.problems import WrongMediaType
from daemon.handlers.http.routes import Call, Route, delete, get, post
from daemon.ports import Camera, Way
from daemon.services import association_network, association_sightings

#: Content types of a network, and the suffix that tells its form.
NETWORK_MEDIA: Final = {"application/geo+json": ".geojson", "application/json": ".json", "text/csv": ".csv"}
Number = Annotated[float, Field(allow_inf_nan=False)]
CameraId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """Every camera and the ways between them."""

    cameras: tuple[Camera, ...]
    ways: tuple[Way, ...]


class NetworkRead(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a network that was sent. warnings: what is odd in it and was taken all the same."""

    cameras: int
    ways: int
    warnings: tuple[str, ...]


class SentWay(Body):
    """A way of the camera that is put: to or from another."""

    origin: CameraId
    target: CameraId
    metres: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]


class SentCamera(Body):
    """A camera to add or to move, with all its ways; those that it had are replaced."""

    longitude: Annotated[float, Field(ge=-180, le=180)]
    latitude: Annotated[float, Field(ge=-90, le=90)]
    heading_deg: Annotated[float, Field(ge=0, le=360)] | None = None
    field_of_view_deg: Annotated[float, Field(gt=0, le=360)] | None = None
    clock_offset_s: Number = 0.0
    clock_rate: Number = 0.0
    clock_since: Time | None = None
    clock_sd_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2.0
    name: Line = ""
    ways: tuple[SentWay, ...] = Field((), max_length=10_000, strict=False)


async def get_network(call: Call) -> Network:
    """GET /association/cameras."""
    cameras, ways = await association_sightings.network(call.duty)
    return Network(cameras=tuple(cameras), ways=tuple(ways))


async def import_network(call: Call) -> NetworkRead:
    """POST /association/cameras:import."""
    request, http = call.request, call.duty.config.http
    suffix = NETWORK_MEDIA.get(request.content_type)
    if suffix is None:
        raise WrongMediaType(f"the body is {request.content_type}, expected one of {', '.join(NETWORK_MEDIA)}")
    limit = call.duty.config.association.ingest_limit
    with tempfile.NamedTemporaryFile(prefix="zhiban-network-", suffix=suffix) as file:
        async for piece in stream_body(request, limit, http.body_timeout):
            await call.duty.ports.offload.run(lambda piece=piece: file.write(piece), what="association.write")  # type: ignore[misc]
        await call.duty.ports.offload.run(file.flush, what="association.write")
        cameras, ways, warnings = await association_network.import_file(call.duty, call.actor, Path(file.name))
    return NetworkRead(cameras=len(cameras), ways=len(ways), warnings=tuple(warnings))


async def put_camera(call: Call) -> None:
    """PUT /association/cameras/{camera}."""
    sent, camera_id = call.sent(SentCamera), call.path["camera"]
    camera = Camera(id=camera_id, **{name: getattr(sent, name) for name in SentCamera.model_fields if name != "ways"})
    ways = [Way(origin=way.origin, target=way.target, metres=way.metres) for way in sent.ways]
    faults = [(f"ways.{number}", f"expected a way from or to {camera_id!r}")
              for number, way in enumerate(ways) if camera_id not in {way.origin, way.target}]  # fmt: skip
    if faults:
        raise InvalidInput("the camera cannot be put", tuple(faults))
    await association_sightings.put_camera(call.duty, call.actor, camera, ways)


async def remove_camera(call: Call) -> None:
    """DELETE /association/cameras/{camera}."""
    await association_sightings.remove_camera(call.duty, call.actor, call.path["camera"])


_SEARCH, _ADMIN = Scope.ASSOCIATION_SEARCH, Scope.ASSOCIATION_ADMIN
_CAMERA: Final = "/api/v1/association/cameras/{camera}"
ROUTES = (
    get("/association/cameras", get_network, Network, "List cameras and the ways between them", access=_SEARCH,
        refusals=(404,)),
    post("/association/cameras:import", import_network, NetworkRead, "Replace the network of cameras", _ADMIN,
         media=tuple(NETWORK_MEDIA), repeatable=False, timed=False),
    Route(method="PUT", path=_CAMERA, operation="put_camera", summary="Add or move a camera", handler=put_camera,
          answer=None, access=_ADMIN, body=SentCamera, status=204),
    delete("/association/cameras/{camera}", remove_camera, None, "Take a camera out of the network", _ADMIN,
           status=204),
)  # fmt: skip
