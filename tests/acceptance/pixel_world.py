"""A small site whose cameras make pictures: drawn, written as files of several forms, and read in again."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daemon.inference.association.folders.simulating import simulate
from daemon.inference.association.folders.streets import StreetSettings
from daemon.inference.association.folders.world import World, WorldSettings
from daemon.inference.association.pictures.decoding import decode
from daemon.inference.association.pictures.rendering.pictured import PicturedWorld
from daemon.ports.sightings import Detection, Embedder, Sighting

_ROTATED: Final = 6
#: How each camera writes its pictures, in turn.
_FORMS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("JPEG", {"quality": 92}),
    ("PNG", {}),
    ("WEBP", {"quality": 90}),
    ("JPEG", {"quality": 92, "progressive": True}),
)


def small_site(people: int, cameras: int, seed: int, hours: float = 1.5) -> World:
    return simulate(
        WorldSettings(
            people=people, hours=hours, seed=seed, queries=30, least_answers=3, learnt=0.4, horizon_s=3_600.0,
            columns=frozenset({"direction"}), streets=StreetSettings(cameras=cameras),
        )
    )  # fmt: skip


def written(pixels: NDArray[np.uint8], camera: int) -> bytes:
    """Write a picture as a camera does; every third one is mounted on its side, and says so."""
    form, options = _FORMS[camera % len(_FORMS)]
    picture, into = Image.fromarray(pixels), io.BytesIO()
    if camera % 3 == 0:
        exif = Image.Exif()
        exif[0x0112] = _ROTATED
        picture, options = picture.transpose(Image.Transpose.ROTATE_90), {**options, "exif": exif}
    picture.save(into, form, **options)
    return into.getvalue()


@dataclass(frozen=True)
class Seen:
    """What came in of a world, and what was left out for its quality."""

    sightings: list[Sighting]
    refused: list[int]


def decoded(world: World, drawn: PicturedWorld) -> list[NDArray[np.uint8]]:
    """Return every picture of a world as it comes in: drawn, written by its camera, decoded."""
    return [decode(written(drawn.picture(row), int(world.camera_of[row]))) for row in range(len(world.times))]


def seen(world: World, crops: Sequence[NDArray[np.uint8]], embedder: Embedder, least_quality: float = 0.1) -> Seen:
    """Give every picture its vector, but for those of too low a quality."""
    taken = Seen([], [])
    for start in range(0, len(crops), embedder.batch):
        some = crops[start : start + embedder.batch]
        for row, (vector, worth) in enumerate(zip(embedder.embed(some), embedder.quality(some), strict=True), start):
            if worth < least_quality:
                taken.refused.append(row)
            else:
                taken.sightings.append(Sighting(_detection(world, row, embedder.model_id, float(worth)), vector))
    return taken


def _detection(world: World, row: int, model: str, quality: float) -> Detection:
    heading = float(world.direction_deg[row])
    return Detection(
        id=f"d{row}", camera=world.cameras[int(world.camera_of[row])].id, body_model=model, quality=quality,
        time=datetime.fromtimestamp(float(world.times[row]), UTC), direction_deg=None if np.isnan(heading) else heading,
    )  # fmt: skip


def harmonic_mean(pairs: Iterable[tuple[Sequence[str], Sequence[str]]]) -> float:
    """Return F1 over pairs of what was found and what is true, micro-averaged."""
    both = found = true = 0
    for some, others in pairs:
        both += len({*some} & {*others})
        found += len(some)
        true += len(others)
    return 2 * both / max(1, found + true)
