"""What a search reads of the gallery in memory: passages, put together anew for every window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from daemon.errors import NotFound
from daemon.ports.sightings import CarriedThing, Detection, Sighting, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray


class MemoryView:
    """A ports.SightingsView: rows are passages by camera and time."""

    def __init__(
        self, cameras: Sequence[str], found: Sequence[Sighting], carried: Iterable[Detection], widths: tuple[int, int]
    ) -> None:
        self.cameras = tuple(cameras)
        self._numbers = {name: number for number, name in enumerate(cameras)}
        self._widths = widths
        passages = _passages(one for one in found if one.detection.camera in self._numbers)
        passages.sort(key=lambda some: (some[0].detection.camera, some[0].detection.time, some[0].detection.id))
        self._passages = passages
        self._camera = np.array([self._numbers[some[0].detection.camera] for some in passages], np.int64)
        self._times = np.array([some[0].detection.time.timestamp() for some in passages], np.float64)
        self._rows = {one.detection.id: row for row, some in enumerate(passages) for one in some}
        self._carried = [one for one in carried if one.camera in self._numbers]

    @property
    def size(self) -> int:
        """How many passages there are."""
        return len(self._passages)

    def window(self, camera: int, start_s: float, end_s: float) -> Window:
        """Return what a camera saw in [start_s, end_s), by its own clock."""
        rows = np.flatnonzero((self._camera == camera) & (self._times >= start_s) & (self._times < end_s))
        some = [self._passages[row] for row in rows]
        bodies = [_best(passage, "body") for passage in some]
        faces = [one.face for passage in some if (one := _best(passage, "face")).face is not None]
        has_face = np.array([_best(passage, "face").face is not None for passage in some], bool)
        body = np.zeros((len(some), self._widths[0]), np.float16)
        for row, one in enumerate(bodies):
            if one.body is not None:
                body[row] = one.body
        return Window(
            rows, self._times[rows], body, np.where(has_face, np.cumsum(has_face) - 1, -1).astype(np.int32),
            np.array(faces, np.float16).reshape(len(faces), self._widths[1]),
            _column(one.detection.quality for one in bodies),
            _column(None if (d := passage[0].detection.direction_deg) is None else d % 360 for passage in some),
        )  # fmt: skip

    def id_of(self, row: int) -> str:
        """Return the id of a row's detection; of a passage, of its first."""
        return self.ids_of(row)[0]

    def ids_of(self, row: int) -> tuple[str, ...]:
        """Return the ids of all detections of a row, oldest first."""
        if not 0 <= row < len(self._passages):
            raise NotFound(f"there is no row {row}")
        return tuple(one.detection.id for one in self._passages[row])

    def row_of(self, detection_id: str) -> int:
        """Return the row of a detection, or of the passage it was merged into. Raises NotFound."""
        try:
            return self._rows[detection_id]
        except KeyError:
            raise NotFound(
                f"there is no detection {detection_id!r} of these models at a camera of the network"
            ) from None

    def camera_of(self, row: int) -> int:
        """Return the number of a row's camera."""
        return int(self._camera[row])

    def carried(self, thing: CarriedThing) -> Sequence[tuple[int, float]]:
        """Return where and when a thing was read, oldest first."""
        seen = [(one.time.timestamp(), self._numbers[one.camera]) for one in self._carried if one.carried == thing]
        return [(camera, time) for time, camera in sorted(seen)]


def _passages(found: Iterable[Sighting]) -> list[list[Sighting]]:
    """Return the sightings of each passage, oldest first."""
    groups: dict[tuple[str, ...], list[Sighting]] = defaultdict(list)
    for one in found:
        camera, time, track = one.detection.camera, one.detection.time, one.detection.track
        key = (camera, "id", one.detection.id) if track is None else (camera, str(time.date()), "track", track)
        groups[key].append(one)
    return [sorted(some, key=lambda one: (one.detection.time, one.detection.id)) for some in groups.values()]


def _best(passage: Sequence[Sighting], kind: str) -> Sighting:
    """Return the sighting with the best picture of those that have a vector of a kind, or of all."""

    def grade(one: Sighting) -> tuple[bool, float]:
        quality = one.detection.quality
        return getattr(one, kind) is not None, -1.0 if quality is None else quality

    return max(passage, key=grade)


def _column(values: Iterable[float | None]) -> NDArray[np.float32]:
    return np.array([np.nan if value is None else value for value in values], np.float32)
