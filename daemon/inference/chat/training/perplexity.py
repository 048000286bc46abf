"""How surprising held-out replies are to a network."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from daemon.errors import InvalidInput
from daemon.inference.chat.network.loss import batch_loss
from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.training.batches import Batch, EncodedPairs, Places, in_order

_TOKENS = 2048  # of a batch: what it holds at once is bounded by them times the vocabulary


def bits(
    model: Seq2Seq,
    pairs: EncodedPairs,
    most: int | None = None,
    *,
    shuffled: int | None = None,
    check: Callable[[], None] = lambda: None,
) -> float:
    """Return the bits of a token of the replies, their end symbols counted, without dropout and in fp32.

    most: of so many pairs at most, spread evenly over all. shuffled: a seed, by which every reply gets the source of
    another pair. check: called between batches; what it raises is passed on, and the mode of the network restored.
    Raises InvalidInput where there are no pairs.
    """

    def measured(batch: Batch) -> tuple[float, int]:
        with torch.inference_mode():
            loss = batch_loss(model, *batch)
        return float(loss.nats), loss.tokens

    trained = model.training
    model.eval()
    try:
        return bits_by(measured, pairs, most, shuffled=shuffled, check=check)
    finally:
        model.train(trained)


def bits_by(
    measured: Callable[[Batch], tuple[float, int]],
    pairs: EncodedPairs,
    most: int | None,
    *,
    shuffled: int | None,
    check: Callable[[], None],
) -> float:
    """Return the bits of a token by whoever measures a batch, in nats and tokens; the rest is as of `bits`."""
    if not len(pairs):
        raise InvalidInput("there are no pairs to measure with")
    sources = others(len(pairs), shuffled)
    nats, tokens = 0.0, 0
    for which in in_order(pairs, _TOKENS, spread(len(pairs), most)):
        check()
        found = measured(pairs.batch(which, None if sources is None else sources[which]))
        nats, tokens = nats + found[0], tokens + found[1]
    return nats / tokens / math.log(2)


def spread(count: int, most: int | None) -> Places:
    """Return the places of so many of `count` things at most, spread evenly."""
    if most is None or most >= count:
        return np.arange(count, dtype=np.int64)
    return np.linspace(0, count - 1, most).astype(np.int64)


def others(count: int, seed: int | None) -> Places | None:
    """Return another place for each, told by a seed: all in one circle, so that none keeps its own unless alone."""
    if seed is None:
        return None
    order = np.random.default_rng(seed).permutation(count)
    others = np.empty(count, dtype=np.int64)
    others[order] = np.roll(order, 1)
    return others
