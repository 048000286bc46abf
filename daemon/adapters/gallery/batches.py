"""A batch of sightings, sorted out: what is new, what is known, what is refused; the new in rows for blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daemon.adapters.gallery.block import Block
from daemon.adapters.gallery.checking import Checked, Refused, checked
from daemon.adapters.gallery.rows import Faces, Rows, day_of, id_key, keys, thing_key, to_record, track_key
from daemon.errors import StoreCorrupt
from daemon.ports.sightings import Detection, Ingested, Sighting

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Kind(NamedTuple):
    """What one block is of."""

    day: int
    body_model: str


@dataclass(slots=True)
class Batch:
    """What becomes of a batch. widths: of models that were not known before, by kind and name."""

    new: dict[str, Checked] = field(default_factory=dict)
    known: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    widths: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def outcome(self) -> Ingested:
        """What is told of it."""
        return Ingested(stored=len(self.new), known=self.known, refused=tuple(sorted(self.refused.items())))

    def rows(self) -> Iterable[tuple[Kind, Rows]]:
        """Return the new ones, by kind."""
        kinds: dict[Kind, list[Checked]] = defaultdict(list)
        for one in self.new.values():
            kinds[Kind(day_of(one.detection), one.detection.body_model)].append(one)
        return [(kind, _rows(some)) for kind, some in sorted(kinds.items())]


def sorted_out(
    batch: Sequence[Sighting], blocks: Sequence[Block], widths: Mapping[tuple[str, str], int]
) -> Batch:  # fmt: skip
    """Look at each sighting of a batch by itself."""
    found = Batch()
    candidates = _candidates([sighting.detection for sighting in batch], blocks)
    for index, sighting in enumerate(batch):
        try:
            one = checked(sighting, {**widths, **found.widths} if found.widths else widths)
            _place(one, found, candidates.get(index, ()))
        except Refused as error:
            found.refused[index] = str(error)
    return found


def _candidates(detections: Sequence[Detection], blocks: Sequence[Block]) -> Mapping[int, Sequence[Block]]:
    """Return which blocks may hold which detection, by its place in the batch."""
    digests = keys((id_key(one.id.encode("utf-8", "replace").decode()) for one in detections), len(detections))
    candidates: dict[int, list[Block]] = defaultdict(list)
    for block in blocks:
        for index in np.flatnonzero(block.holds(digests)).tolist():
            candidates[index].append(block)
    return candidates


def _place(one: Checked, found: Batch, candidates: Sequence[Block]) -> None:
    detection = one.detection
    kept = found.new.get(detection.id) or _kept(detection.id, candidates)
    if kept is None:
        found.new[detection.id] = one
        for kind, model, vector in (
            ("body", detection.body_model, one.body), ("face", detection.face_model, one.face),
        ):  # fmt: skip
            if vector is not None:
                found.widths[kind, model] = len(vector)
    elif one.is_same(kept):
        found.known += 1
    else:
        raise Refused(f"id {detection.id!r} is there already with other content")


def _kept(detection_id: str, candidates: Sequence[Block]) -> Sighting | None:
    for block in candidates:
        try:
            record = block.find(detection_id)
            if record is not None:
                return block.sighting(record)
        except StoreCorrupt as error:
            raise Refused(f"whether it is known cannot be told: {error}") from error
    return None


def _rows(some: Sequence[Checked]) -> Rows:
    count = len(some)
    detections = [one.detection for one in some]
    names = sorted({one.camera for one in detections})
    numbers = {name: number for number, name in enumerate(names)}
    records = [to_record(one) for one in detections]
    bodies = [one.body for one in some if one.body is not None]
    return Rows(
        cameras=names, camera=np.array([numbers[one.camera] for one in detections], np.int32),
        own=np.array([one.time.timestamp() for one in detections]),
        quality=_numbers(one.quality for one in detections),
        heading=_numbers(
            None if one.direction_deg is None else one.direction_deg % 360 for one in detections
        ),
        track=keys(map(track_key, detections), count), thing=keys((thing_key(d.carried) for d in detections), count),
        id_key=keys((id_key(one.id) for one in detections), count),
        body=np.stack(bodies) if bodies else np.empty((0, 0), np.float16), faces=_faces(some),
        record_ends=np.cumsum([len(record) for record in records]).astype(np.int64),
        records=np.frombuffer(b"".join(records), np.uint8),
    )  # fmt: skip


def _faces(some: Sequence[Checked]) -> Mapping[str, Faces]:
    by_model: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for index, one in enumerate(some):
        if one.face is not None:
            by_model[one.detection.face_model].append((index, one.face))
    return {
        model: Faces(np.array([index for index, _ in found], np.int32), np.stack([face for _, face in found]))
        for model, found in by_model.items()
    }


def _numbers(values: Iterable[float | None]) -> NDArray[np.float32]:
    return np.array([np.nan if value is None else value for value in values], np.float32)
