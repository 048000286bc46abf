"""Which crops there are to learn: a folder with a folder for each person, or a list in CSV or JSON Lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from daemon.errors import InvalidInput, NotFound, UnreadableFile

ENDINGS: Final = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif")
#: "0002_c1s1_000451_03.jpg", as Market-1501 names them, or "c3_000001.png".
_CAMERA: Final = re.compile(r"(?:^|_)(c\d+)(?=[s_.]|$)")


class Listed(NamedTuple):
    """A crop. path: of its file; camera: "" where it is not known."""

    path: Path
    identity: str
    camera: str


class Refused(NamedTuple):
    """What could not be used: a file, or a line of a list, and why."""

    place: str
    reason: str


def listed(path: Path) -> tuple[list[Listed], list[Refused]]:
    """Return the crops of a folder or a list, in an order that does not depend on the disk, and the lines refused.

    A folder: PERSON/..., with the camera in the name of a file, or as a folder PERSON/CAMERA. A list: columns or keys
    path (from the list's own folder), identity and, optionally, camera. Raises NotFound, UnreadableFile, InvalidInput.
    """
    if path.is_dir():
        return sorted(_in_folder(path)), []
    if not path.is_file():
        raise NotFound(f"{path}: neither a folder with a folder for each person nor a list of crops")
    readers = {".csv": _in_csv, ".jsonl": _in_json_lines}
    if path.suffix.lower() not in readers:
        raise InvalidInput(f"{path}: a list of crops is {' or '.join(readers)}, not {path.suffix or 'without ending'}")
    try:
        found = list(readers[path.suffix.lower()](path))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise UnreadableFile(f"{path}: cannot be read as a list of crops: {problem}") from problem
    crops = sorted(one for one in found if isinstance(one, Listed))
    return crops, [one for one in found if isinstance(one, Refused)]


def _in_folder(folder: Path) -> Iterator[Listed]:
    for person in folder.iterdir():
        if not person.is_dir() or person.name.startswith("."):
            continue
        for path in person.rglob("*"):
            if path.suffix.lower() in ENDINGS and path.is_file() and not path.name.startswith("."):
                beneath = path.parent.relative_to(person).parts
                named = _CAMERA.search(path.stem)
                yield Listed(path, person.name, beneath[0] if beneath else named[1] if named else "")


def _in_csv(path: Path) -> Iterator[Listed | Refused]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if missing := {"path", "identity"} - set(rows.fieldnames or ()):
            raise InvalidInput(f"{path}: its first line has no column {', '.join(sorted(missing))}")
        for row in rows:
            yield _one(path, rows.line_num, row)


def _in_json_lines(path: Path) -> Iterator[Listed | Refused]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield _one(path, number, msgspec.json.decode(line))
            except msgspec.DecodeError as problem:
                yield Refused(f"{path}, line {number}", f"no JSON: {problem}")


def _one(path: Path, line: int, row: Any) -> Listed | Refused:
    place = f"{path}, line {line}"
    if not isinstance(row, dict):
        return Refused(place, "no object with path and identity")
    told = [row.get(key) for key in ("path", "identity", "camera")]
    named, identity, camera = (str(one).strip() if isinstance(one, str | int) else "" for one in told)
    if not named or not identity:
        return Refused(place, f"no {'identity' if named else 'path'}")
    return Listed(path.parent / named, identity, camera)
