"""A tracker's output in MOTChallenge form, with frames or crops beside it, as detections with their best crops."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.pictures.crops import Crop, Quality, good
from daemon.inference.association.pictures.mot_lines import (
    SequenceInfo,
    TrackLine,
    frame_rate_of,
    read_info,
    read_lines,
)
from daemon.inference.association.pictures.mot_overlap import shown_shares
from daemon.inference.association.pictures.mot_pictures import pictures_of
from daemon.inference.association.pictures.quality import LEAST, quality
from daemon.ports.sightings import Detection

#: Where the lines are looked for when no file is named.
_LINE_FILES: Final = ("tracks.txt", "gt/gt.txt", "det/det.txt")
#: How many boxes of a track are looked at for each that is kept.
_LOOKED_AT: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MOTOptions:
    """How a sequence is read. start: of frame 1, with its zone, by the camera's clock. frame_rate: else seqinfo.ini's.

    lines: the tracker's file, else tracks.txt, gt/gt.txt or det/det.txt of the folder. pictures: folder of frames
    named by their number (000001.jpg) or of crops named by frame and id (000001_7.jpg), else img1 or crops.
    per_track: how many crops of each track are kept, the best by quality, size and how little is hidden.
    """

    camera: str
    start: datetime
    frame_rate: float | None = None
    lines: Path | None = None
    pictures: Path | None = None
    least_confidence: float = 0.3
    per_track: int = 4
    least_quality: float = LEAST


class Refused(NamedTuple):
    """A picture or a box that gave no crop. where: file, with line."""

    where: str
    why: str


class MOTSequence:
    """One sequence of one camera. What is wrong with its text is told before anything is read, all at once.

    Raises InvalidInput, UnreadableFile.
    """

    def __init__(self, folder: Path, options: MOTOptions, grade: Quality = quality) -> None:
        _check(options)
        info = read_info(folder / "seqinfo.ini")
        self._options, self._grade = options, grade
        self._rate = _rate(folder, options, info)
        self._path = options.lines or _line_file(folder)
        places = (
            [options.pictures] if options.pictures else [folder / "crops", folder / Path(info.pictures or "img1").name]
        )
        self._pictures = pictures_of(places)
        self._lines = [line for line in read_lines(self._path, info.frames) if self._wanted(line)]
        self._shown = shown_shares(self._lines)
        #: What was left out so far; complete when `detections` has ended.
        self.refused: list[Refused] = []

    def detections(self) -> Iterator[tuple[Detection, Crop]]:
        """Yield detections with their crops, each track's in order of time, as soon as the track has ended.

        At any time no more is held than one frame and the crops of the tracks that go on. Blocking.
        """
        chosen = self._chosen()
        ends = {track: max(line.frame for line in lines) for track, lines in chosen.items()}
        by_frame: dict[int, list[TrackLine]] = defaultdict(list)
        for line in (line for lines in chosen.values() for line in lines):
            by_frame[line.frame].append(line)
        kept: dict[int, list[tuple[float, Detection, Crop]]] = defaultdict(list)
        for frame in sorted(by_frame):
            for line, crop in self._crops(frame, by_frame[frame]):
                self._keep(kept[_key(line)], line, crop)
            for track in [track for track in kept if ends[track] <= frame]:
                yield from _in_order(kept.pop(track))

    def _wanted(self, line: TrackLine) -> bool:
        return line.confidence >= self._options.least_confidence

    def _chosen(self) -> Mapping[int, Sequence[TrackLine]]:
        """Return by track its largest boxes that have pictures, from each part of its time some."""
        tracks: dict[int, list[TrackLine]] = defaultdict(list)
        for line in self._lines:
            tracks[_key(line)].append(line)
        chosen = {}
        for track, lines in tracks.items():
            shown = sorted((line for line in lines if self._pictures.has(line)), key=lambda line: line.frame)
            if shown:
                chosen[track] = self._best_of_parts(shown, self._options.per_track * _LOOKED_AT)
            else:
                self.refused.append(Refused(f"{self._path.name}:{lines[0].line}", "no picture of it is there"))
        return chosen

    def _best_of_parts(self, lines: Sequence[TrackLine], count: int) -> Sequence[TrackLine]:
        """Return the most promising box of each of `count` equal parts of a track."""
        if len(lines) <= count:
            return lines
        edges = [len(lines) * part // count for part in range(count + 1)]
        return [max(lines[a:b], key=self._promise) for a, b in pairwise(edges)]

    def _promise(self, line: TrackLine) -> float:
        """Return what a box may show: its area, much less where somebody nearer is in it, who would be embedded too."""
        return line.box[2] * line.box[3] * self._shown[line.line] ** 2

    def _crops(self, frame: int, lines: Sequence[TrackLine]) -> Iterator[tuple[TrackLine, Crop]]:
        for line, found in self._pictures.crops(frame, lines):
            if isinstance(found, str):
                self.refused.append(Refused(f"{self._path.name}:{line.line}", found))
            else:
                yield line, found

    def _keep(self, kept: list[tuple[float, Detection, Crop]], line: TrackLine, crop: Crop) -> None:
        try:
            worth = good(crop, grade=self._grade, least=self._options.least_quality)
        except InvalidInput as error:
            self.refused.append(Refused(f"{self._path.name}:{line.line}", str(error)))
            return
        kept.append((worth * self._promise(line), self._detection(line, worth), crop))
        if len(kept) > self._options.per_track:
            kept.remove(min(kept, key=lambda one: one[0]))

    def _detection(self, line: TrackLine, worth: float) -> Detection:
        start = self._options.start.astimezone(UTC)
        named = f"{start:%Y%m%dT%H%M%S.%fZ}"
        of = f"line{line.line}" if line.track is None else str(line.track)
        return Detection(
            id=f"{self._options.camera}/{named}/{of}/{line.frame}",
            camera=self._options.camera,
            time=start + timedelta(seconds=(line.frame - 1) / self._rate),
            box=line.box,
            track=None if line.track is None else f"{named}/{line.track}",
            quality=round(worth, 4),
        )


def read_sequence(
    folder: Path, *, camera: str, start: datetime, frames_per_s: float | None = None,
    refuse: Callable[[Refused], None] = lambda _: None,
) -> Iterator[tuple[Detection, Crop]]:  # fmt: skip
    """Yield the detections of a sequence that is laid out as usual, with their crops. refuse: told what gave none.

    Raises InvalidInput, UnreadableFile before the first.
    """
    sequence = MOTSequence(folder, MOTOptions(camera=camera, start=start, frame_rate=frames_per_s))
    yield from sequence.detections()
    for refused in sequence.refused:
        refuse(refused)


def _key(line: TrackLine) -> int:
    """Return the track, or a number of its own, below zero, for a box without one."""
    return -line.line - 1 if line.track is None else line.track


def _in_order(kept: Iterable[tuple[float, Detection, Crop]]) -> Iterator[tuple[Detection, Crop]]:
    for _, detection, crop in sorted(kept, key=lambda one: one[1].time):
        yield detection, crop


def _check(options: MOTOptions) -> None:
    if options.start.tzinfo is None or options.start.utcoffset() is None:
        raise InvalidInput(f"the start {options.start.isoformat()} has no zone; write it as 2026-01-31T08:00:00+08:00")
    if options.per_track < 1:
        raise InvalidInput(f"{options.per_track} crops a track; at least 1 was expected")


def _rate(folder: Path, options: MOTOptions, info: SequenceInfo) -> float:
    if options.frame_rate is not None:
        return frame_rate_of(options.frame_rate, "the frame rate")
    if info.frame_rate is None:
        raise InvalidInput(f"{folder}: no frame rate: give one, or a seqinfo.ini with frameRate")
    return info.frame_rate


def _line_file(folder: Path) -> Path:
    found = next((folder / name for name in _LINE_FILES if (folder / name).is_file()), None)
    if found is None:
        raise UnreadableFile(f"{folder}: none of {', '.join(_LINE_FILES)} is there")
    return found
