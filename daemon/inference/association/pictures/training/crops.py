"""The crops of a training: read once to be known whole, divided by people, and kept in memory as far as they fit."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.association.pictures.decoding import decode
from daemon.inference.association.pictures.preparation import Crop, resized
from daemon.inference.association.pictures.training.listing import Listed, Refused
from daemon.inference.association.pictures.training.recipe import Recipe

#: Of pictures that are decoded already; what is beyond it is decoded whenever it is needed.
KEPT_BYTES: Final = 512 << 20
LEAST_PEOPLE: Final = 4


class Crops:
    """Crops of some people, resized. identities: (n,) int64, numbers of people; cameras: (n,) int64, -1 unknown."""

    def __init__(self, files: Sequence[Listed], size: tuple[int, int], kept_bytes: int = KEPT_BYTES) -> None:
        self.files = tuple(files)
        self.people = sorted({file.identity for file in files})
        people = {person: number for number, person in enumerate(self.people)}
        self.identities: NDArray[np.int64] = np.array([people[file.identity] for file in files], np.int64)
        places = enumerate(sorted({file.camera for file in files} - {""}))
        cameras = {"": -1} | {camera: number for number, camera in places}
        self.cameras: NDArray[np.int64] = np.array([cameras[file.camera] for file in files], np.int64)
        self._height, self._width = size
        self._kept: dict[int, Crop] = {}
        self._room = kept_bytes // (3 * self._height * self._width)

    def __len__(self) -> int:
        return len(self.files)

    def picture(self, number: int) -> Crop:
        """Return a crop (height, width, 3). Raises UnreadableFile where its file was changed or went away since."""
        if (kept := self._kept.get(number)) is not None:
            return kept
        picture = resized(read_crop(self.files[number].path), self._width, self._height)
        if len(self._kept) < self._room:
            self._kept[number] = picture
        return picture


class Gathered(NamedTuple):
    """What a training learns and what it is measured with. sha256: of all of it, as it was read."""

    learned: Crops
    held_out: Crops
    refused: tuple[Refused, ...]
    alone: tuple[str, ...]  # people with one picture, who are left out
    sha256: str


def gather(
    files: Sequence[Listed], refused: Sequence[Refused], recipe: Recipe, *, told: Callable[[int], None] = lambda _: None
) -> Gathered:
    """Read every crop, leave out what cannot be read and who has one picture only, and divide the people by chance.

    told: is given how many were read. Raises InvalidInput where too few are left to learn from or to measure with.
    """
    readable, problems, digest = [], list(refused), hashlib.sha256()
    for number, file in enumerate(files, 1):
        try:
            decoded = read_crop(file.path)
        except UnreadableFile as problem:
            problems.append(Refused(str(file.path), str(problem).removeprefix(f"{file.path}: ")))
        else:
            readable.append(file)
            digest.update(hashlib.sha256(decoded.tobytes()).digest())
            digest.update(f"\0{decoded.shape}\0{file.identity}\0{file.camera}\0".encode())
        told(number)
    counts = Counter(file.identity for file in readable)
    several = sorted(identity for identity, count in counts.items() if count > 1)
    alone = tuple(sorted(identity for identity, count in counts.items() if count == 1))
    _check(counts, several, problems)
    held_out = _chosen(several, recipe)
    size = recipe.preparing.height, recipe.preparing.width
    parts = [
        Crops([file for file in readable if file.identity in people], size)
        for people in (set(several) - held_out, held_out)
    ]
    return Gathered(parts[0], parts[1], tuple(problems), alone, digest.hexdigest())


def read_crop(path: Path) -> Crop:
    """Return a picture of a file, uint8 RGB (h, w, 3). Raises UnreadableFile that names it."""
    try:
        return decode(path.read_bytes())
    except OSError as problem:
        raise UnreadableFile(f"{path}: cannot be read: {problem.strerror}") from problem
    except InvalidInput as problem:
        raise UnreadableFile(f"{path}: {problem}") from problem


def _chosen(people: Sequence[str], recipe: Recipe) -> set[str]:
    """Return who is held out: two at least, and two at least are left."""
    count = min(max(2, round(len(people) * recipe.held_out)), len(people) - 2)
    chance = np.random.default_rng([recipe.seed, len(people)])
    return {people[number] for number in chance.permutation(len(people))[:count]}


def _check(counts: Counter[str], several: Sequence[str], problems: Sequence[Refused]) -> None:
    if len(several) >= LEAST_PEOPLE:
        return
    needed = f"at least {LEAST_PEOPLE} people with two pictures each are needed, two to learn and two to measure with"
    skipped = (
        f"; {len(problems)} could not be read, the first: {problems[0].place}: {problems[0].reason}" if problems else ""
    )
    if not counts:
        raise InvalidInput(f"there are no pictures to learn from: {needed}{skipped}")
    if len(counts) == 1:
        raise InvalidInput(f"all pictures are of one person, {next(iter(counts))}: {needed}{skipped}")
    if not several:
        raise InvalidInput(f"there is one picture of each of {len(counts)} people: {needed}{skipped}")
    raise InvalidInput(f"there are two pictures or more of {len(several)} people of {len(counts)}: {needed}{skipped}")
