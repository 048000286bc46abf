"""Compiling the kernels before the first search has to wait for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from daemon.errors import NotFound
from daemon.inference.association.network.learning import learn
from daemon.inference.association.search.best_first import BestFirst
from daemon.inference.association.search.query import Query
from daemon.ports.sightings import Camera, CarriedThing, Way, Window


class _Street:
    """Three cameras along a street, and one walker that is seen by each, twice.

    mapped: windows are slices of memory-mapped files, which are read-only; strided: with face rows among other columns.
    A kernel is compiled anew for each of these kinds of arrays.
    """

    cameras: Sequence[str] = ("a", "b", "c")
    size = 6

    def __init__(self, *, mapped: bool = False, strided: bool = False) -> None:
        self._mapped, self._strided = mapped, strided

    def window(self, camera: int, start_s: float, end_s: float) -> Window:
        times = np.array([83.0 * camera, 83.0 * camera + 9.0])
        first, end = np.searchsorted(times, (start_s, end_s))
        rows = np.arange(2 * camera, 2 * camera + 2)[first:end]
        vectors, unknown = np.eye(2, dtype=np.float16)[first:end], np.full(len(rows), np.nan, np.float32)
        face_rows = np.arange(end - first, dtype=np.int32)
        seen = Window(rows, times[first:end], vectors, face_rows, vectors, unknown, unknown)
        return _as_mapped(seen, strided=self._strided) if self._mapped else seen

    def id_of(self, row: int) -> str:
        return str(row)

    def ids_of(self, row: int) -> Sequence[str]:
        return (str(row),)

    def row_of(self, detection_id: str) -> int:
        raise NotFound(f"there is no detection {detection_id!r}")

    def camera_of(self, row: int) -> int:
        return row // 2

    def carried(self, thing: CarriedThing) -> Sequence[tuple[int, float]]:
        return ((2, 166.0),) if thing.value else ()


def _as_mapped(window: Window, *, strided: bool) -> Window:
    face_rows = np.repeat(window.face_rows, 2)[::2] if strided else window.face_rows
    vectors, unknown = window.body.copy(), window.quality.copy()
    mapped = Window(window.rows, window.times, vectors, face_rows, vectors, unknown, unknown)
    for column in (mapped.times, vectors, mapped.face_rows, unknown):
        column.flags.writeable = False
    return mapped


def warm_up() -> None:
    """Compile the kernels, or load them from numba's cache. Takes seconds to a minute the first time."""
    for street in (_Street(), _Street(mapped=True), _Street(mapped=True, strided=True)):
        _walk(street)


def _walk(view: _Street) -> None:
    cameras = [Camera(id=name, longitude=place * 1e-3, latitude=0.0) for place, name in enumerate(view.cameras)]
    ends = (("a", "b"), ("b", "a"), ("b", "c"), ("c", "b"))
    ways = [Way(origin=origin, target=target, metres=111.0) for origin, target in ends]
    site = learn(cameras, ways, view, [], calibrate=False)
    one = np.array([[1.0, 0.2]], np.float32)
    query = Query(
        camera=0, time_s=0.0, body=one, face=one, horizon_s=600.0, row=0, backwards=True,
        carried=(CarriedThing(kind="badge", value="1"),),
    )  # fmt: skip
    search = BestFirst(site, view, query)
    search.advance(3)
    search.remove_camera(2)
    search.advance(1_000)
    for lattice in search.lattices:  # a street has no gaps, but what fills them is compiled all the same
        lattice.best_gap()
        lattice.fill(0)
    search.trajectory()
