"""The network: an encoder, a decoder, and the softmax over the vocabulary."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from daemon.errors import InvalidInput
from daemon.inference.chat.network.contexts import CONTEXTS
from daemon.inference.chat.network.decoder import Decoder
from daemon.inference.chat.network.embeddings import Embeddings
from daemon.inference.chat.network.encoder import Encoder
from daemon.inference.chat.network.handings import Source
from daemon.inference.chat.network.recurrent import RecurrentState
from daemon.inference.chat.network.shape import Shape


class State(NamedTuple):
    """Where rows of a decoding stand. Nothing changes it once it was returned."""

    source: Source
    recurrent: RecurrentState

    def select(self, rows: Tensor) -> State:
        """Return the state of some rows. rows: [N] int64."""
        return State(self.source.select(rows), self.recurrent.select(rows))


class Softmax(nn.Module):
    """Logits over the vocabulary. weight: [V, E], None where the embeddings serve (Press and Wolf, 2017)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.weight = None if shape.tied else nn.Parameter(torch.empty(shape.vocabulary, shape.embedding))
        self.bias = nn.Parameter(torch.zeros(shape.vocabulary))
        if self.weight is not None:
            nn.init.normal_(self.weight, std=shape.embedding**-0.5)

    def forward(self, readouts: Tensor, embeddings: Tensor) -> Tensor:
        """Return logits, [..., V]. readouts: [..., E]; embeddings: [V, E]."""
        return nn.functional.linear(readouts, embeddings if self.weight is None else self.weight, self.bias)


class Seq2Seq(nn.Module):
    """A sequence-to-sequence network (Sutskever et al., 2014; Cho et al., 2014).

    Weights start from torch's seed. Padding may hold any token: lengths alone say where a row ends.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embeddings = Embeddings(shape)
        self.encoder = Encoder(shape)
        self.context = CONTEXTS[shape.context](shape)
        self.decoder = Decoder(shape)
        self.softmax = Softmax(shape)

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return the logits of what follows each token of a target that is known (teacher forcing), [B, T, V].

        source: [B, S] int64; lengths: [B] int64, from 1 to S; target: [B, T] int64, from the begin symbol on. Raises
        InvalidInput for other lengths.
        """
        return self._logits(self.readouts(source, lengths, target))

    def logits_at(self, source: Tensor, lengths: Tensor, target: Tensor, wanted: Tensor) -> Tensor:
        """Return the logits at wanted places alone, [M, V], in the order of rows: the dearest product, without padding.

        wanted: [B, T] bool, M of them True.
        """
        return self._logits(self.readouts(source, lengths, target)[wanted])

    def readouts(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return what the softmax reads after each token of a target, [B, T, E]."""
        state = self.start(source, lengths)
        readouts: Tensor = self.decoder(self.embeddings(target), *state)[0]
        return readouts

    def start(self, source: Tensor, lengths: Tensor) -> State:
        """Read sources, and return the state of one row for each. source: [B, S] int64; lengths: [B] int64."""
        if source.dim() != 2 or lengths.shape != source.shape[:1] or not len(lengths):
            raise InvalidInput(f"sources {list(source.shape)} and lengths {list(lengths.shape)} do not fit together")
        shortest, longest = (int(bound) for bound in lengths.aminmax())
        if shortest < 1 or longest > source.shape[1]:
            raise InvalidInput(f"lengths go from {shortest} to {longest} in sources of {source.shape[1]} tokens")
        encoded = self.encoder(self.embeddings(source[:, :longest]), lengths)
        vector, first = self.context(encoded)
        return State(self.decoder.handing.source(vector, encoded.states, encoded.mask), first)

    def step(self, state: State, parents: Tensor, tokens: Tensor) -> tuple[Tensor, State]:
        """Go on from rows, and return the log-probabilities of what follows, [N, V], and the state.

        parents: [N] int64, the row of `state` that each new row goes on from. tokens: [N] int64, their last tokens.
        """
        source, recurrent = state.select(parents)
        readouts, recurrent = self.decoder(self.embeddings(tokens.unsqueeze(1)), source, recurrent)
        return torch.log_softmax(self._logits(readouts.squeeze(1)), dim=-1), State(source, recurrent)

    def _logits(self, readouts: Tensor) -> Tensor:
        logits: Tensor = self.softmax(readouts, self.embeddings.weight)
        return logits
