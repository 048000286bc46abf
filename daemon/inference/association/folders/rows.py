"""Detections of a folder as columns: a line of detections.jsonl is a row."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta

from daemon.inference.association.folders.faults import Faults
from daemon.inference.association.folders.lines import JSONLines
from daemon.ports.sightings import CarriedThing, Detection

if TYPE_CHECKING:
    from numpy.typing import NDArray

Identifier = Annotated[str, Meta(min_length=1)] | int
_EXPECTED_TIME: Final = "expected a time with its zone, such as 2026-03-01T00:33:34.205+00:00"
#: A clock that shows another year was never set.
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 9998
_NAN: Final = float("nan")
_NO_BOX: Final = (_NAN,) * 4
RowNumber = Annotated[int, Meta(ge=0, lt=1 << 31)]


class Carried(msgspec.Struct, frozen=True):
    """What a reader read."""

    kind: Annotated[str, Meta(min_length=1)]
    value: Annotated[str, Meta(min_length=1)]


class DetectionLine(msgspec.Struct, frozen=True, gc=False):
    """One line. body, face: rows of the files of vectors; direction and direction_deg are one."""

    id: Identifier
    camera: Identifier
    time: Annotated[datetime, Meta(tz=True)]
    body: RowNumber | None = None
    face: RowNumber | None = None
    direction: float | None = None
    direction_deg: float | None = None
    box: tuple[float, float, float, float] | None = None
    quality: Annotated[float, Meta(ge=0, le=1)] | None = None
    track: Identifier | None = None
    model: Identifier | None = None
    body_model: Identifier | None = None
    face_model: Identifier | None = None
    carried: Carried | None = None


class _Loose(msgspec.Struct):
    time: str


class DetectionLines(JSONLines[DetectionLine]):
    """Lines of detections.jsonl; times may have any form of ISO 8601 that has a zone."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(DetectionLine, faults)
        self._loose = msgspec.json.Decoder(_Loose)

    def mended(self, line: bytes, error: msgspec.MsgspecError) -> DetectionLine:
        """Read a time that the quick way refused."""
        if "`$.time`" not in str(error):
            raise error
        try:
            written = self._loose.decode(line).time
            time = datetime.fromisoformat(written.strip())
        except msgspec.MsgspecError:
            raise msgspec.ValidationError(f"{_EXPECTED_TIME}, as a string - at `$.time`") from error
        except (ValueError, OverflowError):
            raise msgspec.ValidationError(f"{written[:40]!r}: {_EXPECTED_TIME} - at `$.time`") from error
        if time.tzinfo is None:
            raise msgspec.ValidationError(f"{written!r} has no zone; {_EXPECTED_TIME} - at `$.time`")
        whole: dict[str, Any] = msgspec.json.decode(line)
        return self._decoder.decode(msgspec.json.encode(whole | {"time": time.isoformat()}))


class DetectionRows(NamedTuple):
    """Columns of n detections in the order of their lines.

    ids: of the detections. camera: int32 (n,), number. times: float64 (n,), seconds since 1970 by the camera's clock.
    body, face: int32 (n,), rows of vectors or -1. quality, direction_deg: float32 (n,), NaN where unknown. box: float32
    (n, 4), NaN. tracks: None where there is none; body_models, face_models: "" where none is stated. carried: by row.
    lines: int32 (n,), numbers of lines.
    """

    ids: list[str]
    tracks: list[str | None]
    body_models: list[str]
    face_models: list[str]
    carried: dict[int, CarriedThing]
    camera: NDArray[np.int32]
    times: NDArray[np.float64]
    body: NDArray[np.int32]
    face: NDArray[np.int32]
    quality: NDArray[np.float32]
    direction_deg: NDArray[np.float32]
    box: NDArray[np.float32]
    lines: NDArray[np.int32]

    def detection(self, row: int, camera: str) -> Detection:
        """Return one as the ports know it."""
        quality, direction, box = self.quality[row], self.direction_deg[row], self.box[row]
        return Detection(
            id=self.ids[row],
            camera=camera,
            time=datetime.fromtimestamp(self.times[row], UTC),
            direction_deg=None if np.isnan(direction) else float(direction),
            box=None if np.isnan(box[0]) else (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
            track=self.tracks[row],
            quality=None if np.isnan(quality) else float(quality),
            body_model=self.body_models[row] if self.body[row] >= 0 else "",
            face_model=self.face_models[row] if self.face[row] >= 0 else "",
            carried=self.carried.get(row),
        )


def read_rows(path: Path, cameras: Mapping[str, int], faults: Faults) -> DetectionRows:
    """Read detections.jsonl. The same line twice counts once. Raises UnreadableFile."""
    growing = _Growing()
    for number, line in DetectionLines(faults).read(path):
        camera = cameras.get(str(line.camera))
        if camera is None:
            faults.add(f"{path.name}:{number}", f"camera: {line.camera!r} is no camera of cameras.geojson")
        elif problem := _problem(line):
            faults.add(f"{path.name}:{number}", problem)
        else:
            growing.append(number, camera, line)
    rows = growing.frozen()
    return _without_repeats(rows, path.name, faults) if len(set(rows.ids)) < len(rows.ids) else rows


def _problem(line: DetectionLine) -> str | None:
    if not _FIRST_YEAR <= line.time.year <= _LAST_YEAR:
        return f"time: {line.time.isoformat()}; expected a time of this age"
    if line.box is not None and (line.box[2] <= 0 or line.box[3] <= 0):
        return f"box: {list(line.box)}; expected left, top, width and height, the last two above 0"
    if line.direction is not None and line.direction_deg not in {None, line.direction}:
        return "direction and direction_deg differ; expected one of them, degrees from north"
    if line.body is None and line.face is None and line.carried is None:
        return "neither a body nor a face vector; expected the number of a row in body.npy or face.npy"
    return None


def _without_repeats(rows: DetectionRows, name: str, faults: Faults) -> DetectionRows:
    """Drop lines that say again what an earlier one said; the same id for something else is a fault."""
    first: dict[str, int] = {}
    keep = np.ones(len(rows.ids), bool)
    for row, identifier in enumerate(rows.ids):
        earlier = first.setdefault(identifier, row)
        if earlier == row:
            continue
        keep[row] = False
        if any(_differ(column[earlier], column[row]) for column in (*rows[1:4], *rows[5:-1])):
            faults.add(f"{name}:{rows.lines[row]}", f"id: {identifier!r} is that of line {rows.lines[earlier]} already")
    kept = np.flatnonzero(keep)
    carried = {place: rows.carried[row] for place, row in enumerate(kept.tolist()) if row in rows.carried}
    lists: list[Any] = [[column[row] for row in kept] for column in rows[:4]]
    return DetectionRows._make([*lists, carried, *(column[kept] for column in rows[5:])])


def _differ(one: object, other: object) -> bool:
    if isinstance(one, (str, type(None))):
        return one != other
    return not np.array_equal(one, other, equal_nan=True)  # type: ignore[arg-type]


class _Growing:
    """Columns while lines are read."""

    def __init__(self) -> None:
        self._lists: tuple[list[Any], ...] = ([], [], [], [])
        self._carried: dict[int, CarriedThing] = {}
        self._columns: dict[str, array[Any]] = {
            "camera": array("i"), "times": array("d"), "body": array("i"), "face": array("i"), "quality": array("f"),
            "direction_deg": array("f"), "box": array("f"), "lines": array("i"),
        }  # fmt: skip

    def append(self, number: int, camera: int, line: DetectionLine) -> None:
        ids, tracks, body_models, face_models = self._lists
        if line.carried is not None:
            self._carried[len(ids)] = CarriedThing(line.carried.kind, line.carried.value.upper())
        ids.append(str(line.id))
        tracks.append(None if line.track is None else str(line.track))
        body_models.append(str(line.body_model or line.model or ""))
        face_models.append(str(line.face_model or ""))
        direction = line.direction_deg if line.direction is None else line.direction
        columns = self._columns
        columns["lines"].append(number)
        columns["camera"].append(camera)
        columns["times"].append(line.time.timestamp())
        columns["body"].append(-1 if line.body is None else line.body)
        columns["face"].append(-1 if line.face is None else line.face)
        columns["quality"].append(_NAN if line.quality is None else line.quality)
        columns["direction_deg"].append(_NAN if direction is None else direction % 360.0)
        columns["box"].extend(_NO_BOX if line.box is None else line.box)

    def frozen(self) -> DetectionRows:
        kinds = {"i": np.int32, "d": np.float64, "f": np.float32}
        columns: dict[str, Any] = {
            name: np.frombuffer(column, kinds[column.typecode]) for name, column in self._columns.items()
        }
        columns["box"] = columns["box"].reshape(-1, 4)
        ids, tracks, body_models, face_models = self._lists
        return DetectionRows(ids, tracks, body_models, face_models, self._carried, **columns)
