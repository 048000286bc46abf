"""Detections in memory, arranged for searches: by camera, then by time, so that a window is one slice."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.errors import InvalidInput, NotFound
from daemon.inference.association.folders.tracks import MergedTracks
from daemon.inference.association.folders.vectors import unit_rows
from daemon.inference.association.search.query import Query
from daemon.ports.sightings import CarriedThing, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.inference.association.folders.folder import DataFolder


class FolderView:
    """A SightingsView all in memory. Rows are numbered by camera, then by time; see Window for what a column holds.

    starts: int64 (cameras + 1,), first row of each camera. source: int64 (n,), which of the detections given a row is
    (of a track, the first). columns: all of them as one window.
    """

    def __init__(
        self, cameras: Sequence[str], starts: NDArray[np.int64], columns: Window, source: NDArray[np.int64], *,
        ids: Sequence[str] | None, members: Mapping[int, tuple[int, ...]],
        carried: Mapping[CarriedThing, Sequence[tuple[int, float]]], things: Mapping[int, CarriedThing],
    ) -> None:  # fmt: skip
        self.cameras = tuple(cameras)
        self.starts = starts
        self.columns = columns
        self.source = source
        self._times = np.ascontiguousarray(columns.times).data  # quicker to read one by one than an array
        face_starts = np.zeros(len(source) + 1, np.int32)
        np.cumsum(columns.face_rows >= 0, dtype=np.int32, out=face_starts[1:])
        self._face_starts = face_starts.data
        self._bounds: list[int] = starts.tolist()
        self._ids = ids
        self._members = members
        self._carried = carried
        self._things = things
        self._rows_by_id: dict[str, int] | NDArray[np.int64] | None = None

    @classmethod
    def of_arrays(
        cls, cameras: Sequence[str], camera: NDArray[Any], times: NDArray[Any], body: NDArray[Any], *,
        body_rows: NDArray[Any] | None = None, faces: NDArray[Any] | None = None,
        face_rows: NDArray[Any] | None = None, quality: NDArray[Any] | None = None,
        direction_deg: NDArray[Any] | None = None, ids: Sequence[str] | None = None,
        tracks: Sequence[str | None] | None = None,
        carried: Mapping[CarriedThing, Sequence[tuple[int, float]]] | None = None,
        things: Mapping[int, CarriedThing] | None = None,
    ) -> FolderView:  # fmt: skip
        """Arrange n detections that are given in any order.

        camera: (n,), numbers of `cameras`. times: (n,), seconds since 1970 by the camera's clock. body: float (m, d),
        of any length, with body_rows (n,) or -1, or else m = n. faces: (k, f) with face_rows (n,) or -1. ids: names,
        or else the numbers 0 to n - 1. tracks: see Detection. carried: all
        readings; things: what a detection carried, by its number. Raises InvalidInput for a camera that is none.
        """
        camera, times = np.asarray(camera, np.int32), np.asarray(times, np.float64)
        if len(camera) and (camera.min() < 0 or camera.max() >= len(cameras)):
            raise InvalidInput(f"a camera's number is none of 0 to {len(cameras) - 1}")
        order = np.lexsort((times, camera))
        merged = MergedTracks.of(order, camera, times, tracks, quality, body_rows, face_rows)
        source = merged.first
        starts = np.searchsorted(camera[source], np.arange(len(cameras) + 1)).astype(np.int64)
        places = merged.body if body_rows is None else np.asarray(body_rows)[merged.body]
        units = np.empty((len(source), body.shape[1]), np.float16)
        unit_rows(body, places, units)
        face_places = np.full(len(source), -1) if face_rows is None else np.asarray(face_rows)[merged.face]
        found = np.flatnonzero(face_places >= 0)
        own_faces = np.full(len(source), -1, np.int32)
        own_faces[found] = np.arange(len(found))
        units_of_faces = np.empty((len(found), 1 if faces is None else faces.shape[1]), np.float16)
        if faces is not None:
            unit_rows(faces, face_places[found], units_of_faces)
        columns = Window(
            rows=np.arange(len(source)), times=times[source], body=units, face_rows=own_faces, faces=units_of_faces,
            quality=_column(quality, merged.body), direction_deg=_column(direction_deg, source),
        )  # fmt: skip
        return cls(
            cameras,
            starts,
            columns,
            source,
            ids=ids,
            members=merged.members,
            carried=carried or {},
            things=things or {},
        )

    @classmethod
    def of(cls, folder: DataFolder, body_model: str | None = None, face_model: str | None = None) -> FolderView:
        """Arrange what a folder has of one pair of models, by default the commonest; things carried are in all."""
        rows = folder.rows
        body_model, face_model = _pair(folder, body_model, face_model)
        has_body = np.fromiter((name == body_model for name in rows.body_models), bool) & (rows.body >= 0)
        has_face = np.fromiter((name == face_model for name in rows.face_models), bool) & (rows.face >= 0)
        used = np.flatnonzero(has_body | has_face)
        carried: dict[CarriedThing, list[tuple[int, float]]] = {}
        for row, thing in rows.carried.items():
            carried.setdefault(thing, []).append((int(rows.camera[row]), float(rows.times[row])))
        return cls.of_arrays(
            [camera.id for camera in folder.cameras], rows.camera[used], rows.times[used], folder.bodies,
            body_rows=np.where(has_body, rows.body, -1)[used], faces=folder.faces,
            face_rows=np.where(has_face, rows.face, -1)[used], quality=rows.quality[used],
            direction_deg=rows.direction_deg[used], ids=[rows.ids[row] for row in used],
            tracks=[rows.tracks[row] for row in used],
            carried={thing: sorted(seen, key=lambda one: one[1]) for thing, seen in carried.items()},
            things={place: rows.carried[row] for place, row in enumerate(used.tolist()) if row in rows.carried},
        )  # fmt: skip

    @property
    def size(self) -> int:
        """How many rows there are."""
        return self._bounds[-1]

    def window(self, camera: int, start_s: float, end_s: float) -> Window:
        """Return what a camera saw in [start_s, end_s), by its own clock: slices, and small numbers of faces."""
        bounds, times, whole = self._bounds, self._times, self.columns
        start = bisect_left(times, start_s, bounds[camera], bounds[camera + 1])
        end = bisect_left(times, end_s, start, bounds[camera + 1])
        span = slice(start, end)
        first, last = self._face_starts[start], self._face_starts[end]
        face_rows = whole.face_rows[span]
        if first < last:
            face_rows = np.maximum(face_rows - first, -1)
        return Window(
            whole.rows[span], whole.times[span], whole.body[span], face_rows, whole.faces[first:last],
            whole.quality[span], whole.direction_deg[span],
        )  # fmt: skip

    def id_of(self, row: int) -> str:
        """Return the id of a row's detection; of a track, of the first."""
        return self._name(int(self.source[row]))

    def ids_of(self, row: int) -> tuple[str, ...]:
        """Return the ids of all detections of a row, oldest first."""
        return tuple(self._name(member) for member in self._members.get(row, (int(self.source[row]),)))

    def row_of(self, detection_id: str) -> int:
        """Return the row of a detection. Raises NotFound."""
        if self._rows_by_id is None:
            self._rows_by_id = self._index()
        rows, found = self._rows_by_id, None
        if isinstance(rows, dict):
            found = rows.get(detection_id)
        elif detection_id.isdecimal() and int(detection_id) < len(rows):
            found = int(rows[int(detection_id)])
        if found is None:
            raise NotFound(f"there is no detection {detection_id!r} of these models")
        return found

    def camera_of(self, row: int) -> int:
        """Return the number of a row's camera."""
        return bisect_right(self._bounds, row) - 1

    def carried(self, thing: CarriedThing) -> Sequence[tuple[int, float]]:
        """Return where and when a thing was read, oldest first."""
        return self._carried.get(thing, ())

    def query(self, row: int, horizon_s: float, came_from: int | None = None) -> Query:
        """Return the question where the target of a row went afterwards."""
        whole = self.columns
        face_row = int(whole.face_rows[row])
        body = whole.body[row : row + 1].astype(np.float32)
        return Query(
            camera=self.camera_of(row), time_s=float(whole.times[row]), horizon_s=horizon_s, row=row,
            body=body if body.any() else body[:0], came_from=came_from,
            face=whole.faces[face_row : face_row + 1].astype(np.float32),  # -1: none
            direction_deg=_known(whole.direction_deg[row]), quality=_known(whole.quality[row]),
            carried=(self._things[int(self.source[row])],) if int(self.source[row]) in self._things else (),
        )  # fmt: skip

    def _index(self) -> dict[str, int] | NDArray[np.int64]:
        """Return where ids are, those that are plain numbers without the memory that ten million names take."""
        if self._ids is None and not self._members:
            places = np.empty(self.size, np.int64)
            places[self.source] = np.arange(self.size)
            return places
        found = {self._name(given): row for row, given in enumerate(self.source.tolist())}
        for row, given in self._members.items():
            found |= {self._name(member): row for member in given}
        return found

    def _name(self, given: int) -> str:
        return str(given) if self._ids is None else self._ids[given]


def _pair(folder: DataFolder, body_model: str | None, face_model: str | None) -> tuple[str, str]:
    """Return the models that are asked for, or those of most detections. Raises NotFound for one without any."""
    models = folder.models()
    if body_model is None:
        body_model = next((body for body, _ in models if body), "")
    elif not any(body == body_model for body, _ in models):
        raise NotFound(f"{folder.path}: no vectors of the body model {body_model!r}")
    if face_model is None:
        face_model = next((face for body, face in models if face and body in {body_model, ""}), "")
    return body_model, face_model


def _column(given: NDArray[Any] | None, places: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.full(len(places), np.nan, np.float32) if given is None else np.asarray(given, np.float32)[places]


def _known(value: np.float32) -> float | None:
    return None if np.isnan(value) else float(value)
