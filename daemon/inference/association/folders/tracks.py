"""Tracks: the sightings of one are one passage, and one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DAY_S: Final = 86_400.0
#: A track goes on over midnight when it pauses no longer than this.
_PAUSE_S: Final = 60.0


class MergedTracks(NamedTuple):
    """Which of the detections given are one passage, in order of camera and time.

    first, body, face: int64 (p,), of each passage the first detection, that with the best picture that has a body
    vector, and that with the best that has a face. members: by passage, where there are several, oldest first.
    """

    first: NDArray[np.int64]
    body: NDArray[np.int64]
    face: NDArray[np.int64]
    members: Mapping[int, tuple[int, ...]]

    @classmethod
    def of(
        cls, order: NDArray[Any], camera: NDArray[Any], times: NDArray[Any], tracks: Sequence[str | None] | None,
        quality: NDArray[Any] | None, body_rows: NDArray[Any] | None, face_rows: NDArray[Any] | None,
    ) -> MergedTracks:  # fmt: skip
        """Merge the tracks of detections; order: of camera and time. Tracks are unique within a camera and day."""
        if tracks is None or not any(track is not None for track in tracks):
            return cls(order, order, order, {})
        passage_of = _grouped(order, camera, times, tracks)
        members: dict[int, list[int]] = {}
        for given in order.tolist():
            members.setdefault(passage_of[given], []).append(given)
        groups = list(members.values())
        grades = np.zeros(len(order)) if quality is None else np.nan_to_num(np.asarray(quality, float), nan=-1.0)

        def best(rows: NDArray[Any] | None) -> NDArray[np.int64]:
            there = np.ones(len(order), bool) if rows is None else np.asarray(rows) >= 0
            return np.array([max(group, key=lambda one: (there[one], grades[one])) for group in groups], np.int64)

        several = {number: tuple(group) for number, group in enumerate(groups) if len(group) > 1}
        return cls(np.array([group[0] for group in groups], np.int64), best(body_rows), best(face_rows), several)


def _grouped(
    order: NDArray[Any], camera: NDArray[Any], times: NDArray[Any], tracks: Sequence[str | None]
) -> dict[int, int]:
    """Return the passage of each detection, named by its first."""
    latest: dict[tuple[int, str], tuple[int, float]] = {}
    passage_of: dict[int, int] = {}
    for given in order.tolist():
        track, time = tracks[given], float(times[given])
        passage_of[given] = given
        if track is None:
            continue
        first, before = latest.get((int(camera[given]), track), (given, time))
        if before // _DAY_S == time // _DAY_S or time - before <= _PAUSE_S:
            passage_of[given] = first
        latest[int(camera[given]), track] = passage_of[given], time
    return passage_of
