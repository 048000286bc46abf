"""What is made small: not knowing who it is, and finding others more alike than oneself."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class Loss(NamedTuple):
    """minimised: the sum; identity, triplet: its parts. right: share of pictures whose person was named."""

    minimised: Tensor
    identity: Tensor
    triplet: Tensor
    right: Tensor


def batch_loss(vectors: Tensor, scores: Tensor, identities: Tensor, *, smoothing: float, margin: float) -> Loss:
    """Return the loss of a batch. vectors: (B, d); scores: (B, people); identities: (B,) int64."""
    identity = functional.cross_entropy(scores, identities, label_smoothing=smoothing)
    triplet = batch_hard_triplet(functional.normalize(vectors), identities, margin)
    right = (scores.argmax(1) == identities).float().mean()
    return Loss(identity + triplet, identity, triplet, right)


def batch_hard_triplet(vectors: Tensor, identities: Tensor, margin: float) -> Tensor:
    """Return the mean over all anchors of max(0, margin + farthest alike - nearest unlike).

    Hermans, Beyer, Leibe (2017), "In Defense of the Triplet Loss for Person Re-Identification", section 2, the batch
    hard loss. vectors: (B, d); distances are Euclidean, of unit vectors here.
    """
    # a root has no slope at 0, where a picture comes twice
    distances = (2 - 2 * vectors @ vectors.T).clamp_min(1e-9).sqrt()  # (B, B)
    alike = identities[:, None] == identities[None, :]
    farthest = distances.masked_fill(~alike, 0).amax(1)
    nearest = distances.masked_fill(alike, torch.inf).amin(1)
    return (margin + farthest - nearest).clamp_min(0).mean()
