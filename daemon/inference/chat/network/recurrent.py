"""Recurrent layers of any cell, and their state, so that nothing else asks whether a cell is an LSTM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from daemon.inference.chat.network.shape import Cell

#: nn.RNN is Elman's network with tanh, nn.GRU Cho et al. (2014), nn.LSTM Hochreiter and Schmidhuber (1997) with gates.
CELLS: Final[dict[Cell, Callable[..., nn.RNNBase]]] = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}


class RecurrentState(NamedTuple):
    """What layers remember. hidden: [L, B, H]; cells: [L, B, H] of an LSTM, else None."""

    hidden: Tensor
    cells: Tensor | None

    def select(self, rows: Tensor) -> RecurrentState:
        """Return the state of some rows. rows: [N] int64."""
        cells = None if self.cells is None else self.cells.index_select(1, rows)
        return RecurrentState(self.hidden.index_select(1, rows), cells)


class Recurrent(nn.Module):
    """Layers of one cell.

    Weights start as Glorot and Bengio (2010) for what comes in and orthogonal for what recurs (Saxe et al., 2014);
    biases at 0, but 1 for the forget gate of an LSTM (Jozefowicz et al., 2015, section 2.2).
    """

    def __init__(
        self, cell: Cell, width: int, hidden: int, layers: int, *, bidirectional: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.rnn = CELLS[cell](
            width,
            hidden,
            layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if layers > 1 else 0.0,  # torch warns where no layer follows
        )
        for name, weight in self.rnn.named_parameters():
            _begin(name, weight, lstm=cell == "lstm")

    def read(self, inputs: Tensor, state: RecurrentState) -> tuple[Tensor, RecurrentState]:
        """Go on from a state. inputs: [B, T, W]; return the top layer's [B, T, H] and the state after the last."""
        given = state.hidden if state.cells is None else (state.hidden, state.cells)
        outputs, after = self.rnn(inputs, given)
        return outputs, _state(after)

    def read_packed(self, inputs: PackedSequence) -> tuple[PackedSequence, RecurrentState]:
        """Begin at zero, and read each row to its own end.

        Return the top layer's states, and the last ones of all layers; each direction is a layer of its own there.
        """
        outputs, after = self.rnn(inputs)
        return outputs, _state(after)


def _state(after: Tensor | tuple[Tensor, Tensor]) -> RecurrentState:
    return RecurrentState(*after) if isinstance(after, tuple) else RecurrentState(after, None)


@torch.no_grad()
def _begin(name: str, weight: Tensor, *, lstm: bool) -> None:
    if name.startswith("bias"):
        weight.zero_()
        if lstm and name.startswith("bias_ih"):
            weight[len(weight) // 4 : len(weight) // 2] = 1.0
    elif name.startswith("weight_hh"):
        for gate in torch.split(weight, weight.shape[1]):
            nn.init.orthogonal_(gate)
    else:
        nn.init.xavier_uniform_(weight)
