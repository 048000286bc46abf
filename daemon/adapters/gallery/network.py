"""Cameras and the ways between them, in the gallery's database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.dialects.sqlite import insert

from daemon.adapters.gallery import schema
from daemon.adapters.gallery.checking import LONGEST_NAME
from daemon.adapters.sql.database import Database
from daemon.adapters.sql.statements import Session, Statement
from daemon.adapters.sql.values import Records, as_written
from daemon.errors import InvalidInput, NotFound
from daemon.ports.sightings import Camera, Way
from daemon.products.documents import to_json

_CAMERAS: Final[Records[Camera]] = Records(Camera)
_WAYS: Final[Records[Way]] = Records(Way)
_c, _w = schema.cameras.c, schema.ways.c

_put = insert(schema.cameras)
_PUT_CAMERA: Final = Statement(_put.on_conflict_do_update(index_elements=["id"], set_={"body": _put.excluded.body}))
_ADD_WAY: Final = Statement(insert(schema.ways))
_DROP_ALL: Final = Statement(delete(schema.cameras))  # and with them the ways
_DROP_CAMERA: Final = Statement(delete(schema.cameras).where(_c.id == bindparam("camera")))
_DROP_WAYS: Final = Statement(
    delete(schema.ways).where(or_(_w.origin == bindparam("camera"), _w.target == bindparam("camera")))
)
_ALL_CAMERAS: Final = Statement(select(_c.body).order_by(_c.id))
_ALL_WAYS: Final = Statement(select(_w.body).order_by(_w.origin, _w.target))
_IDS: Final = Statement(select(_c.id).order_by(_c.id))


class SqlNetwork:
    """The network of a ports.Gallery."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, cameras: Sequence[Camera], ways: Sequence[Way]) -> None:
        """Replace all. Raises InvalidInput, naming each fault, and keeps what was."""

        def unit(session: Session) -> None:
            refuse_faults(cameras, ways, {camera.id for camera in cameras})
            session.run(_DROP_ALL)
            session.run_many(_PUT_CAMERA, map(_camera_row, cameras))
            session.run_many(_ADD_WAY, map(_way_row, ways))

        await self._database.write(unit, durable=True)

    async def put_camera(self, camera: Camera, ways: Sequence[Way]) -> None:
        """Add or move one, with all its ways. Raises InvalidInput, naming each fault, and keeps what was."""

        def unit(session: Session) -> None:
            known = {as_written(camera_id) for (camera_id,) in session.all(_IDS)}
            refuse_faults([camera], ways, {*known, camera.id}, of=camera.id)
            session.run(_PUT_CAMERA, **_camera_row(camera))
            session.run(_DROP_WAYS, camera=camera.id)
            session.run_many(_ADD_WAY, map(_way_row, ways))

        await self._database.write(unit, durable=True)

    async def remove_camera(self, camera_id: str) -> None:
        """Take one out, with its ways. Raises NotFound."""
        if not await self._database.write(partial(_dropped, camera_id), durable=True):
            raise NotFound(f"there is no camera {camera_id!r} in the network")

    async def read(self) -> tuple[Sequence[Camera], Sequence[Way]]:
        """Return all, by id."""
        return await self._database.read(_network)

    async def ids(self) -> tuple[str, ...]:
        """Return the ids of the cameras, sorted."""
        return await self._database.read(
            lambda session: tuple(as_written(camera_id) for (camera_id,) in session.all(_IDS))
        )


def refuse_faults(cameras: Sequence[Camera], ways: Sequence[Way], known: Iterable[str], of: str | None = None) -> None:
    """Refuse cameras and ways that cannot be a network. of: the camera that each way has to begin or end at.

    Raises InvalidInput with all faults.
    """
    names = set(known)
    faults = []
    for number, camera in enumerate(cameras):
        if not 0 < len(camera.id) <= LONGEST_NAME:
            faults.append((f"cameras.{number}.id", f"expected 1 to {LONGEST_NAME} characters"))
    if len({camera.id for camera in cameras}) < len(cameras):
        faults.append(("cameras", "two have the same id"))
    seen = set()
    for number, way in enumerate(ways):
        for end, name in (("origin", way.origin), ("target", way.target)):
            if name not in names:
                faults.append((f"ways.{number}.{end}", f"there is no camera {name!r}"))
        if of is not None and of not in {way.origin, way.target}:
            faults.append((f"ways.{number}", f"neither from nor to {of!r}"))
        if (way.origin, way.target) in seen:
            faults.append((f"ways.{number}", f"a second way from {way.origin!r} to {way.target!r}"))
        seen.add((way.origin, way.target))
    if faults:
        raise InvalidInput(
            "the network cannot be kept: " + "; ".join(f"{path}: {what}" for path, what in faults[:5]), tuple(faults)
        )


def _network(session: Session) -> tuple[Sequence[Camera], Sequence[Way]]:
    cameras, ways = session.all(_ALL_CAMERAS), session.all(_ALL_WAYS)
    return [_CAMERAS.read(body) for (body,) in cameras], [_WAYS.read(body) for (body,) in ways]


def _dropped(camera_id: str, session: Session) -> int:
    return session.run(_DROP_CAMERA, camera=camera_id)


def _camera_row(camera: Camera) -> dict[str, Any]:
    return {"id": camera.id, "body": to_json(camera)}


def _way_row(way: Way) -> dict[str, Any]:
    return {"origin": way.origin, "target": way.target, "body": to_json(way)}
