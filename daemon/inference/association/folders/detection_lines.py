"""Lines of detections.jsonl of a simulated world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from daemon.inference.association.folders.crowd import Progress
from daemon.inference.association.folders.world import World

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BLOCK: Final = 65_536
#: What a world tells of its vectors when it has the column `model`.
BODY_MODEL: Final = "simulated-body"
FACE_MODEL: Final = "simulated-face"


def detection_lines(world: World, progress: Progress) -> Iterator[str]:
    """Yield the lines in blocks, row by row."""
    count = len(world.times)
    for start in range(0, count, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, count))
        values = _values(world, rows)
        template = "{" + ", ".join(f'"{name}": %s' for name in values) + "}\n"
        yield "".join([template % row for row in zip(*values.values(), strict=True)])
        progress("detections.jsonl", int(rows[-1]) + 1, count)


def _values(world: World, rows: NDArray[np.int64]) -> dict[str, Sequence[object]]:
    """Return what stands in the lines of some rows as JSON, by key."""
    faces = world.face_rows[rows].tolist()
    values: dict[str, Sequence[object]] = {
        "id": [f'"d{row}"' for row in rows.tolist()],
        "camera": [f'"c{camera}"' for camera in world.camera_of[rows].tolist()],
        "time": [f'"{time}+00:00"' for time in _times(world.times[rows])],
        "body": rows.tolist(),
        "face": ["null" if face < 0 else face for face in faces],
    }
    return values | _columns(world, rows, faces)


def _columns(world: World, rows: NDArray[np.int64], faces: Sequence[int]) -> dict[str, Sequence[object]]:
    columns, values = world.settings.columns, dict[str, Sequence[object]]()
    if "direction" in columns:
        values["direction_deg"] = _numbers(world.direction_deg[rows], 1)
    if "quality" in columns:
        values["quality"] = _numbers(world.quality[rows], 3)
    if world.boxes is not None:
        values["box"] = [[round(side, 1) for side in box] for box in world.boxes[rows].tolist()]
    if "track" in columns:
        values["track"] = [f'"t{passage}"' for passage in world.passages[rows].tolist()]
    if "model" in columns:
        values["body_model"] = [f'"{BODY_MODEL}"'] * len(rows)
        values["face_model"] = ["null" if face < 0 else f'"{FACE_MODEL}"' for face in faces]
    return values


def _numbers(numbers: NDArray[np.float32], digits: int) -> list[object]:
    return ["null" if number != number else round(number, digits) for number in numbers.tolist()]  # noqa: PLR0124 NaN


def _times(times: NDArray[np.float64]) -> list[str]:
    milliseconds = np.round(times * 1_000).astype(np.int64).astype("datetime64[ms]")
    told: list[str] = np.datetime_as_string(milliseconds, unit="ms").tolist()
    return told
