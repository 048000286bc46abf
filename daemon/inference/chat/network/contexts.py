"""Ways to make the semantic vector C of the encoder's states, and the decoder's first state of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from daemon.inference.chat.network.encoder import Encoded
from daemon.inference.chat.network.recurrent import RecurrentState
from daemon.inference.chat.network.shape import ContextName, Shape


class Context(NamedTuple):
    """vector: C, [B, H]. first: the state that the decoder begins with, [decoder layers, B, H]."""

    vector: Tensor
    first: RecurrentState


class Last(nn.Module):
    """C is the last state of the top layer (Sutskever et al., 2014, section 2).

    Each layer of the decoder begins with what the layer of the encoder at its height ended with. A decoder of fewer
    layers takes the upper ones; where it has more, those above the encoder begin as its top layer ended.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        spare = max(0, shape.encoder_layers - shape.decoder_layers)
        top = shape.encoder_layers - 1
        self.sources = [min(spare + layer, top) for layer in range(shape.decoder_layers)]

    def forward(self, encoded: Encoded) -> Context:
        """Return C and the first state."""
        hidden, cells = encoded.last
        first = RecurrentState(hidden[self.sources], None if cells is None else cells[self.sources])
        return Context(hidden[-1], first)


class Transformed(nn.Module, ABC):
    """C is tanh of a learned transform, and so is each layer's first state of C (Cho et al., 2014, appendix A)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.transform = nn.Linear(shape.hidden, shape.hidden)
        states = 2 if shape.cell == "lstm" else 1
        self.first = nn.Linear(shape.hidden, states * shape.decoder_layers * shape.hidden)
        for linear in (self.transform, self.first):
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)

    @abstractmethod
    def summary(self, encoded: Encoded) -> Tensor:
        """Return what is transformed, [B, H]."""

    def forward(self, encoded: Encoded) -> Context:
        """Return C and the first state."""
        vector = torch.tanh(self.transform(self.summary(encoded)))
        states = self.first(vector).view(len(vector), -1, self.shape.hidden).transpose(0, 1).contiguous()
        layers = self.shape.decoder_layers
        # a cell of an LSTM is a sum, which tanh does not bound
        cells = states[layers:] if self.shape.cell == "lstm" else None
        return Context(vector, RecurrentState(torch.tanh(states[:layers]), cells))


class TransformedLast(Transformed):
    """Of the last state of the top layer (Cho et al., 2014, appendix A.1)."""

    def summary(self, encoded: Encoded) -> Tensor:
        """Return the last state, [B, H]."""
        return encoded.last.hidden[-1]


class TransformedAll(Transformed):
    """Of all states of the top layer, by their mean (Sennrich et al., 2017, "Nematus", section 2)."""

    def summary(self, encoded: Encoded) -> Tensor:
        """Return the mean of the states of tokens, [B, H]; states of padding are 0."""
        return encoded.states.sum(dim=1) / encoded.mask.sum(dim=1, keepdim=True)


CONTEXTS: Final[dict[ContextName, type[Last | Transformed]]] = {
    "last": Last,
    "transformed_last": TransformedLast,
    "transformed_all": TransformedAll,
}
