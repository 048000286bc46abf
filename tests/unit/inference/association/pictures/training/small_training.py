"""People of a few coloured pixels, whom a network learns to tell apart in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from PIL import Image

import tests.unit.inference.association.pictures.network_kit  # noqa: F401 one thread
from daemon.inference.association.pictures.training.crops import Gathered, gather
from daemon.inference.association.pictures.training.listing import listed
from daemon.inference.association.pictures.training.recipe import Augmentation, Preparing, Recipe

SIZE = (32, 16)


def write_people(folder: Path, people: int = 6, each: int = 4, cameras: int = 2) -> Path:
    """Write pictures of people in clothes of their own, by cameras that are lighter or darker."""
    for person in range(people):
        clothes = np.random.default_rng(person).integers(40, 200, (2, 1, 1, 3))
        place = folder / f"p{person}"
        place.mkdir(parents=True)
        for number in range(each):
            camera = number % cameras
            crop = np.repeat(np.repeat(clothes, 20, 1), 20, 2).reshape(40, 20, 3)
            noise = np.random.default_rng([person, number]).normal(0, 8, crop.shape)
            lit = np.clip(crop * (1 + 0.2 * camera) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(lit).save(place / f"c{camera + 1}_{number:03d}.png")
    return folder


def recipe(**changes: Any) -> Recipe:
    """Return a recipe of a few steps: an epoch of people and pictures as above is two."""
    told: dict[str, Any] = {
        "people": 2, "pictures": 4, "epochs": 3, "warmup": 1, "held_out": 0.34, "checkpoint_every": 3, "rate": 1.5e-3,
        "preparing": Preparing(height=SIZE[0], width=SIZE[1]),
        "augmentation": Augmentation(shift=0.1),
    }  # fmt: skip
    return Recipe(**{**told, **changes})


def gathered(folder: Path, how: Recipe) -> Gathered:
    """Return the crops of a folder."""
    return gather(*listed(folder), how)
