"""What a training tells of itself while it runs, and when it has ended."""

from __future__ import annotations

import time
from collections import deque
from typing import Protocol

import msgspec


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a training is. steps: at most, if nothing ends it before. bits: of a token, smoothing left out.

    held_out_bits: of the latest evaluation, None before the first.
    """

    step: int
    steps: int
    epoch: int
    tokens_per_s: float
    steps_per_s: float
    bits: float
    best_bits: float | None
    held_out_bits: float | None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a training ended. ended: "patience", "epochs", or "stopped", after which it can be resumed."""

    ended: str
    step: int
    best_step: int
    best_bits: float | None
    tokens: int
    seconds: float


class Observer(Protocol):
    """Whoever looks on."""

    def __call__(self, progress: Progress) -> None:
        """Take note, after every step."""


class Speed:
    """Tokens a second over the last hundred steps."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, int]] = deque([(time.monotonic(), 0)], maxlen=100)

    def add(self, tokens: int) -> None:
        """Take note of a step that ended now."""
        self._steps.append((time.monotonic(), tokens))

    def per_s(self) -> tuple[float, float]:
        """Return the tokens and the steps of a second, 0 before the first."""
        passed = self._steps[-1][0] - self._steps[0][0]
        made = list(self._steps)[1:]
        return (sum(tokens for _, tokens in made) / passed, len(made) / passed) if passed else (0.0, 0.0)
