"""What a view is made of: for each block one part, whose arrays are the block's own, and one of passages in several.

Tracks that came in more than one batch may have passages in several blocks of a day. Until those are merged, a view
leaves such passages out of their parts, and has one of all of them in a part in memory.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np

from daemon.adapters.gallery.block import Block

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NO_FACE: Final = np.int32(-1)


class Place(NamedTuple):
    """One passage of one part."""

    part: int
    position: int


#: Passages of one track, by its digest.
Shared: TypeAlias = Mapping[int, Sequence[Place]]


@dataclass(slots=True, kw_only=True)
class Part:
    """n passages in the order of cameras and times; see Window for the columns.

    leader: int32 (n,), the record of `block` that names each. chosen: int64 (n,), which of the block's passages these
    are, None for all. spans: by camera, where there is no block. hidden: positions that the view leaves out, sorted.
    """

    block: Block | None
    first: NDArray[np.float64]
    body: NDArray[np.float16]
    face_rows: NDArray[np.int32]
    faces: NDArray[np.float16]
    quality: NDArray[np.float32]
    direction: NDArray[np.float32]
    face_model: str = ""
    chosen: NDArray[np.int64] | None = None
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    hidden: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, block: Block, body_model: str, face_model: str, widths: tuple[int, int]) -> Part | None:
        """Return what a block has of a pair of models, None for nothing. widths: of body and face vectors."""
        width, face_width = widths
        faces, face_rows = _faces_of(block, face_model, face_width)
        count = block.about.passages
        chosen = None
        if not body_model or block.about.body_model != body_model:
            chosen = np.flatnonzero(face_rows >= 0)
            count, face_rows = len(chosen), face_rows[chosen]
        if not count:
            return None
        body = block.body[:count] if chosen is None else np.broadcast_to(np.float16(0), (count, width))
        first, quality, direction = (
            column if chosen is None else column[chosen]
            for column in (block.column("first"), block.column("quality")[: block.about.passages],
                           block.column("direction"))
        )  # fmt: skip
        return cls(
            block=block, first=first, body=body, face_rows=face_rows, faces=faces, quality=quality,
            direction=direction, face_model=face_model, chosen=chosen,
        )  # fmt: skip

    @property
    def count(self) -> int:
        """How many passages, hidden ones too."""
        return len(self.first)

    def span(self, camera: str) -> tuple[int, int]:
        """Return the positions of a camera's passages."""
        if self.block is None:
            return self.spans.get(camera, (0, 0))
        begin, end = self.block.camera_span(camera)
        if self.chosen is None:
            return begin, end
        return int(self.chosen.searchsorted(begin)), int(self.chosen.searchsorted(end))

    def passage(self, position: int) -> int:
        """Return which of the block's passages one is."""
        return position if self.chosen is None else int(self.chosen[position])

    def position(self, passage: int) -> int | None:
        """Return where one of the block's passages is, None where it is none of these."""
        if self.chosen is None:
            return passage
        at = int(self.chosen.searchsorted(passage))
        return at if at < len(self.chosen) and self.chosen[at] == passage else None

    def hides(self, low: int, high: int) -> bool:
        """Tell whether any position of a span is left out."""
        at = bisect_left(self.hidden, low)
        return at < len(self.hidden) and self.hidden[at] < high

    def shown(self, low: int, high: int) -> NDArray[np.int64]:
        """Return the positions of a span that are not left out."""
        positions = np.arange(low, high)
        left_out = self.hidden[bisect_left(self.hidden, low) : bisect_left(self.hidden, high)]
        return np.delete(positions, np.array(left_out, np.int64) - low)

    def camera(self, position: int) -> str:
        """Return the camera of a passage."""
        if self.block is None:
            return next(camera for camera, (low, high) in self.spans.items() if low <= position < high)
        number = int(self.block.starts.searchsorted(self.passage(position), side="right")) - 1
        return self.block.cameras[number]


def _faces_of(block: Block, face_model: str, width: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return faces (k, f), and the face of each passage or -1."""
    number = block.face_numbers.get(face_model) if face_model else None
    if number is None:
        return np.empty((0, width), np.float16), np.broadcast_to(_NO_FACE, (block.about.passages,))
    return block.column(f"face{number}"), block.column(f"face{number}_passages")


def shared_tracks(parts: Sequence[Part]) -> Shared:
    """Return the tracks that several parts have passages of."""
    by_day: dict[int, list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        if part.block is not None:
            by_day[part.block.about.day].append(number)
    found: dict[int, set[Place]] = defaultdict(set)
    for numbers in by_day.values():
        for one, other in combinations(numbers, 2):
            for key, *places in _common(parts, one, other):
                found[key].update(places)
    return {key: sorted(places) for key, places in found.items()}


def _common(parts: Sequence[Part], one: int, other: int) -> Iterator[tuple[int, Place, Place]]:
    tracks = [_tracks(parts[number]) for number in (one, other)]
    (fewer, fewer_at), (more, more_at) = sorted(tracks, key=lambda some: len(some[0]))
    numbers = (one, other) if tracks[0][0] is fewer else (other, one)
    if not len(fewer):
        return
    at = np.minimum(more.searchsorted(fewer), len(more) - 1)
    for index in np.flatnonzero(more[at] == fewer).tolist():
        places = [
            Place(number, position)
            for number, passage in zip(numbers, (int(fewer_at[index]), int(more_at[at[index]])), strict=True)
            if (position := parts[number].position(passage)) is not None
        ]
        if len(places) == 2:
            yield int(fewer[index]), places[0], places[1]


def _tracks(part: Part) -> tuple[NDArray[Any], NDArray[Any]]:
    if part.block is None:
        raise AssertionError("only blocks have tracks")
    return part.block.column("track_keys"), part.block.column("track_records")


class Joint(NamedTuple):
    """A passage of several parts. leader: the place of its first sighting; face: (part, row of its faces)."""

    camera: str
    first: float
    leader: Place
    best: Place
    face: tuple[int, int] | None
    places: Sequence[Place]


def joined(
    parts: Sequence[Part], shared: Shared, body_model: str, widths: tuple[int, int]
) -> tuple[Part, Sequence[Joint]]:
    """Hide the passages of tracks that several parts have, and return the part that has each as one."""
    joints = sorted(
        (_joint(parts, places, body_model) for places in shared.values()), key=lambda one: (one.camera, one.first)
    )
    hidden: dict[int, list[int]] = defaultdict(list)
    for joint in joints:
        for place in joint.places:
            hidden[place.part].append(place.position)
    for number, positions in hidden.items():
        parts[number].hidden = sorted(positions)
    spans: dict[str, tuple[int, int]] = {}
    for position, joint in enumerate(joints):
        spans[joint.camera] = (spans.get(joint.camera, (position, 0))[0], position + 1)
    faces = [parts[part].faces[row] for part, row in (joint.face for joint in joints if joint.face)]
    numbers = np.cumsum([joint.face is not None for joint in joints], dtype=np.int32) - 1
    has_face = np.array([joint.face is not None for joint in joints], bool)
    body = np.zeros((len(joints), widths[0]), np.float16)
    for position, joint in enumerate(joints):
        body[position] = parts[joint.best.part].body[joint.best.position]
    part = Part(
        block=None, first=np.array([joint.first for joint in joints], np.float64), body=body,
        face_rows=np.where(has_face, numbers, _NO_FACE).astype(np.int32),
        faces=np.stack(faces) if faces else np.empty((0, widths[1]), np.float16),
        quality=_gathered(parts, [joint.best for joint in joints], "quality"),
        direction=_gathered(parts, [joint.leader for joint in joints], "direction"), spans=spans,
    )  # fmt: skip
    return part, joints


def _joint(parts: Sequence[Part], places: Sequence[Place], body_model: str) -> Joint:
    def rank(place: Place) -> tuple[bool, float, float, Place]:
        part = parts[place.part]
        has_body = bool(body_model) and part.chosen is None
        return not has_body, -_grade(part.quality[place.position]), float(part.first[place.position]), place

    leader = min(places, key=lambda place: (float(parts[place.part].first[place.position]), place))
    faces = [(place.part, row) for place in places if (row := int(parts[place.part].face_rows[place.position])) >= 0]
    return Joint(
        camera=parts[leader.part].camera(leader.position), first=float(parts[leader.part].first[leader.position]),
        leader=leader, best=min(places, key=rank),
        face=max(faces, key=lambda face: _face_grade(parts[face[0]], face[1]), default=None), places=places,
    )  # fmt: skip


def _face_grade(part: Part, row: int) -> float:
    """Return the quality of the picture that a face is of, which may be another than the passage's."""
    block = part.block
    if block is None:
        raise AssertionError("joints are made of blocks' passages")
    return _grade(block.column("quality")[block.faces(part.face_model).records[row]])


def _grade(quality: Any) -> float:
    return -1.0 if np.isnan(quality) else float(quality)


def _gathered(parts: Sequence[Part], places: Sequence[Place], name: str) -> NDArray[np.float32]:
    return np.array([getattr(parts[place.part], name)[place.position] for place in places], np.float32)
