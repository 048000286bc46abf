"""The pictures beside a tracker's lines: whole frames, or crops of each box."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.pictures.crops import Crop, cut
from daemon.inference.association.pictures.decoding import decode
from daemon.inference.association.pictures.mot_lines import TrackLine

_FRAME_NAME: Final = re.compile(r"0*(\d+)\.(?:jpe?g|png|webp|bmp)", re.IGNORECASE)
_CROP_NAME: Final = re.compile(r"0*(\d+)[_-]0*(\d+)\.(?:jpe?g|png|webp|bmp)", re.IGNORECASE)


class Pictures(Protocol):
    """The pictures of one sequence."""

    def has(self, line: TrackLine) -> bool:
        """Tell whether there is a picture of a line's frame, or of its box."""

    def crops(self, frame: int, lines: Sequence[TrackLine]) -> Iterator[tuple[TrackLine, Crop | str]]:
        """Yield for each line its crop, or why there is none."""


class _Frames:
    def __init__(self, paths: Mapping[int, Path]) -> None:
        self._paths = paths

    def has(self, line: TrackLine) -> bool:
        return line.frame in self._paths

    def crops(self, frame: int, lines: Sequence[TrackLine]) -> Iterator[tuple[TrackLine, Crop | str]]:
        whole = _decoded(self._paths[frame])
        for line in lines:
            try:
                yield line, whole if isinstance(whole, str) else cut(whole, line.box)
            except InvalidInput as error:
                yield line, str(error)


class _CutOut:
    def __init__(self, paths: Mapping[tuple[int, int], Path]) -> None:
        self._paths = paths

    def has(self, line: TrackLine) -> bool:
        return line.track is not None and (line.frame, line.track) in self._paths

    def crops(self, frame: int, lines: Sequence[TrackLine]) -> Iterator[tuple[TrackLine, Crop | str]]:
        for line in lines:
            yield line, _decoded(self._paths[frame, line.track or 0])


def _decoded(path: Path) -> Crop | str:
    try:
        return decode(path.read_bytes())
    except InvalidInput as error:
        return f"{path.name}: {error}"
    except OSError as error:
        return f"{path.name}: {error.strerror or error}"


def pictures_of(places: Sequence[Path]) -> Pictures:
    """Return the crops, else the frames, of the first folder that has any. Raises UnreadableFile."""
    for place in places:
        names = [path for path in sorted(place.iterdir()) if path.is_file()] if place.is_dir() else []
        crops = {(int(m[1]), int(m[2])): path for path in names if (m := _CROP_NAME.fullmatch(path.name))}
        frames = {int(m[1]): path for path in names if (m := _FRAME_NAME.fullmatch(path.name))}
        if crops:
            return _CutOut(crops)
        if frames:
            return _Frames(frames)
    told = " or ".join(str(place) for place in places)
    raise UnreadableFile(f"{told}: no frames like 000001.jpg and no crops like 000001_7.jpg are there")
