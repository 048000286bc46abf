"""A folder of data: a camera network, what its cameras saw, confirmed passages, queries and their answers.

cameras.geojson, detections.jsonl and body.npy must be there; face.npy, passages.jsonl, queries.jsonl and truth.jsonl
may be. Ids may be numbers. Vectors may have any width and length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.folders.faults import Faults
from daemon.inference.association.folders.lines import JSONLines
from daemon.inference.association.folders.rows import DetectionRows, Identifier, read_rows
from daemon.inference.association.folders.vectors import BLOCK, open_vectors, to_unit, unusable
from daemon.inference.association.network.camera_files import CameraFile, read_cameras
from daemon.ports.sightings import Camera, Sighting, Way

if TYPE_CHECKING:
    from numpy.typing import NDArray


class FolderQuery(msgspec.Struct, frozen=True):
    """Who is to be followed: its first detection, the camera that it came from, and how far in time, in seconds."""

    query: Identifier
    detection: Identifier
    horizon_s: Annotated[float, Meta(gt=0)]
    came_from: Identifier | None = None

    @property
    def id(self) -> str:
        """Its name."""
        return str(self.query)


class _Passage(msgspec.Struct, frozen=True):
    detections: list[Identifier]


class _Answer(msgspec.Struct, frozen=True):
    query: Identifier
    detections: list[Identifier]


@dataclass(frozen=True, slots=True)
class DataFolder:
    """What a folder holds. Detections are rows of `rows`, vectors stay in their files, of any length but zero.

    bodies: float (n, d); faces: float (k, f). passages: ids of one target each, in order of time. queries: ids as text.
    truth: the true later detections by query, None where nobody knows. cameras are numbered in their order.
    """

    path: Path
    cameras: tuple[Camera, ...]
    ways: tuple[Way, ...]
    rows: DetectionRows
    bodies: NDArray[Any]
    faces: NDArray[Any]
    passages: tuple[tuple[str, ...], ...]
    queries: tuple[FolderQuery, ...]
    truth: Mapping[str, tuple[str, ...]] | None

    @classmethod
    def read(cls, path: Path) -> DataFolder:
        """Read and check a folder.

        Raises InvalidInput with the first faults of all files, each with its file and line; UnreadableFile for a file
        that must be there and is not, or is nothing of its kind.
        """
        if not path.is_dir():
            raise UnreadableFile(f"{path}: no folder; expected one with cameras.geojson, detections.jsonl and body.npy")
        faults = Faults(str(path))
        cameras, ways, _ = _network(path / "cameras.geojson", faults)
        numbers = {camera.id: number for number, camera in enumerate(cameras)}
        rows = read_rows(path / "detections.jsonl", numbers, faults)
        bodies = _vectors(path / "body.npy", rows, rows.body, faults)
        faces = _vectors(path / "face.npy", rows, rows.face, faults)
        known = set(rows.ids)
        folder = cls(
            path, cameras, ways, _with_models(rows, bodies.shape[1], faces.shape[1]), bodies, faces,
            tuple(_passages(path / "passages.jsonl", known, faults)),
            queries := tuple(_queries(path / "queries.jsonl", known, _unseen(rows), numbers, faults)),
            _truth(path / "truth.jsonl", known, {one.id for one in queries}, faults),
        )  # fmt: skip
        faults.settle()
        return folder

    def sightings(self) -> Iterator[Sighting]:
        """Yield detections with their vectors at unit length, in the order of their lines."""
        for start in range(0, len(self.rows.ids), BLOCK):
            numbers = range(start, min(start + BLOCK, len(self.rows.ids)))
            body, face = (
                _taken(*pair, numbers) for pair in ((self.bodies, self.rows.body), (self.faces, self.rows.face))
            )
            for row, one, other in zip(numbers, body, face, strict=True):
                yield Sighting(self.rows.detection(row, self.cameras[self.rows.camera[row]].id), one, other)

    def models(self) -> Mapping[tuple[str, str], int]:
        """Return how many detections there are of each pair of body and face model, the commonest first."""
        pairs = Counter(zip(self.rows.body_models, self.rows.face_models, strict=True))
        return dict(pairs.most_common())


def _network(path: Path, faults: Faults) -> CameraFile:
    """Read the cameras. Raises InvalidInput with the faults of this file: without it no other can be checked."""
    try:
        return read_cameras(path)
    except InvalidInput as exc:
        for place, what in exc.faults:
            faults.add(f"{path.name}, {place}" if place else path.name, what)
        faults.settle()
        raise


def _taken(vectors: NDArray[Any], places: NDArray[np.int32], rows: range) -> list[NDArray[np.float32] | None]:
    some = places[rows.start : rows.stop]
    if not (some >= 0).any():
        return [None] * len(rows)
    units = to_unit(vectors[np.maximum(some, 0)])
    return [unit if place >= 0 else None for place, unit in zip(some, units, strict=True)]


def _vectors(path: Path, rows: DetectionRows, places: NDArray[np.int32], faults: Faults) -> NDArray[Any]:
    """Map vectors and hold what detections say of them to what there is."""
    used = np.flatnonzero(places >= 0)
    if not path.exists() and not len(used):
        return np.zeros((0, 1), np.float16)
    vectors = open_vectors(path)
    bad = unusable(vectors)
    what = path.stem
    for row in used[places[used] >= len(vectors)]:
        faults.add(f"detections.jsonl:{rows.lines[row]}", f"{what}: {places[row]}; {path.name} has {len(vectors)} rows")
    within = used[places[used] < len(vectors)]
    for row in within[bad[places[within]]]:
        problem = "is all zeros" if not np.any(vectors[places[row]]) else "has numbers that are not finite"
        faults.add(f"detections.jsonl:{rows.lines[row]}", f"{what}: row {places[row]} of {path.name} {problem}")
    return vectors


def _with_models(rows: DetectionRows, body_width: int, face_width: int) -> DetectionRows:
    """Name models that are not stated by their width, so that they are never taken for those of another."""
    body, face = f"unstated-{body_width}", f"unstated-{face_width}"
    return rows._replace(
        body_models=[
            (name or body) if place >= 0 else "" for name, place in zip(rows.body_models, rows.body, strict=True)
        ],
        face_models=[
            (name or face) if place >= 0 else "" for name, place in zip(rows.face_models, rows.face, strict=True)
        ],
    )


def _passages(path: Path, known: set[str], faults: Faults) -> Iterator[tuple[str, ...]]:
    if path.exists():
        for number, line in JSONLines(_Passage, faults).read(path):
            yield _known(line.detections, known, f"{path.name}:{number}", faults)


def _unseen(rows: DetectionRows) -> set[str]:
    """Return the detections without any vector, such as readings of a badge."""
    return {rows.ids[row] for row in np.flatnonzero((rows.body < 0) & (rows.face < 0)).tolist()}


def _queries(
    path: Path, known: set[str], unseen: set[str], cameras: Mapping[str, int], faults: Faults
) -> Iterator[FolderQuery]:
    if not path.exists():
        return
    seen: set[str] = set()
    for number, line in JSONLines(FolderQuery, faults).read(path):
        where = f"{path.name}:{number}"
        _known([line.detection], known, where, faults)
        if str(line.detection) in unseen:
            faults.add(where, f"detection: {line.detection!r} has neither a body nor a face vector")
        if line.came_from is not None and str(line.came_from) not in cameras:
            faults.add(where, f"came_from: {line.came_from!r} is no camera of cameras.geojson")
        if line.id in seen:
            faults.add(where, f"query: {line.id!r} is there twice")
        seen.add(line.id)
        yield line


def _truth(path: Path, known: set[str], asked: set[str], faults: Faults) -> Mapping[str, tuple[str, ...]] | None:
    if not path.exists():
        return None
    found: dict[str, tuple[str, ...]] = {}
    for number, line in JSONLines(_Answer, faults).read(path):
        where, name = f"{path.name}:{number}", str(line.query)
        if name not in asked or name in found:
            faults.add(where, f"query: {name!r} is {'there twice' if name in found else 'no query of queries.jsonl'}")
        found[name] = _known(line.detections, known, where, faults)
    return found


def _known(given: Sequence[str | int], known: set[str], where: str, faults: Faults) -> tuple[str, ...]:
    names = tuple(map(str, given))
    for name in names:
        if name not in known:
            faults.add(where, f"{name!r} is no detection of detections.jsonl")
    return names
