"""How surprising held-out replies are to a network that is asked as beam search asks it: to what is served."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from daemon.inference.chat.steps import Ints, StepFunction
from daemon.inference.chat.training.batches import Batch, EncodedPairs
from daemon.inference.chat.training.perplexity import bits_by


def step_bits(
    steps: StepFunction,
    pairs: EncodedPairs,
    most: int | None = None,
    *,
    shuffled: int | None = None,
    check: Callable[[], None] = lambda: None,
) -> float:
    """Return the bits of a token of the replies, as `perplexity.bits` does of a network in fp32.

    Raises InvalidInput where there are no pairs.
    """

    def measured(batch: Batch) -> tuple[float, int]:
        return -_log_probability(steps, batch), int(batch.target_lengths.sum()) - len(batch.target)

    return bits_by(measured, pairs, most, shuffled=shuffled, check=check)


def _log_probability(steps: StepFunction, batch: Batch) -> float:
    """Return the sum of the log-probabilities of all tokens of replies, end symbols counted."""
    target, lengths = batch.target.numpy(), batch.target_lengths.numpy()
    state = steps.start([row[:length].tolist() for row, length in zip(batch.source, batch.lengths, strict=True)])
    rows: Ints = np.arange(len(lengths))
    total = 0.0
    for place in range(1, target.shape[1]):
        unfinished = np.flatnonzero(lengths[rows] > place)
        rows = rows[unfinished]
        found, state = steps.step(state, unfinished, target[rows, place - 1], steps.size)
        told = found.tokens == target[rows, place][:, None]
        total += float(found.scores[told].sum(dtype=np.float64))
    return total
