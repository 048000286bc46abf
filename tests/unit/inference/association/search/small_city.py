"""A city of a few cameras in a row, in memory, in which people are told apart by their vectors without doubt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from daemon.inference.association.folders.view import FolderView
from daemon.inference.association.search.pair_likeness import Curve, PairLikeness
from daemon.ports.sightings import Way

#: 10 for the same vector, -10 for one at a right angle.
PLAIN = PairLikeness(Curve(20.0, -10.0), Curve(20.0, -10.0))
CAMERAS = ("a", "b", "c", "d", "e")


def ways(metres: float = 135.0) -> list[Way]:
    """Return ways along the row, both ways; by default 100 s of a usual walk."""
    pairs = list(pairwise(CAMERAS))
    return [Way(origin=one, target=other, metres=metres) for one, other in [*pairs, *(pair[::-1] for pair in pairs)]]


def city(seen: Iterable[tuple[str, float, int]]) -> FolderView:
    """Return a view of who (a number) was seen where and when. Row names are as they are given."""
    rows: Sequence[tuple[str, float, int]] = list(seen)
    people = np.array([person for _, _, person in rows])
    return FolderView.of_arrays(
        CAMERAS, np.array([CAMERAS.index(camera) for camera, _, _ in rows]), np.array([time for _, time, _ in rows]),
        np.eye(8)[people], ids=[f"{camera}{time:g}" for camera, time, _ in rows],
    )  # fmt: skip
