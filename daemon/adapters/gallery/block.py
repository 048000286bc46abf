"""Blocks: the detections of one day and one body model, by camera and time, in one file that is never changed."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from daemon.adapters.gallery.arrangement import Arrangement
from daemon.adapters.gallery.block_file import SUFFIX, BlockFile, Draft, write_columns
from daemon.adapters.gallery.rows import Faces, Rows, from_record, id_key
from daemon.errors import StoreCorrupt
from daemon.ports.sightings import Detection, Sighting
from daemon.products.ids import new_id

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Bytes up to which a block is read whole when it is opened: what was written last, and so is likeliest to be broken.
SMALL: Final = 4 << 20


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a block is of. width: of body vectors, 0 for none. faces: model, width and how many."""

    day: int
    body_model: str
    width: int
    records: int
    vectored: int
    passages: int
    faces: tuple[tuple[str, int, int], ...]

    @property
    def pairs(self) -> Mapping[tuple[str, str], int]:
        """How many detections there are of each pair of body and face model."""
        pairs = {(self.body_model, model): count for model, _, count in self.faces}
        alone = self.vectored - sum(pairs.values())
        return pairs | {(self.body_model, ""): alone} if alone else pairs


def block_path(folder: Path, name: str) -> Path:
    """Return where a block is."""
    return folder / f"{name}{SUFFIX}"


def write_block(folder: Path, arranged: Arrangement, *, day: int, body_model: str) -> str:
    """Write a block, and return its name. Raises StoreFull, Unavailable."""
    name = new_id()
    about = About(
        day=day, body_model=body_model, width=arranged.width, records=len(arranged.source),
        vectored=arranged.vectored, passages=len(arranged.first),
        faces=tuple((model, faces.width, len(faces.row)) for model, faces in arranged.faces.items()),
    )  # fmt: skip
    write_columns(block_path(folder, name), about, [*_drafts(arranged, about), *_vectors(arranged, about)])
    return name


class Block:
    """A block that is open. Its arrays are read-only; the file may be deleted while they are in use.

    Raises StoreCorrupt, naming the file, for one that is damaged as far as opening looks: see BlockFile; small ones
    are read whole.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.path = block_path(folder, name)
        self._file = BlockFile(self.path)
        self.size = self._file.size
        try:
            self.about = msgspec.json.decode(self._file.about, type=About)
        except msgspec.DecodeError as error:
            raise StoreCorrupt(f"{self.path}: header: {error}") from error
        if self.size <= SMALL:
            for fault in self._file.faults():
                raise StoreCorrupt(fault)

    def column(self, name: str) -> NDArray[Any]:
        """Return one of the columns of `_drafts`."""
        return self._file.column(name)

    @cached_property
    def cameras(self) -> Sequence[str]:
        """Names of its cameras, sorted; one text for all blocks."""
        names = msgspec.json.decode(self.column("cameras").tobytes(), type=list[str])
        return [sys.intern(name) for name in names]

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """First passage of each camera: int64 (cameras + 1,)."""
        return self.column("starts")

    @cached_property
    def body(self) -> NDArray[np.float16]:
        """Vectors (m, d)."""
        return self.column("body")

    @cached_property
    def face_numbers(self) -> Mapping[str, int]:
        """Where the columns of a face model are."""
        return {model: number for number, (model, *_) in enumerate(self.about.faces)}

    def faces(self, model: str) -> Faces:
        """Return the faces of a model."""
        number = self.face_numbers[model]
        return Faces(self.column(f"face{number}_records"), self.column(f"face{number}"))

    def camera_span(self, camera: str) -> tuple[int, int]:
        """Return the passages of a camera: the first, and that after the last."""
        number = bisect_left(self.cameras, camera)
        if number == len(self.cameras) or self.cameras[number] != camera:
            return 0, 0
        return int(self.starts[number]), int(self.starts[number + 1])

    def find(self, detection_id: str) -> int | None:
        """Return the record of a detection, None when it is not here."""
        key = np.uint64(id_key(detection_id))
        at = int(self._id_keys.searchsorted(key))
        while at < len(self._id_keys) and self._id_keys[at] == key:
            record = int(self._id_records[at])
            if self.detection(record).id == detection_id:
                return record
            at += 1
        return None

    def holds(self, id_keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Tell of each digest of an id whether it may be here."""
        return _among(id_keys, self._id_keys)

    def detection(self, record: int) -> Detection:
        """Return the detection of a record. Raises StoreCorrupt."""
        begin = int(self._record_ends[record - 1]) if record else 0
        try:
            return from_record(self._records[begin : int(self._record_ends[record])].tobytes())
        except StoreCorrupt as error:
            raise StoreCorrupt(f"{self.path}: record {record}: {error}") from error

    def sighting(self, record: int) -> Sighting:
        """Return a record with its vectors, copied."""
        detection = self.detection(record)
        body = self.body[record].astype(np.float32) if self.about.width else None
        face = None
        if detection.face_model in self.face_numbers:
            records, vectors = self.faces(detection.face_model)
            own = np.flatnonzero(records == record)
            face = vectors[own[0]].astype(np.float32) if len(own) else None
        return Sighting(detection, body, face)

    def rows(self) -> Rows:
        """Return all of it, to be written anew with others."""
        id_keys, things = np.zeros(self.about.records, np.uint64), np.zeros(self.about.records, np.uint64)
        id_keys[self._id_records] = self._id_keys
        things[self.column("thing_records")] = self.column("thing_keys")
        return Rows(
            cameras=self.cameras, camera=self.column("camera"), own=self.column("own"),
            quality=self.column("quality"), heading=self.column("heading"), track=self.column("track"),
            thing=things, id_key=id_keys, body=self.body,
            faces={model: self.faces(model) for model in self.face_numbers}, record_ends=self._record_ends,
            records=self._records,
        )  # fmt: skip

    def faults(self, *, counts: bool = True) -> Iterator[str]:
        """Read all of it and say what does not hold together. counts: compare what it says of itself, too."""
        checked = list(self._file.faults())
        yield from checked
        if counts and not checked:
            yield from (f"{self.path}: {fault}" for fault in _miscounted(self))

    @cached_property
    def _id_keys(self) -> NDArray[np.uint64]:
        return self.column("id_keys")

    @cached_property
    def _id_records(self) -> NDArray[np.int32]:
        return self.column("id_records")

    @cached_property
    def _record_ends(self) -> NDArray[np.int64]:
        return self.column("record_ends")

    @cached_property
    def _records(self) -> NDArray[np.uint8]:
        return self.column("records")


def _drafts(arranged: Arrangement, about: About) -> Iterator[Draft]:
    """Return the columns without vectors: see Rows and Arrangement; `*_keys` are sorted, with what each is of."""
    columns = arranged.columns
    for name in ("own", "quality", "heading", "track", "camera"):
        yield Draft.of(name, columns[name])
    yield Draft.of("passage", arranged.passage)
    yield Draft.of("first", arranged.first)
    yield Draft.of("leader", arranged.leader)
    yield Draft.of("direction", columns["heading"][arranged.leader])
    yield from _index("id", columns["id_key"])
    yield from _index("thing", columns["thing"])
    yield from _index("track", columns["track"][: about.passages])
    cameras = np.arange(len(arranged.cameras) + 1)
    yield Draft.of("starts", np.searchsorted(columns["camera"][: about.passages], cameras).astype(np.int64))
    yield Draft.of("cameras", np.frombuffer(msgspec.json.encode(arranged.cameras), np.uint8))
    ends = np.cumsum(arranged.lengths())
    yield Draft.of("record_ends", ends)
    yield Draft("records", "|u1", (int(ends[-1]) if len(ends) else 0,), arranged.records)


def _vectors(arranged: Arrangement, about: About) -> Iterator[Draft]:
    shape = (about.vectored if about.width else 0, about.width)
    yield Draft("body", "<f2", shape, arranged.body)
    for number, (model, width, _) in enumerate(about.faces):
        faces = arranged.faces[model]
        yield Draft.of(f"face{number}_passages", faces.of_passages)
        yield Draft.of(f"face{number}_records", faces.records)
        yield Draft(f"face{number}", "<f2", (len(faces.row), width), partial(arranged.face, model))


def _index(name: str, keys: NDArray[np.uint64]) -> Iterator[Draft]:
    """Return the keys that are not 0, sorted, and the records that they are of."""
    there = np.flatnonzero(keys)
    order = there[np.argsort(keys[there], kind="stable")].astype(np.int32)
    yield Draft.of(f"{name}_keys", keys[order])
    yield Draft.of(f"{name}_records", order)


def _among(wanted: NDArray[np.uint64], sorted_keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    if not len(sorted_keys):
        return np.zeros(len(wanted), bool)
    at = np.minimum(sorted_keys.searchsorted(wanted), len(sorted_keys) - 1)
    return np.asarray(sorted_keys[at] == wanted)


def _miscounted(block: Block) -> Iterator[str]:
    about = block.about
    counts: Counter[tuple[str, str]] = Counter()
    for record in range(about.records):
        one = block.detection(record)
        counts[one.body_model, one.face_model] += 1
    bare = counts.pop(("", ""), 0)
    if counts != about.pairs or bare != about.records - about.vectored:
        yield f"it says that it holds {dict(about.pairs)}, and holds {dict(counts)}"
    if not np.all(np.diff(block.column("first"))[_within(block.starts, about.passages)] >= 0):
        yield "its passages are not in the order of time"


def _within(starts: NDArray[np.int64], passages: int) -> NDArray[np.bool_]:
    """Tell which steps from one passage to the next stay at one camera."""
    same = np.ones(max(passages - 1, 0), bool)
    inner = starts[(starts > 0) & (starts < passages)]
    same[inner - 1] = False
    return same
