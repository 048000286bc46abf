"""The decoder: says what comes next."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from daemon.inference.chat.network.handings import HANDINGS, Source
from daemon.inference.chat.network.recurrent import Recurrent, RecurrentState
from daemon.inference.chat.network.shape import Shape


class Decoder(nn.Module):
    """Recurrent layers, and a projection with tanh to the width of the embeddings (Luong et al., 2015, equation 5).

    So what the softmax reads lies between -1 and 1, whatever the handing: int8 graphs rely on that.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.layers = Recurrent(
            shape.cell, shape.embedding + shape.fed, shape.hidden, shape.decoder_layers, dropout=shape.dropout
        )
        self.handing = HANDINGS[shape.handing](shape)
        self.projection = nn.Linear(shape.features, shape.embedding)
        self.dropout = nn.Dropout(shape.dropout)
        nn.init.xavier_uniform_(self.projection.weight)
        nn.init.zeros_(self.projection.bias)

    def forward(self, embedded: Tensor, source: Source, state: RecurrentState) -> tuple[Tensor, RecurrentState]:
        """Read tokens, and return what the softmax reads after each. embedded: [B, T, E]; return [B, T, E]."""
        features, state = self.handing(self.layers, embedded, source, state)
        return torch.tanh(self.projection(self.dropout(features))), state
