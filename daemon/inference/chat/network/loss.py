"""The loss: how surprising the right tokens are to the network."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from daemon.errors import InvalidInput
from daemon.inference.chat.network.seq2seq import Seq2Seq


class Loss(NamedTuple):
    """minimised: mean over tokens, with smoothing. nats: sum over tokens, without it. Both scalars, tokens a count."""

    minimised: Tensor
    nats: Tensor
    tokens: int

    @property
    def bits_per_token(self) -> float:
        """Return the cross entropy of a token, without smoothing."""
        return float(self.nats) / self.tokens / math.log(2)

    @property
    def perplexity(self) -> float:
        """Return two to the power of the bits of a token."""
        return math.exp(float(self.nats) / self.tokens)


def cross_entropy(logits: Tensor, right: Tensor, smoothing: float = 0.0) -> Loss:
    """Return the loss of tokens, padding left out beforehand. logits: [M, V]; right: [M] int64.

    smoothing: the share of each token's probability that is spread over the whole vocabulary (Szegedy et al., 2016,
    section 7). Raises InvalidInput where there are no tokens.
    """
    if not len(right):
        raise InvalidInput("a loss needs at least one token")
    logits = logits.float()
    if not smoothing:
        mean = nn.functional.cross_entropy(logits, right)
        return Loss(mean, mean.detach() * len(right), len(right))
    scores = torch.log_softmax(logits, dim=-1)
    exact = nn.functional.nll_loss(scores, right)
    return Loss(exact * (1 - smoothing) - scores.mean() * smoothing, exact.detach() * len(right), len(right))


def batch_loss(
    model: Seq2Seq,
    source: Tensor,
    lengths: Tensor,
    target: Tensor,
    target_lengths: Tensor,
    *,
    smoothing: float = 0.0,
    bf16: bool = False,
) -> Loss:
    """Return the loss of a batch.

    source: [B, S] int64; lengths: [B] int64; target: [B, T] int64, from the begin symbol to the end symbol, which
    target_lengths: [B] int64 count both. The begin symbol is read alone, the end symbol told alone. bf16: products in
    bfloat16, weights, softmax and loss in fp32 (Micikevicius et al., 2018; without their scaling, since bfloat16 has
    the range of fp32). Raises InvalidInput for lengths that the target does not have.
    """
    longest = int(target_lengths.max())
    if longest > target.shape[1] or int(target_lengths.min()) < 2:
        raise InvalidInput(f"targets of {target.shape[1]} tokens have lengths from 2 to that, begin and end included")
    wanted = torch.arange(longest - 1) < (target_lengths - 1).unsqueeze(1)
    right = target[:, 1:longest][wanted]
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        logits = model.logits_at(source, lengths, target[:, : longest - 1], wanted)
    return cross_entropy(logits, right, smoothing)
