"""Confirmed passages as arrays: where and when each of their sightings was, and what it looked like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InvalidInput, NotFound
from daemon.ports.sightings import SightingsView

#: Sightings that are learnt from at most; beyond that more of them change nothing that can be measured.
MOST = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Passages:
    """n sightings of targets that are known, each target's in order of time, target after target.

    target: int32 (n,), number of the target. rows: int64 (n,), of the view. cameras: int32 (n,). times: float64 (n,),
    seconds by the cameras' clocks.
    body: float32 (n, d), rows of zeros where there is none. face: float32 (k, f); face_rows: int32 (n,), -1 for none.
    quality, direction_deg: float32 (n,), NaN where unknown.
    """

    target: NDArray[np.int32]
    rows: NDArray[np.int64]
    cameras: NDArray[np.int32]
    times: NDArray[np.float64]
    body: NDArray[np.float32]
    face: NDArray[np.float32]
    face_rows: NDArray[np.int32]
    quality: NDArray[np.float32]
    direction_deg: NDArray[np.float32]

    @property
    def size(self) -> int:
        """How many sightings there are."""
        return len(self.target)

    def steps(self) -> NDArray[np.int64]:
        """Return the places of sightings that have another of the same target after them."""
        return np.flatnonzero(self.target[1:] == self.target[:-1])

    def without_repeats(self, moment_s: float) -> Passages:
        """Return the same passages without what a camera saw of a target again within so many seconds."""
        again = np.zeros(self.size, dtype=np.bool_)
        again[1:] = (np.diff(self.target) == 0) & (np.diff(self.cameras) == 0) & (np.diff(self.times) <= moment_s)
        return self if not again.any() else self._part(np.flatnonzero(~again))

    def _part(self, order: NDArray[np.int64]) -> Passages:
        return Passages(
            target=self.target[order],
            rows=self.rows[order],
            cameras=self.cameras[order],
            times=self.times[order],
            body=self.body[order],
            face=self.face,
            face_rows=self.face_rows[order],
            quality=self.quality[order],
            direction_deg=self.direction_deg[order],
        )

    def mirrored(self) -> Passages:
        """Return the same passages with time running backwards."""
        back = self._part(np.arange(self.size)[::-1])
        turned = (back.direction_deg + 180.0) % 360.0
        return replace(back, times=-back.times, direction_deg=turned.astype(np.float32))


def gather(view: SightingsView, passages: Sequence[Sequence[str]], seed: int = 0) -> Passages:
    """Look the passages up in a view; a random part of them where they are more than can be used.

    Raises InvalidInput for a detection that is not in the view.
    """
    order = np.random.default_rng(seed).permutation(len(passages)) if sum(map(len, passages)) > MOST else None
    rows: list[int] = []
    targets: list[int] = []
    for place in range(len(passages)) if order is None else order:
        for detection in passages[place]:
            try:
                rows.append(view.row_of(detection))
            except NotFound as error:
                where = f"passage {place}"
                raise InvalidInput(
                    f"{where} names detection {detection!r}, which is not in the gallery",
                    ((f"passages.{place}", f"no detection {detection!r}"),),
                ) from error
            targets.append(int(place))
        if len(rows) > MOST:
            break
    return _read(view, np.array(rows, dtype=np.int64), np.array(targets, dtype=np.int32))


def _read(view: SightingsView, rows: NDArray[np.int64], target: NDArray[np.int32]) -> Passages:
    count = len(rows)
    cameras = np.array([view.camera_of(int(row)) for row in rows], dtype=np.int32)
    times = np.zeros(count)
    quality, direction = np.full(count, np.nan, np.float32), np.full(count, np.nan, np.float32)
    face_rows = np.full(count, -1, dtype=np.int32)
    body = np.zeros((count, 0), np.float32)
    faces: list[NDArray[np.float32]] = []
    seen = 0
    for camera in np.unique(cameras):
        window = view.window(int(camera), -np.inf, np.inf)
        here = np.flatnonzero(cameras == camera)
        by_row = np.argsort(window.rows, kind="stable")
        at = by_row[np.searchsorted(window.rows, rows[here], sorter=by_row)]
        times[here], quality[here], direction[here] = window.times[at], window.quality[at], window.direction_deg[at]
        if body.shape[1] != window.body.shape[1]:
            body = np.zeros((count, window.body.shape[1]), np.float32)
        body[here] = window.body[at]
        with_face = window.face_rows[at] >= 0
        face_rows[here[with_face]] = seen + np.arange(with_face.sum())
        faces.append(window.faces[window.face_rows[at][with_face]].astype(np.float32))
        seen += int(with_face.sum())
    by_time = np.lexsort((times, target))
    return Passages(
        target=target[by_time],
        rows=rows[by_time],
        cameras=cameras[by_time],
        times=times[by_time],
        body=body[by_time],
        face=np.concatenate([part for part in faces if part.shape[1]] or [np.zeros((0, 0), np.float32)]),
        face_rows=face_rows[by_time],
        quality=quality[by_time],
        direction_deg=direction[by_time],
    )
