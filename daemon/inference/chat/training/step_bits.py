"""How surprising held-out replies are to a network that is asked as beam search asks it: to what is served."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from daemon.errors import InvalidInput
from daemon.inference.chat.steps import Ints, StepFunction
from daemon.inference.chat.training.batches import Batch, EncodedPairs, in_order
from daemon.inference.chat.training.perplexity import others, spread

_TOKENS = 2048  # of a batch: what it holds at once is bounded by them times the vocabulary


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
    if not len(pairs):
        raise InvalidInput("there are no pairs to measure with")
    sources = others(len(pairs), shuffled)
    nats, tokens = 0.0, 0
    for which in in_order(pairs, _TOKENS, spread(len(pairs), most)):
        check()
        batch = pairs.batch(which, None if sources is None else sources[which])
        nats -= _log_probability(steps, batch)
        tokens += int(batch.target_lengths.sum()) - len(which)
    return nats / tokens / math.log(2)


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
