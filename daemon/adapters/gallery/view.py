"""What a search reads: the blocks of one moment, as windows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daemon.adapters.gallery.block import Block
from daemon.adapters.gallery.parts import Part, Place, joined, shared_tracks
from daemon.adapters.gallery.rows import thing_key
from daemon.errors import NotFound
from daemon.ports.sightings import CarriedThing, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray


class _Run(NamedTuple):
    """A camera's passages in one part. base: the view's row of the part's position 0."""

    part: Part
    base: int
    low: int
    times: NDArray[np.float64]
    first: float
    last: float


class BlockView:
    """A ports.SightingsView over blocks, which it keeps from going away.

    Rows are numbered by part, then by camera and time. A window is a slice of one block where the camera's passages
    in it are in one; else it is put together, which is a copy of the window alone. Raises NotFound for models of
    which there is nothing.
    """

    def __init__(
        self, blocks: Sequence[Block], cameras: Sequence[str], body_model: str, face_model: str,
        widths: tuple[int, int],
    ) -> None:  # fmt: skip
        found = (Part.of(block, body_model, face_model, widths) for block in blocks)
        parts = [part for part in found if part is not None]
        if not parts:
            raise NotFound(f"no detections with vectors of the models {body_model!r} and {face_model!r}")
        self.cameras: Sequence[str] = tuple(cameras)
        self._blocks = tuple(blocks)
        self._widths = widths
        self._numbers = {camera: number for number, camera in enumerate(self.cameras)}
        joint, self._joints = joined(parts, shared_tracks(parts), body_model, widths)
        self._parts = [*parts, joint]
        self._bases = [0, *accumulate(part.count for part in self._parts)]
        self._joint_of = {place: n for n, one in enumerate(self._joints) for place in one.places}
        self._runs: dict[int, list[_Run]] = {}

    @cached_property
    def size(self) -> int:
        """How many passages there are, of cameras that the network has."""
        return sum(self._shown(part) for part in self._parts)

    def window(self, camera: int, start_s: float, end_s: float) -> Window:
        """Return what a camera saw in [start_s, end_s), by its own clock."""
        runs = self._runs.get(camera)
        if runs is None:
            runs = self._runs[camera] = self._of_camera(self.cameras[camera])
        pieces = []
        for run in runs:
            if run.last >= start_s and run.first < end_s:
                low = run.low + int(run.times.searchsorted(start_s))
                high = run.low + int(run.times.searchsorted(end_s))
                if low < high:
                    pieces.append((run, low, high))
        if len(pieces) == 1 and not pieces[0][0].part.hides(*pieces[0][1:]):
            run, low, high = pieces[0]
            part, span = run.part, slice(low, high)
            return Window(
                np.arange(run.base + low, run.base + high), part.first[span], part.body[span], part.face_rows[span],
                part.faces, part.quality[span], part.direction[span],
            )  # fmt: skip
        return self._put_together(pieces)

    def id_of(self, row: int) -> str:
        """Return the id of a row's detection; of a track, of the first."""
        part, position = self._at(row)
        if part.block is None:
            leader = self._joints[position].leader
            part, position = self._parts[leader.part], leader.position
        return _ids(part, position, only_first=True)[0]

    def ids_of(self, row: int) -> tuple[str, ...]:
        """Return the ids of all detections of a row, oldest first."""
        part, position = self._at(row)
        places = self._joints[position].places if part.block is None else ()
        some = [(self._parts[place.part], place.position) for place in places] or [(part, position)]
        some.sort(key=lambda one: float(one[0].first[one[1]]))
        return tuple(name for part, position in some for name in _ids(part, position))

    def row_of(self, detection_id: str) -> int:
        """Return the row of a detection, or of the passage it was merged into. Raises NotFound."""
        for number, part in enumerate(self._parts[:-1]):
            row = self._row_in(number, part, detection_id)
            if row is not None:
                return row
        raise NotFound(f"there is no detection {detection_id!r} of these models at a camera of the network")

    def camera_of(self, row: int) -> int:
        """Return the number of a row's camera."""
        part, position = self._at(row)
        return self._numbers[part.camera(position)]

    def carried(self, thing: CarriedThing) -> Sequence[tuple[int, float]]:
        """Return where and when a thing was read: camera number, seconds since 1970 by its clock; oldest first."""
        key = np.uint64(thing_key(thing))
        found = []
        for block in self._blocks:
            keys = block.column("thing_keys")
            span = slice(int(keys.searchsorted(key)), int(keys.searchsorted(key, side="right")))
            for record in block.column("thing_records")[span].tolist():
                one = block.detection(record)
                if one.carried == thing and one.camera in self._numbers:
                    found.append((self._numbers[one.camera], one.time.timestamp()))
        return sorted(found, key=lambda seen: (seen[1], seen[0]))

    def _of_camera(self, camera: str) -> list[_Run]:
        runs = []
        for part, base in zip(self._parts, self._bases, strict=False):
            low, high = part.span(camera)
            if low < high:
                times = part.first[low:high]
                runs.append(_Run(part, base, low, times, float(times[0]), float(times[-1])))
        return runs

    def _put_together(self, pieces: Sequence[tuple[_Run, int, int]]) -> Window:
        """Return several slices as one window, in the order of time."""
        shown = [(run, run.part.shown(low, high)) for run, low, high in pieces]
        if not any(len(positions) for _, positions in shown):
            return self._empty
        times = np.concatenate([run.part.first[positions] for run, positions in shown])
        order = np.argsort(times, kind="stable")
        face_rows, faces = _faces_of(shown)

        def column(name: str) -> NDArray[Any]:
            return np.concatenate([getattr(run.part, name)[positions] for run, positions in shown])[order]

        rows = np.concatenate([run.base + positions for run, positions in shown])[order]
        return Window(
            rows, times[order], column("body"), face_rows[order], faces, column("quality"), column("direction")
        )  # fmt: skip

    @cached_property
    def _empty(self) -> Window:
        nothing, unknown = np.empty(0, np.int64), np.empty(0, np.float32)
        body, faces = (np.empty((0, width), np.float16) for width in self._widths)
        return Window(nothing, np.empty(0), body, np.empty(0, np.int32), faces, unknown, unknown)

    def _at(self, row: int) -> tuple[Part, int]:
        if not 0 <= row < self._bases[-1]:
            raise NotFound(f"there is no row {row}")
        number = bisect_right(self._bases, row) - 1
        return self._parts[number], row - self._bases[number]

    def _row_in(self, number: int, part: Part, detection_id: str) -> int | None:
        block = part.block
        record = block.find(detection_id) if block else None
        if block is None or record is None:
            return None
        passage = int(block.column("passage")[record])
        position = part.position(passage) if passage >= 0 else None
        if position is None or part.camera(position) not in self._numbers:
            return None
        joint = self._joint_of.get(Place(number, position))
        return self._bases[number] + position if joint is None else self._bases[-2] + joint

    def _shown(self, part: Part) -> int:
        if part.block is None:
            return sum(high - low for camera, (low, high) in part.spans.items() if camera in self._numbers)
        gone = [part.span(camera) for camera in part.block.cameras if camera not in self._numbers]
        visible = part.count - sum(high - low for low, high in gone)
        return visible - sum(not any(low <= at < high for low, high in gone) for at in part.hidden)


def _faces_of(shown: Sequence[tuple[_Run, NDArray[np.int64]]]) -> tuple[NDArray[np.int32], NDArray[np.float16]]:
    """Return the faces of some passages of several parts, and which is whose."""
    rows, faces, before = [], [], 0
    for run, positions in shown:
        own = run.part.face_rows[positions]
        there = own >= 0
        numbers = np.cumsum(there, dtype=np.int32) - 1 + before
        rows.append(np.where(there, numbers, -1).astype(np.int32))
        if there.any():
            faces.append(run.part.faces[own[there]])
            before += int(there.sum())
    return np.concatenate(rows), np.concatenate(faces) if faces else shown[0][0].part.faces[:0]


def _ids(part: Part, position: int, *, only_first: bool = False) -> list[str]:
    """Return the ids of a passage's detections, oldest first."""
    block = part.block
    if block is None:
        raise AssertionError("a joint passage has no block of its own")
    passage = part.passage(position)
    if only_first:
        return [block.detection(int(block.column("leader")[passage])).id]
    others = block.column("passage")[block.about.passages : block.about.vectored]
    span = range(int(others.searchsorted(passage)), int(others.searchsorted(passage, side="right")))
    records = [passage, *(block.about.passages + at for at in span)]
    own = block.column("own")
    return [block.detection(record).id for record in sorted(records, key=lambda record: float(own[record]))]
