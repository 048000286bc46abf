"""The encoder: reads what was said."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from daemon.inference.chat.network.recurrent import Recurrent, RecurrentState
from daemon.inference.chat.network.shape import Shape


class Encoded(NamedTuple):
    """What was read. Both directions stand side by side in the last dimension.

    states: [B, S, H], the top layer's after each token, 0 at padding. last: of every layer after its last token, which
    is the first one of the sentence for the backward direction. mask: [B, S] bool, True where there is a token.
    """

    states: Tensor
    last: RecurrentState
    mask: Tensor


class Encoder(nn.Module):
    """Several layers in one direction, or in both (Schuster and Paliwal, 1997; Bahdanau et al., 2015, section 3.2)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.directions = 2 if shape.bidirectional else 1
        self.layers = Recurrent(
            shape.cell,
            shape.embedding,
            shape.direction,
            shape.encoder_layers,
            bidirectional=shape.bidirectional,
            dropout=shape.dropout,
        )

    def forward(self, embedded: Tensor, lengths: Tensor) -> Encoded:
        """Read each row to its own end, so that padding changes nothing. embedded: [B, S, E]; lengths: [B] int64."""
        width = embedded.shape[1]
        packed = pack_padded_sequence(embedded, lengths.cpu(), batch_first=True, enforce_sorted=False)
        outputs, last = self.layers.read_packed(packed)
        states, _ = pad_packed_sequence(outputs, batch_first=True, total_length=width)
        mask = torch.arange(width) < lengths.unsqueeze(1)
        cells = None if last.cells is None else self._side_by_side(last.cells)
        return Encoded(states, RecurrentState(self._side_by_side(last.hidden), cells), mask)

    def _side_by_side(self, last: Tensor) -> Tensor:
        """Return [L, B, H] of [L * directions, B, H / directions]."""
        return torch.cat([last[way :: self.directions] for way in range(self.directions)], dim=-1)
