"""Folders of labelled crops of drawn people: what a network is trained on and tried with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from daemon.inference.association.pictures.rendering.identities import Identity
from daemon.inference.association.pictures.rendering.renderer import a_pose, render
from daemon.inference.association.pictures.rendering.viewpoints import Viewpoint


class Labelled(NamedTuple):
    """A crop, uint8 RGB (h, w, 3), with who is in it and which camera made it."""

    identity: str
    camera: str
    crop: NDArray[np.uint8]


def labelled_crops(
    people: Sequence[Identity], cameras: Sequence[Viewpoint], each: int, seed: int
) -> Iterator[Labelled]:
    """Yield `each` crops of everybody at every camera, in any pose; equal for equal arguments."""
    for number, identity in enumerate(people):
        for place, viewpoint in enumerate(cameras):
            chance = np.random.default_rng([seed, number, place])
            for _ in range(each):
                yield Labelled(identity.name, viewpoint.name, render(identity, viewpoint, a_pose(chance), chance))


def write_labelled(folder: Path, crops: Iterator[Labelled]) -> int:
    """Write crops as FOLDER/IDENTITY/CAMERA_NUMBER.png; return how many."""
    count = 0
    for count, labelled in enumerate(crops, 1):
        place = folder / labelled.identity
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(labelled.crop).save(place / f"{labelled.camera}_{count:06d}.png")
    return count
