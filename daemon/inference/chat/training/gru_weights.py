"""Layers of a GRU as torch keeps them, and their parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from daemon.inference.chat.training.onnx_graph import Array


@dataclass(frozen=True)
class GruWeights:
    """A layer in one direction, gates in the order reset, update, new.

    input: [3 hidden, inputs]; hidden: [3 hidden, hidden]; input_bias, hidden_bias: [3 hidden].
    """

    input: Array
    hidden: Array
    input_bias: Array
    hidden_bias: Array

    @property
    def size(self) -> int:
        """Return the size of the state."""
        return int(self.hidden.shape[1])

    @property
    def recurrent_bias(self) -> Array:
        """Return what is added to the product with the state, [3 hidden]: all but the input's part of the new gate.

        That part is not reset, so it cannot be added there.
        """
        bias: Array = self.hidden_bias + np.concatenate([self.input_bias[: 2 * self.size], np.zeros(self.size)])
        return bias

    @property
    def incoming_bias(self) -> Array:
        """Return what is left to add to the product with the input, [3 hidden]."""
        return np.concatenate([np.zeros(2 * self.size), self.input_bias[2 * self.size :]])

    def in_onnx_order(self, name: str) -> Array:
        """Return a field with its gates in the order update, reset, new."""
        reset, update, new = np.split(getattr(self, name), 3)
        return np.concatenate([update, reset, new])


def gru_weights(weights: Mapping[str, Array], prefix: str, layer: int, *, backward: bool = False) -> GruWeights:
    """Return a layer of a torch.nn.GRU; prefix: what stands before the names of its weights."""
    suffix = f"l{layer}_reverse" if backward else f"l{layer}"
    parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return GruWeights(*(weights[f"{prefix}{part}_{suffix}"] for part in parts))
