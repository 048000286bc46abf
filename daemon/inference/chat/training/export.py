"""From a trained network to the graphs that serve it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import torch

from daemon.errors import InvalidInput
from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.network.shape import Shape
from daemon.inference.chat.serving.graphs import Graphs
from daemon.inference.chat.training.arithmetic import Arithmetic, EightBits, SinglePrecision
from daemon.inference.chat.training.encoder_graph import Bridge, EncoderWeights, encoder_graph
from daemon.inference.chat.training.gru_weights import GruWeights, gru_weights
from daemon.inference.chat.training.onnx_graph import Array
from daemon.inference.chat.training.step_graph import StepWeights, step_graph

ARITHMETICS: Final[Mapping[str, Arithmetic]] = {"int8": EightBits(), "float32": SinglePrecision()}
_ENCODER, _DECODER = "encoder.layers.rnn.", "decoder.layers.rnn."


def export(
    weights: Mapping[str, Array], shape: Shape, precision: str = "int8", listed: Sequence[int] | None = None
) -> Graphs:
    """Return the graphs of a network. weights: its state dict, as numpy arrays; precision: "int8" or "float32".

    listed: the tokens that may be said, where not all may: the softmax, the dearest product, is over them alone. Raises
    InvalidInput for a shape that has no graphs, a list that is empty or names what is no token, and for weights that
    are not finite or not of that shape.
    """
    check_exportable(shape)
    if precision not in ARITHMETICS:
        raise InvalidInput(f"no precision {precision!r}; there are {', '.join(ARITHMETICS)}")
    _check_weights(weights, shape)
    if listed is not None and not (len(listed) and min(listed) >= 0 and max(listed) < shape.vocabulary):
        raise InvalidInput(f"a list of what may be said needs tokens, from 0 to {shape.vocabulary - 1}")
    arithmetic, facts = ARITHMETICS[precision], {"precision": precision}
    return Graphs(
        encoder=encoder_graph(_encoder(weights, shape), arithmetic).finish(facts),
        step=step_graph(_step(weights, shape, listed), arithmetic).finish(facts),
        embeddings=arithmetic.embeddings(weights["embeddings.weight"]),
    )


def check_exportable(shape: Shape) -> None:
    """Raise InvalidInput, naming every choice of a shape that the graphs have no part for."""
    faults = []
    if shape.cell != "gru":
        faults.append(("cell", f"is {shape.cell}: states of a GRU alone are read in eight bits, and quickly"))
    if shape.handing != "luong":
        faults.append(("handing", f"is {shape.handing}: only attention after the layers is served"))
    if faults:
        told = "; ".join(f"{field} {problem}" for field, problem in faults)
        raise InvalidInput(f"a network of this shape can be trained, not served: {told}", tuple(faults))


def _check_weights(weights: Mapping[str, Array], shape: Shape) -> None:
    with torch.device("meta"):
        expected = {name: tuple(weight.shape) for name, weight in Seq2Seq(shape).state_dict().items()}
    odd = sorted(set(expected) ^ set(weights))
    if odd:
        raise InvalidInput(f"weights that are missing or in excess: {', '.join(odd[:5])}")
    for name, wanted in expected.items():
        if weights[name].shape != wanted:
            raise InvalidInput(f"{name} is {list(weights[name].shape)} where {list(wanted)} is needed")
        if not np.isfinite(weights[name]).all():
            raise InvalidInput(f"{name}: numbers that are not finite, so no graphs are made of them")


def _encoder(weights: Mapping[str, Array], shape: Shape) -> EncoderWeights:
    ways = (False, True) if shape.bidirectional else (False,)
    layers = range(shape.encoder_layers)
    # each layer of the decoder begins as the encoder's at its height from the top, as contexts.Last has it
    spare = max(0, shape.encoder_layers - shape.decoder_layers)
    return EncoderWeights(
        embeddings=weights["embeddings.weight"],
        layers=[[gru_weights(weights, _ENCODER, layer, backward=way) for way in ways] for layer in layers],
        begins=[min(spare + layer, shape.encoder_layers - 1) for layer in range(shape.decoder_layers)],
        bridge=None if shape.context == "last" else _bridge(weights, mean=shape.context == "transformed_all"),
        key=weights["decoder.handing.attention.key.weight"] if shape.score == "general" else None,
        value=weights["decoder.projection.weight"][:, : shape.hidden],
        decoder=_decoder(weights, shape),
    )


def _bridge(weights: Mapping[str, Array], *, mean: bool) -> Bridge:
    parts = ("transform.weight", "transform.bias", "first.weight", "first.bias")
    return Bridge(mean, *(weights[f"context.{part}"] for part in parts))


def _step(weights: Mapping[str, Array], shape: Shape, listed: Sequence[int] | None) -> StepWeights:
    return StepWeights(
        embeddings=weights["embeddings.weight"],
        layers=_decoder(weights, shape),
        state=weights["decoder.projection.weight"][:, shape.hidden :],
        bias=weights["decoder.projection.bias"],
        softmax=None if shape.tied else weights["softmax.weight"],
        softmax_bias=weights["softmax.bias"],
        listed=None if listed is None else np.unique(np.array(listed, np.int64)),
    )


def _decoder(weights: Mapping[str, Array], shape: Shape) -> list[GruWeights]:
    return [gru_weights(weights, _DECODER, layer) for layer in range(shape.decoder_layers)]
