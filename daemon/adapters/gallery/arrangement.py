"""The order in which detections stand in a block, so that what a camera saw in a span of time is one slice.

First the passages, by camera and time, each at the place of its sighting with the best picture; then the
other sightings of the passages' tracks; then what has no vector. A passage's time and direction are its first
sighting's. Its face is that of its best sighting that has one; faces of passages come first, in the passages' order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from daemon.adapters.gallery.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Records whose vectors are in memory at a time while a block is written.
CHUNK: Final = 1 << 14


class ArrangedFaces(NamedTuple):
    """Faces of one model: which of the sources' faces stand where.

    of_passages: int32 (p,), the face of each passage or -1. records: int32 (k,), the record of each face, in the new
    order. source, row: int32 (k,), where each comes from. width: f.
    """

    of_passages: NDArray[np.int32]
    records: NDArray[np.int32]
    source: NDArray[np.int32]
    row: NDArray[np.int32]
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """n records in order, of which the first m have vectors and the first p stand for a passage each.

    source, index: int32 (n,), where each comes from. columns: of Rows, in order, by name; camera counts `cameras`.
    passage: int32 (n,), or -1. first: float64 (p,). leader: int32 (p,), the record of each passage's first sighting.
    """

    cameras: Sequence[str]
    sources: Sequence[Rows]
    source: NDArray[np.int32]
    index: NDArray[np.int32]
    columns: Mapping[str, NDArray[Any]]
    vectored: int
    passage: NDArray[np.int32]
    first: NDArray[np.float64]
    leader: NDArray[np.int32]
    faces: Mapping[str, ArrangedFaces]

    @property
    def width(self) -> int:
        """Numbers in a body vector, 0 when there is none."""
        return max((rows.body.shape[1] for rows in self.sources), default=0)

    def body(self) -> Iterator[NDArray[np.float16]]:
        """Iterate over the body vectors (m, width) in chunks."""
        for start in range(0, self.vectored if self.width else 0, CHUNK):
            span = slice(start, min(start + CHUNK, self.vectored))
            chunk = np.empty((span.stop - span.start, self.width), np.float16)
            for number, rows in enumerate(self.sources):
                wanted = np.flatnonzero(self.source[span] == number)
                if len(wanted):
                    chunk[wanted] = rows.body[self.index[span][wanted]]
            yield chunk

    def face(self, model: str) -> Iterator[NDArray[np.float16]]:
        """Iterate over the face vectors (k, width) of a model in chunks."""
        chosen = self.faces[model]
        for start in range(0, len(chosen.row), CHUNK):
            source, row = chosen.source[start : start + CHUNK], chosen.row[start : start + CHUNK]
            chunk = np.empty((len(row), chosen.width), np.float16)
            for number, rows in enumerate(self.sources):
                wanted = np.flatnonzero(source == number)
                if len(wanted):
                    chunk[wanted] = rows.faces[model].vectors[row[wanted]]
            yield chunk

    def lengths(self) -> NDArray[np.int64]:
        """Return the bytes of each record."""
        lengths = np.empty(len(self.source), np.int64)
        for number, rows in enumerate(self.sources):
            own = self.source == number
            lengths[own] = np.diff(rows.record_ends, prepend=0)[self.index[own]]
        return lengths

    def records(self) -> Iterator[NDArray[np.uint8]]:
        """Iterate over the records' bytes in chunks, in order."""
        lengths = self.lengths()
        for start in range(0, len(lengths), CHUNK):
            span = slice(start, start + CHUNK)
            sizes = lengths[span]
            places = np.cumsum(sizes) - sizes
            chunk = np.empty(int(sizes.sum()), np.uint8)
            for number, rows in enumerate(self.sources):
                own = np.flatnonzero(self.source[span] == number)
                if len(own):
                    begins = rows.record_ends[self.index[span][own]] - sizes[own]
                    chunk[_spans(places[own], sizes[own])] = rows.records[_spans(begins, sizes[own])]
            yield chunk


def arranged(sources: Sequence[Rows], kept: Sequence[NDArray[np.bool_]] | None = None) -> Arrangement:
    """Arrange the detections of several sources, or those of them that are kept; no id may be in two."""
    chosen = [np.flatnonzero(k) for k in kept] if kept else [np.arange(rows.count) for rows in sources]
    source = np.concatenate([np.full(len(rows), n, np.int32) for n, rows in enumerate(chosen)])
    index = np.concatenate(chosen).astype(np.int32)
    columns = {name: _column(sources, chosen, name) for name in _COLUMNS}
    cameras, columns["camera"] = _cameras(sources, chosen)
    found = _faces(sources, chosen)
    vectored = np.full(len(source), any(len(rows.body) for rows in sources))
    for faces in found.values():
        vectored[faces.records] = True
    order, group, passages = _ordered(columns, np.flatnonzero(vectored))
    bare = np.flatnonzero(~vectored)
    bare = bare[np.lexsort((columns["own"][bare], columns["camera"][bare]))]
    whole = np.concatenate([order, bare]).astype(np.int32)
    place = np.empty(len(whole), np.int32)
    place[whole] = np.arange(len(whole), dtype=np.int32)
    passage = np.full(len(whole), -1, np.int32)
    passage[: len(order)] = group
    sorted_columns = {name: values[whole] for name, values in columns.items()}
    leader = _best(group, [sorted_columns["id_key"][: len(order)], sorted_columns["own"][: len(order)]])
    return Arrangement(
        cameras=cameras, sources=sources, source=source[whole], index=index[whole], columns=sorted_columns,
        vectored=len(order), passage=passage, first=sorted_columns["own"][leader], leader=leader.astype(np.int32),
        faces={
            model: _arranged_faces(found[model], place, passage, passages, sorted_columns) for model in sorted(found)
        },
    )  # fmt: skip


_COLUMNS: Final = ("own", "quality", "heading", "track", "thing", "id_key")


class _Found(NamedTuple):
    """Faces of one model in the concatenated sources: whose, and where each is."""

    records: NDArray[np.int32]
    source: NDArray[np.int32]
    row: NDArray[np.int32]
    width: int


def _column(sources: Sequence[Rows], chosen: Sequence[NDArray[Any]], name: str) -> NDArray[Any]:
    return np.concatenate([getattr(rows, name)[some] for rows, some in zip(sources, chosen, strict=True)])


def _cameras(sources: Sequence[Rows], chosen: Sequence[NDArray[Any]]) -> tuple[list[str], NDArray[np.int32]]:
    """Return the names that are in use, sorted, and the number of each detection's."""
    used = [
        [rows.cameras[number] for number in np.unique(rows.camera[some]).tolist()]
        for rows, some in zip(sources, chosen, strict=True)
    ]
    names = sorted({name for some in used for name in some})
    numbers = {name: number for number, name in enumerate(names)}
    columns = []
    for rows, some in zip(sources, chosen, strict=True):
        code = np.array([numbers.get(name, -1) for name in rows.cameras], np.int32)
        columns.append(code[rows.camera[some]])
    return names, np.concatenate(columns)


def _faces(sources: Sequence[Rows], chosen: Sequence[NDArray[Any]]) -> dict[str, _Found]:
    found: dict[str, list[_Found]] = {}
    before = 0
    for number, (rows, some) in enumerate(zip(sources, chosen, strict=True)):
        place = np.full(rows.count, -1, np.int32)
        place[some] = np.arange(before, before + len(some), dtype=np.int32)
        before += len(some)
        for model, faces in rows.faces.items():
            row = np.flatnonzero(place[faces.records] >= 0).astype(np.int32)
            if len(row):
                whose = place[faces.records[row]]
                width = faces.vectors.shape[1]
                found.setdefault(model, []).append(_Found(whose, np.full(len(row), number, np.int32), row, width))
    return {model: _joined(some) for model, some in found.items()}


def _joined(some: Sequence[_Found]) -> _Found:
    return _Found(
        np.concatenate([one.records for one in some]), np.concatenate([one.source for one in some]),
        np.concatenate([one.row for one in some]), some[0].width,
    )  # fmt: skip


def _ordered(columns: Mapping[str, NDArray[Any]], some: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int32], int]:
    """Return which detections stand where, those that stand for a passage first; each one's passage; how many."""
    camera, track, own, key = (columns[name][some] for name in ("camera", "track", "own", "id_key"))
    group, count = _groups(camera, track)
    best = _best(group, [key, own, _grade(columns["quality"][some])])
    first = own[_best(group, [key, own])]
    by_time = np.lexsort((key[best], first, camera[best]))
    passage = np.empty(count, np.int32)
    passage[by_time] = np.arange(count, dtype=np.int32)
    rest = np.ones(len(some), bool)
    rest[best] = False
    others = np.flatnonzero(rest)
    others = others[np.lexsort((key[others], own[others], passage[group[others]]))]
    order = np.concatenate([best[by_time], others])
    return some[order], passage[group[order]], count


def _groups(camera: NDArray[Any], track: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """Number the passages: sightings of one track of one camera are one, each without a track is one of its own."""
    order = np.lexsort((track, camera))
    camera, track = camera[order], track[order]
    new = np.ones(len(order), bool)
    new[1:] = (camera[1:] != camera[:-1]) | (track[1:] != track[:-1]) | (track[1:] == 0)
    group = np.empty(len(order), np.int64)
    group[order] = np.cumsum(new) - 1
    return group, int(new.sum())


def _best(group: NDArray[Any], ranks: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """Return the member of each group, in their order, whose ranks are least; the last of them counts most."""
    order = np.lexsort((*ranks, group))
    sorted_group = group[order]
    new = np.ones(len(order), bool)
    new[1:] = sorted_group[1:] != sorted_group[:-1]
    return order[new]


def _grade(quality: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a rank that is least for the best picture, and greatest where that is unknown."""
    return -np.nan_to_num(quality, nan=-1.0)


def _arranged_faces(
    found: _Found, place: NDArray[np.int32], passage: NDArray[np.int32], passages: int,
    columns: Mapping[str, NDArray[Any]],
) -> ArrangedFaces:  # fmt: skip
    records = place[found.records]
    ranks = [columns["id_key"][records], columns["own"][records], _grade(columns["quality"][records])]
    best = _best(passage[records], ranks)
    rest = np.ones(len(records), bool)
    rest[best] = False
    order = np.concatenate([best, np.flatnonzero(rest)])
    of_passages = np.full(passages, -1, np.int32)
    of_passages[passage[records[best]]] = np.arange(len(best), dtype=np.int32)
    return ArrangedFaces(of_passages, records[order], found.source[order], found.row[order], found.width)


def _spans(begins: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the places of all bytes of some spans, one after another."""
    before = np.cumsum(sizes) - sizes
    return np.repeat(begins - before, sizes) + np.arange(int(sizes.sum()))
