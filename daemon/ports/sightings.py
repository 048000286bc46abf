"""What cameras saw, as it is kept: cameras, ways, detections with their vectors, and slices of them for a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

if TYPE_CHECKING:  # the base does without numpy
    import numpy as np
    from numpy.typing import NDArray


class Camera(msgspec.Struct, frozen=True, kw_only=True):
    """One camera, or a reader of badges, plates or radio that stands for one. Degrees WGS 84; headings from north.

    clock_offset_s: how far its clock is ahead of UTC, as the operator states it; clock_rate: seconds that it gains in
    each second, from clock_since on; clock_sd_s: how sure that is.
    """

    id: str
    longitude: float
    latitude: float
    heading_deg: float | None = None
    field_of_view_deg: float | None = None
    clock_offset_s: float = 0.0
    clock_rate: float = 0.0
    clock_since: datetime | None = None
    clock_sd_s: float = 2.0
    name: str = ""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A way on foot from one camera's view to another's that passes no third. One way only; both ways are two."""

    origin: str
    target: str
    metres: float


class CarriedThing(msgspec.Struct, frozen=True, order=True):
    """A thing that travels with somebody. kind: "badge", "plate" or "wifi"; value: normalised, upper case."""

    kind: str
    value: str


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """One sighting at one camera, without its vectors. time: aware UTC, as the camera's clock said.

    direction_deg: of movement, clockwise from north. box: left, top, width, height in pixels. track: of the tracker,
    unique within its camera and day; sightings of one track are one passage. quality: 0 to 1 of the picture.
    body_model, face_model: id of what made the vectors, "" where there is none; vectors of different models are never
    compared. carried: of a reader's sighting, which has no vectors.
    """

    id: str
    camera: str
    time: datetime
    direction_deg: float | None = None
    box: tuple[float, float, float, float] | None = None
    track: str | None = None
    quality: float | None = None
    body_model: str = ""
    face_model: str = ""
    carried: CarriedThing | None = None


class Sighting(NamedTuple):
    """A detection with its vectors: float32, one dimension, any length but zero and finite; None where absent."""

    detection: Detection
    body: NDArray[np.float32] | None = None
    face: NDArray[np.float32] | None = None


class Window(NamedTuple):
    """The detections of one camera in a span of time, oldest first; n of them, k with a face.

    rows: int64 (n,), numbers that are unique in the view. times: float64 (n,), seconds since 1970 by the camera's own
    clock. body: float16 (n, d), unit length; a row of zeros has none. face_rows: int32 (n,), row of `faces` or -1.
    faces: float16 (k, f), unit length, where faces of other windows may be, too. quality, direction_deg: float32 (n,),
    NaN where unknown.
    """

    rows: NDArray[np.int64]
    times: NDArray[np.float64]
    body: NDArray[np.float16]
    face_rows: NDArray[np.int32]
    faces: NDArray[np.float16]
    quality: NDArray[np.float32]
    direction_deg: NDArray[np.float32]


class SightingsView(Protocol):
    """What a search reads: all detections of one pair of models at one moment, whatever is ingested meanwhile.

    Synchronous: memory and memory-mapped files only, read from a thread of port Offload. Cameras are numbered by
    `cameras`. Tracks are merged already: one row a passage, the best picture's vectors, the first time.
    """

    @property
    def cameras(self) -> Sequence[str]:
        """Ids of the cameras, by number."""

    @property
    def size(self) -> int:
        """How many detections there are."""

    def window(self, camera: int, start_s: float, end_s: float) -> Window:
        """Return what a camera saw in [start_s, end_s), seconds since 1970 by its own clock. One slice, no copy."""

    def id_of(self, row: int) -> str:
        """Return the id of a row's detection; of a passage, of its first."""

    def ids_of(self, row: int) -> Sequence[str]:
        """Return the ids of all detections of a row, oldest first."""

    def row_of(self, detection_id: str) -> int:
        """Return the row of a detection, or of the passage it was merged into. Raises NotFound."""

    def camera_of(self, row: int) -> int:
        """Return the number of a row's camera."""

    def carried(self, thing: CarriedThing) -> Sequence[tuple[int, float]]:
        """Return where and when a thing was read: camera number, seconds since 1970 by its clock; oldest first."""


class Ingested(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch. refused: index in the batch and why."""

    stored: int
    known: int  # the same id again with the same content
    refused: tuple[tuple[int, str], ...] = ()


class Gallery(Protocol):
    """Cameras, ways and detections with their vectors. What `ingest` returned for survives a kill and a power cut."""

    async def put_network(self, cameras: Sequence[Camera], ways: Sequence[Way]) -> None:
        """Replace the network; detections of cameras that are gone stay, and are in no view until they come back."""

    async def network(self) -> tuple[Sequence[Camera], Sequence[Way]]:
        """Return the cameras and ways, by id."""

    async def put_camera(self, camera: Camera, ways: Sequence[Way]) -> None:
        """Add or move one camera, with all the ways from and to it."""

    async def remove_camera(self, camera_id: str) -> None:
        """Take one camera out of the network. Raises NotFound."""

    async def ingest(self, batch: Sequence[Sighting]) -> Ingested:
        """Keep sightings, each once by its id, in any order of time. One that cannot be kept is refused by itself."""

    async def detection(self, detection_id: str) -> Sighting:
        """Return one with its vectors. Raises NotFound."""

    async def models(self) -> Mapping[tuple[str, str], int]:
        """Return how many detections there are of each pair of body and face model."""

    async def view(self, body_model: str, face_model: str = "") -> AbstractContextManager[SightingsView]:
        """Return what a search reads; its files stay until it is closed.

        It has each detection with a vector of one of these models, without its vectors of others. Raises NotFound
        when that is none.
        """

    async def compact(self) -> bool:
        """Merge small files in one bounded step; return whether there is more to do. For a quiet moment."""

    async def forget(self, before: datetime | None = None, detections: Sequence[str] = ()) -> int:
        """Delete for good what is older, or named; rewrite the blocks; return how many went. Views keep theirs."""

    async def reapply_deletions(self) -> int:
        """Forget again what was forgotten after the backup that was put back was made; return how many went."""

    async def verify(self) -> Sequence[str]:
        """Check every block's checksum and every count; return the faults in words."""

    async def keep_model(self, name: str, content: bytes) -> None:
        """Keep what was learnt of this site, such as transit times, under a name."""

    async def kept_model(self, name: str) -> bytes | None:
        """Return what was kept under a name."""


class Embedder(Protocol):
    """Pictures to vectors. Blocking: called in a thread of port Offload, at most `batch` pictures at a time."""

    @property
    def model_id(self) -> str:
        """Names the weights and how pictures are prepared; stamped on every vector."""

    @property
    def width(self) -> int:
        """Length of a vector."""

    @property
    def batch(self) -> int:
        """Pictures at a time."""

    def embed(self, crops: Sequence[Any]) -> NDArray[np.float32]:
        """Return unit vectors (n, width) of n crops, uint8 RGB (h, w, 3). Raises InvalidInput naming the bad one."""

    def quality(self, crops: Sequence[Any]) -> NDArray[np.float32]:
        """Return 0 to 1 for each crop: sharpness, size, contrast. Below `0.1` a vector is not worth keeping."""
