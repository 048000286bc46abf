"""A simulated site with everything that its cameras saw, in memory, and the settings that it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from daemon.errors import InvalidInput
from daemon.inference.association.folders.appearance import FACES, Appearance, AppearanceSettings, Pictures
from daemon.inference.association.folders.bounds import require, require_share
from daemon.inference.association.folders.chance import Stream
from daemon.inference.association.folders.clockwork import Clocks, ClockSettings
from daemon.inference.association.folders.streets import Streets, StreetSettings
from daemon.inference.association.folders.walkers import WalkSettings
from daemon.ports.sightings import Camera, Way

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: 2026-03-01T00:00:00Z.
START_S: Final = 1_772_323_200.0
MOST_DETECTIONS: Final = 50_000_000
COLUMNS: Final = frozenset({"direction", "quality", "box", "track", "model"})


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """What a world is like. detections, people: one of them; a world of so many detections ends with whole people.

    missed: share of passages that a camera misses; face_visible: of sightings that show a face; repeats: mean sightings
    of a passage beside its first. columns: of COLUMNS, what is told beside camera, time and vectors.
    learnt: share of people whose passages are confirmed; none of them is asked for. least_answers: a query has so many
    later sightings within horizon_s at least.
    """

    detections: int | None = None
    people: int | None = None
    hours: float = 24.0
    start_s: float = START_S
    seed: int = 1
    missed: float = 0.10
    face_visible: float = 0.30
    repeats: float = 0.0
    columns: frozenset[str] = frozenset()
    learnt: float = 0.30
    queries: int = 200
    horizon_s: float = 3_600.0
    least_answers: int = 4
    streets: StreetSettings = field(default_factory=StreetSettings)
    walks: WalkSettings = field(default_factory=WalkSettings)
    clocks: ClockSettings = field(default_factory=ClockSettings)
    body: AppearanceSettings = field(default_factory=AppearanceSettings)
    face: AppearanceSettings = FACES

    def __post_init__(self) -> None:
        if (self.detections is None) == (self.people is None):
            raise InvalidInput("detections and people: expected one of them, not both and not neither")
        if self.detections is not None:
            require("detections", self.detections, 1, MOST_DETECTIONS)
        if self.people is not None:
            require("people", self.people, 1, MOST_DETECTIONS // 10)
        require("hours", self.hours, 0.01, 24.0 * 366)
        require("start_s", self.start_s, 0.0, 4e9)
        require("seed", self.seed, 0, 2**63 - 1)
        require_share("missed", self.missed, 0.95)
        require_share("face_visible", self.face_visible)
        require("repeats", self.repeats, 0.0, 100.0)
        require_share("learnt", self.learnt)
        require("queries", self.queries, 0, 1_000_000)
        require("horizon_s", self.horizon_s, 1.0, 31.0 * 86_400)
        require("least_answers", self.least_answers, 1, 10_000)
        if strange := self.columns - COLUMNS:
            raise InvalidInput(f"columns: {', '.join(sorted(strange))}; expected some of {', '.join(sorted(COLUMNS))}")


@dataclass(frozen=True, slots=True)
class Question:
    """A query whose answer is known. row: of its detection; came_from: camera number; answers: rows, oldest first."""

    id: str
    row: int
    came_from: int
    horizon_s: float
    answers: NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """n detections at c cameras: camera by camera, each in order of time by its own clock. Row r has the id d{r}.

    starts: int64 (c + 1,), where a camera's rows begin. times: float64 (n,), seconds since 1970 by the camera's clock.
    persons: int32 (n,). passages: int64 (n,), equal for sightings of one passage. face_rows: int32 (n,) or -1.
    scales: float32 (n,), of the noise of the body; face_scales: float32 (k,). quality, direction_deg: float32 (n,), NaN
    where not told. boxes: float32 (n, 4) or None. trails: int64 (n,), rows person by person in order of true time;
    trail_starts: int64 (people + 1,). confirmed: persons whose passages may be learnt from.
    """

    settings: WorldSettings
    streets: Streets
    clocks: Clocks
    starts: NDArray[np.int64]
    times: NDArray[np.float64]
    persons: NDArray[np.int32]
    passages: NDArray[np.int64]
    face_rows: NDArray[np.int32]
    scales: NDArray[np.float32]
    face_scales: NDArray[np.float32]
    quality: NDArray[np.float32]
    direction_deg: NDArray[np.float32]
    boxes: NDArray[np.float32] | None
    trails: NDArray[np.int64]
    trail_starts: NDArray[np.int64]
    confirmed: NDArray[np.int64]
    questions: tuple[Question, ...]

    @property
    def cameras(self) -> Sequence[Camera]:
        """By number."""
        return self.streets.cameras

    @property
    def ways(self) -> Sequence[Way]:
        """Each way by itself."""
        return self.streets.ways

    @cached_property
    def camera_of(self) -> NDArray[np.int32]:
        """Return the camera number of each row, int32 (n,)."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))

    def trail(self, person: int) -> NDArray[np.int64]:
        """Return the rows of a person in order of true time."""
        return self.trails[self.trail_starts[person] : self.trail_starts[person + 1]]

    def confirmed_passages(self) -> Iterator[NDArray[np.int64]]:
        """Yield the rows of each person that may be learnt from, oldest first."""
        return (self.trail(person) for person in self.confirmed.tolist())

    def body(self) -> NDArray[np.float16]:
        """Make the body vectors, float16 (n, width), unit length; equal whenever it is called."""
        return self._bodies().vectors(self._pictures())

    def body_blocks(self) -> Iterator[NDArray[np.float16]]:
        """Yield the same in blocks, for worlds that do not fit into memory."""
        return self._bodies().blocks(self._pictures())

    def faces(self) -> NDArray[np.float16]:
        """Make the face vectors, float16 (k, width), unit length, in the order of face_rows."""
        return self._faces().vectors(self._portraits())

    def face_blocks(self) -> Iterator[NDArray[np.float16]]:
        """Yield the same in blocks."""
        return self._faces().blocks(self._portraits())

    def _bodies(self) -> Appearance:
        return self._appearance(self.settings.body, Stream.BODY)

    def _faces(self) -> Appearance:
        return self._appearance(self.settings.face, Stream.FACE)

    def _appearance(self, settings: AppearanceSettings, stream: Stream) -> Appearance:
        people, cameras = len(self.trail_starts) - 1, len(self.starts) - 1
        return Appearance(settings, people, cameras, self.settings.seed, stream)

    def _pictures(self) -> Pictures:
        return Pictures(self.persons, self.camera_of, self.scales, self._repeated)

    def _portraits(self) -> Pictures:
        seen = self.face_rows >= 0
        passages = None if self._repeated is None else self._repeated[seen]
        return Pictures(self.persons[seen], self.camera_of[seen], self.face_scales, passages)

    @property
    def _repeated(self) -> NDArray[np.int64] | None:
        return self.passages if self.settings.repeats else None
