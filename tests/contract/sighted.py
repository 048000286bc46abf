"""Sightings to keep, with what a test does not care about filled in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from daemon.adapters.gallery import FileGallery, open_gallery
from daemon.ports.sightings import Camera, Detection, Gallery, Sighting, SightingsView

T = TypeVar("T")

DAWN: Final = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
DAWN_S: Final = DAWN.timestamp()
WIDTH: Final = 8


class AtOnce:
    """A ports.Offload that works where it is called."""

    async def run(self, work: Callable[[], T], *, what: str) -> T:
        return work()


def vector(number: int, width: int = WIDTH) -> NDArray[np.float32]:
    """Return one of many vectors that are all different."""
    return np.random.default_rng(number).normal(size=width).astype(np.float32)


def unit(number: int, width: int = WIDTH) -> NDArray[np.float16]:
    """Return how that vector is kept."""
    given = vector(number, width).astype(np.float64)
    return np.asarray(given / np.linalg.norm(given), np.float16)


def seen(
    name: str, camera: str = "a", seconds: float = 0, *, body: int | None = None, face: int | None = None,
    body_model: str = "osnet", face_model: str = "dlib", **fields: Any,
) -> Sighting:  # fmt: skip
    """Return a sighting. body, face: which vector; by default a body of the id's."""
    if body is None and face is None and "carried" not in fields:
        body = sum(map(ord, name)) + 1000 * len(name)
    detection = Detection(
        id=name, camera=camera, time=DAWN + timedelta(seconds=seconds), body_model=body_model if body is not None
        else "", face_model=face_model if face is not None else "", **fields,
    )  # fmt: skip
    return Sighting(
        detection, None if body is None else vector(body), None if face is None else vector(face, WIDTH // 2)
    )


def cameras(names: str = "abc") -> list[Camera]:
    return [Camera(id=name, longitude=8.5, latitude=47.3) for name in names]


@asynccontextmanager
async def files_of(folder: Path) -> AsyncIterator[FileGallery]:
    async with open_gallery(folder, AtOnce()) as gallery:
        yield gallery


async def ids(gallery: Gallery, body_model: str = "osnet", face_model: str = "dlib") -> list[tuple[str, ...]]:
    """Return the ids of each passage of a view, by camera and time."""
    with await gallery.view(body_model, face_model) as view:
        return all_ids(view)


def all_ids(view: SightingsView) -> list[tuple[str, ...]]:
    return [tuple(view.ids_of(int(row))) for n in range(len(view.cameras)) for row in view.window(n, 0, 1e12).rows]
