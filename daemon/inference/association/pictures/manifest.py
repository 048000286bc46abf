"""The manifest beside a file of weights: how pictures are prepared for it, its checksum, its licence, its calibration.

TOML or JSON, in FILE.toml, FILE.json, or with the ending of the file replaced. A network gives vectors whatever it is
fed, so that nothing of this is ever guessed.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.pictures.calibration import Calibration

Three: TypeAlias = tuple[float, float, float]

#: Changes when the same manifest would prepare pictures in another way, and with it every model id.
PREPARATION: Final = 1
ENDINGS: Final = (".toml", ".json")
MOST_PIXELS: Final = 1024
_MOST_BYTES: Final = 1 << 20
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """name: begins the model id. architecture: of the network, such as osnet_x0_25. sha256: of the file of weights.

    height, width: pixels of the network's input. colour: order of its channels; mean and std are in that order, taken
    off and divided by after the picture was scaled to "0-1" or "0-255". Mean 0 and std 1 with "0-255" mean that the
    network prepares by itself. l2: whether what it gives has unit length already, else it is given that.
    """

    format: Literal[1] = 1
    name: str
    architecture: str
    sha256: str
    licence: str
    height: int
    width: int
    colour: Literal["RGB", "BGR"]
    scale: Literal["0-1", "0-255"]
    mean: Three
    std: Three
    l2: bool = False
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        if faults := [f"{key} {told}" for key, holds, told in self._must() if not holds]:
            raise InvalidInput("; ".join(faults))

    @property
    def model_id(self) -> str:
        """Return the id: another file of weights or another preparation has another, a new calibration has not."""
        prepared = (PREPARATION, self.sha256, self.height, self.width, self.colour, self.scale, self.mean, self.std)
        return f"{self.name}-{hashlib.sha256(msgspec.json.encode(prepared)).hexdigest()[:12]}"

    @property
    def prepares_itself(self) -> bool:
        """Tell whether pictures are given as they are, from 0 to 255."""
        return self.scale == "0-255" and set(self.mean) == {0.0} and set(self.std) == {1.0}

    def _must(self) -> list[tuple[str, bool, str]]:
        sizes = f"must be from 16 to {MOST_PIXELS}, not {self.height} x {self.width}"
        right = all(16 <= size <= MOST_PIXELS for size in (self.height, self.width))
        return [
            ("name", bool(_NAME.fullmatch(self.name)), f"{self.name!r} must be of lower case letters, digits, . _ -"),
            ("sha256", bool(_SHA256.fullmatch(self.sha256)), "must be 64 hexadecimal digits"),
            ("licence", bool(self.licence.strip()), 'must be told; "unknown" where it is'),
            ("height, width", right, sizes),
            ("scale, mean, std", not (told := self._wrong_scale()), told),
        ]

    def _wrong_scale(self) -> str:
        """Tell how mean and std contradict the scale: pictures scaled twice are nearly black, all alike."""
        if self.prepares_itself:
            return ""
        most, least_std = (1.0, 0.05) if self.scale == "0-1" else (255.0, 5.0)
        if not all(0 <= one <= most for one in self.mean) or not all(least_std <= one <= most for one in self.std):
            told = f"mean {list(self.mean)} and std {list(self.std)} cannot be of pictures from {self.scale}"
            return f"contradict each other: {told}; of those, mean is from 0 to {most:g}, std from {least_std:g}"
        if self.scale == "0-255" and max(self.mean) <= 1 and max(self.mean) > 0:
            return f'contradict each other: mean {list(self.mean)} is of pictures from "0-1"'
        return ""


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises UnreadableFile where it is no TOML or JSON, InvalidInput that names the wrong key."""
    try:
        content = path.read_bytes()[: _MOST_BYTES + 1]
        if len(content) > _MOST_BYTES:
            raise UnreadableFile(f"{path}: more than {_MOST_BYTES} bytes are no manifest")
        told = tomllib.loads(content.decode()) if path.suffix == ".toml" else msgspec.json.decode(content)
    except OSError as problem:
        raise UnreadableFile(f"{path}: cannot be read: {problem.strerror}") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.DecodeError, RecursionError) as problem:
        raise UnreadableFile(f"{path}: no manifest, not {path.suffix[1:].upper()}: {problem}") from problem
    return _manifest(path, told)


def manifest_of(weights: Path) -> Path:
    """Return the manifest beside a file of weights. Raises UnreadableFile that says where one was looked for."""
    places = [Path(f"{weights}{ending}") for ending in ENDINGS] + [weights.with_suffix(ending) for ending in ENDINGS]
    for place in places:
        if place.is_file():
            return place
    names = ", ".join(place.name for place in places)
    raise UnreadableFile(f"{weights}: there is no manifest beside it that says how to prepare pictures: {names}")


def written_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as JSON."""
    return msgspec.json.format(msgspec.json.encode(manifest)) + b"\n"


def _manifest(path: Path, told: Any) -> Manifest:
    keys = Manifest.__struct_fields__
    for key in sorted(set(told) - set(keys)) if isinstance(told, dict) else ():
        near = difflib.get_close_matches(str(key), keys, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(keys)}"
        raise InvalidInput(f"{path}: no key of a manifest is named {key!r}{hint}", ((str(key), "unknown"),))
    try:
        return msgspec.convert(told, Manifest)
    except (msgspec.ValidationError, InvalidInput) as problem:
        raise InvalidInput(f"{path}: {problem}") from problem
