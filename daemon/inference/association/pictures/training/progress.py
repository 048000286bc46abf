"""What a training tells of itself while it runs, and when it has ended."""

from __future__ import annotations

from typing import Protocol

import msgspec

from daemon.inference import checkpoints
from daemon.inference.association.pictures.training.retrieval import Retrieval


class Standing(checkpoints.Standing, kw_only=True, forbid_unknown_fields=True):
    """Where a training stands. batch: of this epoch, the next to be learned; images: learned so far.

    best_ap, best_rank1: of the best evaluation; evaluated: the step of the last one; evaluations: without a better
    one since. seconds: spent so far, of the clock on the wall.
    """

    recipe: str
    data: str
    epoch: int = 0
    batch: int = 0
    images: int = 0
    best_ap: float | None = None
    best_rank1: float | None = None
    best_step: int = 0
    evaluated: int = 0
    evaluations: int = 0
    seconds: float = 0.0


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a training is. steps, left_s: at most, if nothing ends it before; left_s is 0 before it is known.

    loss: of this step; right: share of its pictures whose person was named. held_out: of the latest evaluation.
    """

    step: int
    steps: int
    epoch: int
    images_per_s: float
    left_s: float
    loss: float
    right: float
    held_out: Retrieval | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a training ended. ended: "patience", "epochs", or "stopped", after which it can be gone on with."""

    ended: str
    step: int
    best_step: int
    best_ap: float | None
    best_rank1: float | None
    images: int
    seconds: float


class Observer(Protocol):
    """Whoever looks on."""

    def __call__(self, progress: Progress) -> None:
        """Take note, after every step."""
