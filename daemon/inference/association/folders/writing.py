"""Writing a world as a folder of data: all of it appears at once, under its name, or nothing does."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from daemon.errors import InvalidInput, StoreFull
from daemon.inference.association.folders.crowd import Progress
from daemon.inference.association.folders.detection_lines import detection_lines
from daemon.inference.association.folders.world import World

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNFINISHED: Final = ".unfinished-"
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_LINE_BYTES: Final = 100
_COLUMN_BYTES: Final = 45


def write_world(world: World, folder: Path, progress: Progress = lambda *_: None) -> None:
    """Write a world into a folder that is not there yet, or is empty.

    Raises InvalidInput where something is there already, StoreFull where there is no room; nothing is left behind then.
    """
    folder = folder.absolute()
    claim(folder)
    with _room(folder, _bytes(world)), _unfinished(folder) as unfinished:
        _write_json(unfinished / "simulation.json", _told(world))
        _write_json(unfinished / "cameras.geojson", _network(world))
        _write_vectors(
            unfinished / "body.npy", world.body_blocks(), (len(world.times), world.settings.body.width), progress
        )
        faces = len(world.face_scales)
        _write_vectors(unfinished / "face.npy", world.face_blocks(), (faces, world.settings.face.width), progress)
        _write_lines(unfinished / "detections.jsonl", detection_lines(world, progress))
        _write_lines(unfinished / "passages.jsonl", _passages(world))
        _write_lines(unfinished / "queries.jsonl", _queries(world))
        _write_lines(unfinished / "truth.jsonl", _truth(world))
        _put(unfinished, folder)


def claim(folder: Path) -> None:
    """Refuse a place where something is. Raises InvalidInput."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InvalidInput(f"{folder}: is no folder; expected one that is not there yet, or is empty")
    if folder.is_dir() and any(folder.iterdir()):
        raise InvalidInput(f"{folder}: holds something already; expected a folder that is not there yet, or is empty")
    if folder.is_dir() and folder.samefile(Path.cwd()):
        raise InvalidInput(f"{folder}: is the working folder; expected another, that is not there yet or is empty")


@contextmanager
def _room(folder: Path, needed: int) -> Iterator[None]:
    """Tell of a disk that is full, or would be."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder.parent).free
        if free < needed:
            raise StoreFull(f"{folder}: needs about {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free")
        yield
    except OSError as exc:
        if exc.errno in _FULL:
            raise StoreFull(f"{folder}: {exc.strerror}; nothing was kept") from exc
        raise


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """Give a folder beside the one that it is to become; clear away those that runs which were killed left behind.

    A run holds the lock of its own: a folder without a holder is a dead run's.
    """
    name = f".{folder.name}{_UNFINISHED}"
    for left in folder.parent.glob(f"{glob.escape(name)}*"):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), _locked(left) as ours:
            if ours:
                shutil.rmtree(left, ignore_errors=True)
    made = folder.with_name(f"{name}{uuid.uuid4().hex[:8]}")
    made.mkdir()
    try:
        with _locked(made):
            yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Lock a folder while the block runs; tell whether nobody else has."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield _lock(number)
    finally:
        os.close(number)


def _lock(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _put(unfinished: Path, folder: Path) -> None:
    """Give the whole its name. All is on the disk before."""
    _sync(unfinished)
    try:
        unfinished.rename(folder)
    except OSError as exc:
        if exc.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
            raise InvalidInput(f"{folder}: something was put there meanwhile; nothing was written") from exc
        raise
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _bytes(world: World) -> int:
    """Return about how many bytes a folder takes."""
    settings, count = world.settings, len(world.times)
    vectors = 2 * (count * settings.body.width + len(world.face_scales) * settings.face.width)
    return vectors + count * (_LINE_BYTES + 12 + _COLUMN_BYTES * len(settings.columns)) + 700 * len(world.ways)


def _write_vectors(
    path: Path, blocks: Iterable[NDArray[np.float16]], shape: tuple[int, int], progress: Progress
) -> None:
    """Write blocks as one array; through a file, since a full disk ends a process that writes to mapped memory."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f2", "fortran_order": False, "shape": shape})
        done = 0
        for block in blocks:
            file.write(block.astype("<f2", copy=False).tobytes())
            done += len(block)
            progress(path.name, done, shape[0])
        _settle(file)


def _write_lines(path: Path, blocks: Iterable[str]) -> None:
    with path.open("w", encoding="ascii", newline="\n") as file:
        for block in blocks:
            file.write(block)
        _settle(file)


def _write_json(path: Path, content: Any) -> None:
    _write_lines(path, (json.dumps(content, indent=None if "features" in content else 1) + "\n",))


def _settle(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _told(world: World) -> dict[str, Any]:
    """Say how a world came about, so that it can be made again."""
    settings: dict[str, Any] = msgspec.to_builtins(world.settings)
    settings["columns"] = sorted(settings["columns"])
    return {"simulated": True, "numpy": np.__version__, "settings": settings}


def _network(world: World) -> dict[str, Any]:
    places = {camera.id: [camera.longitude, camera.latitude] for camera in world.cameras}
    points = [_feature("Point", place, {"camera": name}) for name, place in places.items()]
    lines = [
        _feature(
            "LineString",
            [places[way.origin], places[way.target]],
            {"from": way.origin, "to": way.target, "metres": way.metres},
        )
        for way in world.ways
        if int(way.origin[1:]) < int(way.target[1:])  # a line is both ways
    ]
    return {"type": "FeatureCollection", "features": points + lines}


def _feature(kind: str, coordinates: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}


def _passages(world: World) -> Iterator[str]:
    return (json.dumps({"detections": _ids(rows)}) + "\n" for rows in world.confirmed_passages())


def _queries(world: World) -> Iterator[str]:
    for asked in world.questions:
        came_from = world.cameras[asked.came_from].id
        line = {"query": asked.id, "detection": f"d{asked.row}", "came_from": came_from, "horizon_s": asked.horizon_s}
        yield json.dumps(line) + "\n"


def _truth(world: World) -> Iterator[str]:
    return (json.dumps({"query": asked.id, "detections": _ids(asked.answers)}) + "\n" for asked in world.questions)


def _ids(rows: NDArray[np.int64]) -> list[str]:
    return [f"d{row}" for row in rows.tolist()]
