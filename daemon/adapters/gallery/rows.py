"""Detections in columns: what a batch, or a block that is to be written anew, brings into an arrangement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from daemon.errors import StoreCorrupt
from daemon.ports.sightings import CarriedThing, Detection

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY_S: Final = 86_400


class Faces(NamedTuple):
    """Face vectors of one model. records: int32 (k,), whose each is. vectors: float16 (k, f), unit length."""

    records: NDArray[np.int32]
    vectors: NDArray[np.float16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """n detections of one day and one body model: all have a body vector, or with the model "" none has.

    cameras: names, and camera: int32 (n,), numbers of them. own: float64 (n,), seconds since 1970 by the camera's
    clock. quality, heading: float32 (n,), NaN where unknown. track, thing, id_key: uint64 (n,), digests of the track
    in its camera and day and of what is carried, 0 for none, and of the id. body: float16 (n, d), or
    (0, 0). record_ends: int64 (n,) in records: uint8, a detection each.
    """

    cameras: Sequence[str]
    camera: NDArray[np.int32]
    own: NDArray[np.float64]
    quality: NDArray[np.float32]
    heading: NDArray[np.float32]
    track: NDArray[np.uint64]
    thing: NDArray[np.uint64]
    id_key: NDArray[np.uint64]
    body: NDArray[np.float16]
    faces: Mapping[str, Faces]
    record_ends: NDArray[np.int64]
    records: NDArray[np.uint8]

    @property
    def count(self) -> int:
        """How many detections."""
        return len(self.own)


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """A detection as a block holds it."""

    id: str
    camera: str
    time: datetime
    body_model: str
    face_model: str
    direction_deg: float | None
    box: tuple[float, float, float, float] | None
    track: str | None
    quality: float | None
    carried: CarriedThing | None


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Kept)


def to_record(one: Detection) -> bytes:
    """Return a detection as bytes."""
    return _ENCODER.encode(
        _Kept(
            one.id, one.camera, one.time, one.body_model, one.face_model, one.direction_deg, one.box, one.track,
            one.quality, one.carried,
        )
    )  # fmt: skip


def from_record(record: bytes | memoryview) -> Detection:
    """Return the detection of `to_record`. Raises StoreCorrupt."""
    try:
        kept = _DECODER.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StoreCorrupt(f"a stored detection cannot be read back: {error}") from error
    return Detection(
        id=kept.id, camera=kept.camera, time=kept.time, body_model=kept.body_model, face_model=kept.face_model,
        direction_deg=kept.direction_deg, box=kept.box, track=kept.track, quality=kept.quality, carried=kept.carried,
    )  # fmt: skip


def id_key(detection_id: str) -> int:
    """Return a digest of 64 bits to look an id up by; what is found there is compared with the id itself."""
    return _key(detection_id.encode())


def thing_key(thing: CarriedThing | None) -> int:
    """Return a digest to look a thing up by, 0 for none."""
    return _key(thing.kind.encode(), thing.value.encode()) if thing else 0


def track_key(one: Detection) -> int:
    """Return a digest that is one track's alone (of two tracks of one camera's day, once in 1e11), 0 for no track."""
    return _key(one.camera.encode(), str(day_of(one)).encode(), one.track.encode()) if one.track is not None else 0


def day_of(one: Detection) -> int:
    """Return the day of a detection's time, in days since 1970."""
    return int(one.time.timestamp() // DAY_S)


def keys(values: Iterable[int], count: int) -> NDArray[np.uint64]:
    """Return digests as an array."""
    return np.fromiter(values, np.uint64, count)


def _key(*parts: bytes) -> int:
    digest = blake2b(digest_size=8)
    for part in parts:
        digest.update(len(part).to_bytes(4, "little") + part)
    return int.from_bytes(digest.digest(), "little") or 1
