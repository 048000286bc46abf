"""Chance by seed: each thing that is drawn by lot has a stream of its own, so that changing one leaves the others."""

from __future__ import annotations

from enum import IntEnum, auto

import numpy as np


class Stream(IntEnum):
    """What is drawn by lot."""

    STREETS = auto()
    CLOCKS = auto()
    WALKS = auto()
    MISSES = auto()
    REPEATS = auto()
    FACES = auto()
    SCALES = auto()
    FACE_SCALES = auto()
    COLUMNS = auto()
    CONFIRMED = auto()
    QUESTIONS = auto()
    BODY = auto()
    FACE = auto()


def chance(seed: int, stream: Stream, *part: int) -> np.random.Generator:
    """Return the numbers of a stream, or of a part of it."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, *part)))
