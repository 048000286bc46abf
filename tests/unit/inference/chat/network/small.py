"""Small networks and batches for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from daemon.inference.chat.network.loss import Loss, batch_loss
from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.network.shape import Shape

PAD, BEGIN, END = 0, 1, 2
CELLS = ("gru", "lstm", "rnn")
CONTEXTS = ("last", "transformed_last", "transformed_all")
HANDINGS = ("first_state", "every_step", "bahdanau", "luong")

torch.set_num_threads(1)


def shape(**changes: Any) -> Shape:
    sizes = {"vocabulary": 13, "embedding": 8, "hidden": 12, "encoder_layers": 1, "decoder_layers": 1, "dropout": 0.0}
    return Shape(**{**sizes, **changes})


def network(seed: int = 1, **changes: Any) -> Seq2Seq:
    torch.manual_seed(seed)
    return Seq2Seq(shape(**changes))


def rows(sentences: Sequence[Sequence[int]], extra: int = 0, padding: int = PAD) -> tuple[Tensor, Tensor]:
    """Return sentences as [B, longest + extra], padded, and their lengths."""
    padded = pad_sequence([torch.tensor(list(one)) for one in sentences], batch_first=True, padding_value=padding)
    return torch.nn.functional.pad(padded, (0, extra), value=padding), torch.tensor([len(one) for one in sentences])


def pairs_loss(
    model: Seq2Seq, pairs: Sequence[tuple[Sequence[int], Sequence[int]]], extra: int = 0, padding: int = PAD, **how: Any
) -> Loss:
    source, lengths = rows([said for said, _ in pairs], extra, padding)
    target, target_lengths = rows([[BEGIN, *reply, END] for _, reply in pairs], extra, padding)
    return batch_loss(model, source, lengths, target, target_lengths, **how)


def train(
    model: Seq2Seq, pairs: Sequence[tuple[Sequence[int], Sequence[int]]], steps: int, rate: float = 0.01, **how: Any
) -> list[float]:
    """Train on the same pairs again and again; return the bits per token before each step."""
    optimizer = torch.optim.Adam(model.parameters(), rate)
    model.train()
    told = []
    for _ in range(steps):
        loss = pairs_loss(model, pairs, **how)
        optimizer.zero_grad()
        torch.autograd.backward(loss.minimised)
        optimizer.step()
        told.append(loss.bits_per_token)
    return told
