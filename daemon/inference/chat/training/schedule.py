"""How the learning rate rises and falls."""

from __future__ import annotations

import math

from daemon.inference.chat.training.recipe import Optimisation


def rate_at(step: int, steps: int, how: Optimisation) -> float:
    """Return the learning rate of a step, counted from 1, of so many that there are at most."""
    rising = min(1.0, step / how.warmup) if how.warmup else 1.0
    falling = {
        "constant": 1.0,
        "inverse_sqrt": math.sqrt(max(1, how.warmup) / max(step, how.warmup, 1)),
        "linear": max(0.0, 1 - max(0, step - 1 - how.warmup) / max(1, steps - how.warmup)),
    }[how.decay]
    return how.learning_rate * rising * falling
