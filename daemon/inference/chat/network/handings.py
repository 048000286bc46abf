"""Ways to hand C to the decoder, behind one interface. All begin with the first state that C gives.

Each is asked for the features from which the next token is told. They differ in speed: where nothing of a step but
the state goes into the next one, all steps of a target go through the layers in one call, and that is most of the
speed of training on a CPU. So Luong's attention stands after the layers here, without the input feeding that Luong et
al. (2015) describe as an addition in section 3.3. Bahdanau's cannot be had in this way: what is attended to is read by
the layers in the same step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from daemon.inference.chat.network.attention import Additive, Attention, Memory, Multiplicative
from daemon.inference.chat.network.recurrent import Recurrent, RecurrentState
from daemon.inference.chat.network.shape import HandingName, Shape

Read: TypeAlias = tuple[Tensor, RecurrentState]


class Source(NamedTuple):
    """What a decoder may know of the source. vector: C, [B, H]. memory: None without attention."""

    vector: Tensor
    memory: Memory | None

    def select(self, rows: Tensor) -> Source:
        """Return what is known of the sources of some rows. rows: [N] int64."""
        memory = None if self.memory is None else self.memory.select(rows)
        return Source(self.vector.index_select(0, rows), memory)


class Handing(nn.Module, ABC):
    """One way to hand C over."""

    def source(self, vector: Tensor, states: Tensor, mask: Tensor) -> Source:  # noqa: ARG002 one interface
        """Return what the decoder may know. vector: [B, H]; states: [B, S, H]; mask: [B, S] bool."""
        return Source(vector, None)

    @abstractmethod
    def forward(self, layers: Recurrent, embedded: Tensor, source: Source, state: RecurrentState) -> Read:
        """Read tokens and return the features after each, [B, T, F], and the state. embedded: [B, T, E]."""


class Attending(Handing):
    """Hands over by attention too."""

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.attention = attention

    def source(self, vector: Tensor, states: Tensor, mask: Tensor) -> Source:
        """Return what the decoder may know, with keys computed once."""
        return Source(vector, self.attention.memory(states, mask))

    def attend(self, queries: Tensor, source: Source) -> Tensor:
        """Return what is attended to, [B, T, H]. queries: [B, T, H]. Raises TypeError for a source without memory."""
        if source.memory is None:
            raise TypeError("the source was read for a network without attention")
        attended: Tensor = self.attention(queries, source.memory)
        return attended


class FirstState(Handing):
    """By the first state and nothing else (Sutskever et al., 2014, section 2)."""

    def __init__(self, _: Shape) -> None:
        super().__init__()

    def forward(self, layers: Recurrent, embedded: Tensor, source: Source, state: RecurrentState) -> Read:  # noqa: ARG002 one interface
        """Return the states as features, [B, T, H]."""
        return layers.read(embedded, state)


class EveryStep(Handing):
    """C and the token at every step, to the layers and to the projection (Cho et al., 2014, section 2.2)."""

    def __init__(self, _: Shape) -> None:
        super().__init__()

    def forward(self, layers: Recurrent, embedded: Tensor, source: Source, state: RecurrentState) -> Read:
        """Return states, C and embeddings as features, [B, T, 2 H + E]."""
        vector = source.vector.unsqueeze(1).expand(-1, embedded.shape[1], -1)
        outputs, state = layers.read(torch.cat([embedded, vector], dim=-1), state)
        return torch.cat([outputs, vector, embedded], dim=-1), state


class Bahdanau(Attending):
    """What the state before attends to, read with the token (Bahdanau et al., 2015, section 3.1, appendix A.2.2)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(Additive(shape.hidden))

    def forward(self, layers: Recurrent, embedded: Tensor, source: Source, state: RecurrentState) -> Read:
        """Return states, what they attended to, and embeddings as features, [B, T, 2 H + E]; a step at a time."""
        outputs, attended = [], []
        for token in torch.split(embedded, 1, dim=1):
            attended.append(self.attend(state.hidden[-1].unsqueeze(1), source))
            output, state = layers.read(torch.cat([token, attended[-1]], dim=-1), state)
            outputs.append(output)
        return torch.cat([torch.cat(outputs, dim=1), torch.cat(attended, dim=1), embedded], dim=-1), state


class Luong(Attending):
    """What the state attends to, for the projection (Luong et al., 2015, sections 3 and 3.1, global attention)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(Multiplicative(shape.hidden, shape.score))

    def forward(self, layers: Recurrent, embedded: Tensor, source: Source, state: RecurrentState) -> Read:
        """Return what is attended to and the states as features, [B, T, 2 H]; all steps in one call."""
        outputs, state = layers.read(embedded, state)
        return torch.cat([self.attend(outputs, source), outputs], dim=-1), state


HANDINGS: Final[dict[HandingName, Callable[[Shape], Handing]]] = {
    "first_state": FirstState,
    "every_step": EveryStep,
    "bahdanau": Bahdanau,
    "luong": Luong,
}
