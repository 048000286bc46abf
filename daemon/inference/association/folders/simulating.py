"""Simulating a world: streets, people who walk them, cameras that see some of it, and what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from daemon.inference.association.folders.appearance import draw_scales
from daemon.inference.association.folders.chance import Stream, chance
from daemon.inference.association.folders.clockwork import Clocks, set_clocks
from daemon.inference.association.folders.crowd import Crowd, Progress, gather
from daemon.inference.association.folders.questions import draw_confirmed, draw_questions
from daemon.inference.association.folders.streets import Streets, lay_streets
from daemon.inference.association.folders.world import World, WorldSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PICTURE: Final = (1_920.0, 1_080.0)
_HEIGHT: Final = (24.0, 180.0, 1_000.0)  # least, usual and most pixels of a person
_DIRECTION_DEVIATION_DEG: Final = 10.0


class _Columns(NamedTuple):
    face_rows: NDArray[np.int32]
    scales: NDArray[np.float32]
    face_scales: NDArray[np.float32]
    quality: NDArray[np.float32]
    direction_deg: NDArray[np.float32]
    boxes: NDArray[np.float32] | None


def simulate(settings: WorldSettings, progress: Progress = lambda *_: None) -> World:
    """Make a world; equal for equal settings. progress: told a stage, how much of it is done, and of how much.

    Vectors are made when they are asked for.
    """
    streets = lay_streets(settings.streets, chance(settings.seed, Stream.STREETS))
    clocks = set_clocks(settings.clocks, settings.streets.cameras, chance(settings.seed, Stream.CLOCKS))
    crowd = gather(settings, streets, progress)
    shown = settings.start_s + clocks.read(crowd.seen.cameras, crowd.seen.times)
    order = np.lexsort((shown, crowd.seen.cameras))
    return _world(settings, streets, clocks, crowd, np.round(shown[order], 3), order)


def _world(
    settings: WorldSettings,
    streets: Streets,
    clocks: Clocks,
    crowd: Crowd,
    times: NDArray[np.float64],
    order: NDArray[np.int64],
) -> World:
    """Put the sightings of a crowd into rows. order: int64 (n,), the sighting of each row."""
    rows = np.empty_like(order)
    rows[order] = np.arange(len(order))
    confirmed = draw_confirmed(crowd, settings.learnt, chance(settings.seed, Stream.CONFIRMED))
    seen = crowd.seen
    return World(
        settings,
        streets,
        clocks,
        np.append(0, np.cumsum(np.bincount(seen.cameras, minlength=settings.streets.cameras))),
        times,
        seen.persons[order],
        crowd.passages[order],
        *_columns(settings, seen.headings[order]),
        rows,
        np.append(0, np.cumsum(np.bincount(seen.persons, minlength=crowd.people))),
        confirmed,
        draw_questions(settings, crowd, confirmed, rows, chance(settings.seed, Stream.QUESTIONS)),
    )


def _columns(settings: WorldSettings, headings: NDArray[np.float32]) -> _Columns:
    count, drawn = len(headings), chance(settings.seed, Stream.COLUMNS)
    with_face = chance(settings.seed, Stream.FACES).random(count) < settings.face_visible
    face_rows = np.where(with_face, np.cumsum(with_face) - 1, -1).astype(np.int32)
    scales = draw_scales(settings.body, count, chance(settings.seed, Stream.SCALES))
    relative = scales / max(settings.body.noise, 1e-6)
    nothing = np.full(count, np.nan, dtype=np.float32)
    return _Columns(
        face_rows,
        scales,
        draw_scales(settings.face, int(with_face.sum()), chance(settings.seed, Stream.FACE_SCALES)),
        np.round(1 / (1 + relative), 3) if "quality" in settings.columns else nothing,
        _directions(headings, drawn) if "direction" in settings.columns else nothing,
        _boxes(relative, drawn) if "box" in settings.columns else None,
    )


def _directions(headings: NDArray[np.float32], drawn: np.random.Generator) -> NDArray[np.float32]:
    wrong = np.float32(_DIRECTION_DEVIATION_DEG) * drawn.standard_normal(len(headings), dtype=np.float32)
    turned: NDArray[np.float32] = np.round((headings + wrong) % np.float32(360), 1) % np.float32(360)
    return turned


def _boxes(relative: NDArray[np.float32], drawn: np.random.Generator) -> NDArray[np.float32]:
    """Draw boxes (n, 4), left, top, width, height in pixels: the larger, the less noise there is."""
    least, usual, most = _HEIGHT
    spread = np.exp(0.35 * drawn.standard_normal(len(relative)))
    height = np.clip(usual * spread / np.sqrt(np.maximum(relative, 0.01)), least, most)
    width = 0.4 * height
    left, top = ((side - size) * drawn.random(len(size)) for side, size in zip(_PICTURE, (width, height), strict=True))
    return np.round(np.column_stack((left, top, width, height)), 1).astype(np.float32)
