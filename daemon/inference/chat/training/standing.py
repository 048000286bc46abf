"""Where the training of a network that talks stands."""

from __future__ import annotations

from daemon.inference import checkpoints


class Standing(checkpoints.Standing, kw_only=True, forbid_unknown_fields=True):
    """What it has to know beside the weights. batch: of this epoch, the next to be learned.

    best_bits: of the best evaluation, bits per token; evaluations: without a better one since; evaluated: the step of
    the last one. tokens: told so far; seconds: spent so far, of the clock on the wall.
    """

    recipe: str
    data: str
    epoch: int = 0
    batch: int = 0
    best_bits: float | None = None
    best_step: int = 0
    evaluated: int = 0
    evaluations: int = 0
    tokens: int = 0
    seconds: float = 0.0
