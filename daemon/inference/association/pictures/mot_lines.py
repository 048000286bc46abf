"""The text files of MOTChallenge: lines of a tracker, of a detector or of the ground truth, and seqinfo.ini.

Format: motchallenge.net, "Data format"; MOT16, Milan et al. 2016, section 3.3: frame, id, left, top, width, height,
confidence, then x, y, z (results and detections) or class and visibility (ground truth). Frames and ids count from 1.
"""

from __future__ import annotations

import configparser
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.folders.faults import Faults

_FEWEST, _TRUTH, _MOST = 6, 9, 10
_PEDESTRIAN: Final = 1
_NO_TRACK: Final = -1
_NOT_STATED: Final = -1
_FASTEST: Final = 1000.0
_LARGEST: Final = 10**9  # of frames and ids


class TrackLine(NamedTuple):
    """One box of one frame. track: None where the detector gave none; confidence: 1 where none is stated."""

    line: int
    frame: int
    track: int | None
    box: tuple[float, float, float, float]
    confidence: float


class SequenceInfo(NamedTuple):
    """What seqinfo.ini says; None where it does not."""

    frame_rate: float | None = None
    frames: int | None = None
    pictures: str | None = None


def read_lines(path: Path, frames: int | None = None) -> list[TrackLine]:
    """Return the boxes of people in a file, those left out that a ground truth marks as to be ignored.

    frames: how many there are. Raises InvalidInput naming every faulty line, UnreadableFile.
    """
    faults = Faults(str(path))
    found: list[TrackLine] = []
    first_line: dict[tuple[int, int], int] = {}
    for number, text in _numbered(path):
        line = _line(number, text, frames, path.name, faults)
        if line is None:
            continue
        if line.track is not None:
            key = line.frame, line.track
            if key in first_line:
                faults.add(
                    f"{path.name}:{number}", f"frame {key[0]} has track {key[1]} on line {first_line[key]} already"
                )
                continue
            first_line[key] = number
        found.append(line)
    faults.settle()
    return found


def read_info(path: Path) -> SequenceInfo:
    """Return what a seqinfo.ini says; nothing where there is none. Raises InvalidInput naming file and key."""
    if not path.is_file():
        return SequenceInfo()
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text("utf-8-sig"))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path}: {str(error).splitlines()[0]}; expected a section [Sequence] with key=value"
        ) from error
    if not parser.has_section("Sequence"):
        raise InvalidInput(f"{path}: no section [Sequence]")
    section = parser["Sequence"]
    rate, frames = (_number(path, section, key) for key in ("frameRate", "seqLength"))
    return SequenceInfo(
        None if rate is None else frame_rate_of(rate, f"{path}: frameRate"),
        None if frames is None else int(frames),
        section.get("imDir"),
    )


def frame_rate_of(rate: float, where: str) -> float:
    """Return a frame rate, or raise InvalidInput where it is none."""
    if not 0 < rate <= _FASTEST:
        raise InvalidInput(f"{where}: {rate:g}; frames a second above 0 and up to {_FASTEST:g} were expected")
    return float(rate)


def _number(path: Path, section: configparser.SectionProxy, key: str) -> float | None:
    text = section.get(key)
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(f"{path}: {key}: {text!r}; a number was expected")
    return number


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, text in enumerate(file, 1):
                if text.strip():
                    yield number, text.strip()
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path}: no text of numbers and commas: {error.reason}") from error


def _line(number: int, text: str, frames: int | None, name: str, faults: Faults) -> TrackLine | None:
    where = f"{name}:{number}"
    parts = text.rstrip(",").split(",")
    if not _FEWEST <= len(parts) <= _MOST:
        faults.add(where, f"{len(parts)} values; frame, id, left, top, width, height, confidence ... were expected")
        return None
    try:
        values = [float(part) for part in parts]
    except ValueError as error:
        faults.add(where, f"{str(error).rpartition(':')[2].strip()} is no number")
        return None
    if fault := _fault(values, frames):
        faults.add(where, fault)
        return None
    if len(values) == _TRUTH and (values[6] == 0 or values[7] != _PEDESTRIAN):
        return None
    frame, track, left, top, width, height = values[:6]
    stated = len(values) > 6 and len(values) != _TRUTH and values[6] != _NOT_STATED
    confidence = values[6] if stated else 1.0
    return TrackLine(
        number, int(frame), None if track == _NO_TRACK else int(track), (left, top, width, height), confidence
    )


def _fault(values: list[float], frames: int | None) -> str:
    if not all(math.isfinite(value) for value in values):
        return "a value is not finite"
    frame, track, _, _, width, height = values[:6]
    if max(frame, track) > _LARGEST:
        return f"frame {frame:g}, id {track:g}; at most {_LARGEST} was expected"
    if frame != int(frame) or frame < 1:
        return f"frame {frame:g}; frames are whole numbers from 1 on"
    if frames is not None and frame > frames:
        return f"frame {frame:g}; the sequence has {frames} frames"
    if track != int(track) or (track < 0 and track != _NO_TRACK):
        return f"id {track:g}; ids are whole numbers, or -1 for none"
    if width < 0 or height < 0:
        return f"a box of {width:g} x {height:g}: are its corners swapped?"
    return f"a box of {width:g} x {height:g} is empty" if width == 0 or height == 0 else ""
