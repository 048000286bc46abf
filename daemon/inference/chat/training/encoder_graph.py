"""The graph of the encoder: from sources to what the decoder begins with and attends to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from daemon.inference.chat.training.arithmetic import Arithmetic
from daemon.inference.chat.training.gru_weights import GruWeights
from daemon.inference.chat.training.onnx_graph import Array, OnnxGraph


@dataclass(frozen=True)
class Bridge:
    """A learned way from the encoder's states to the decoder's: tanh(first tanh(transform C')).

    mean: C' is the mean of the top layer's states, else its last one. transform: [hidden, hidden]; first: [decoder
    layers * hidden, hidden].
    """

    mean: bool
    transform: Array
    transform_bias: Array
    first: Array
    first_bias: Array


@dataclass(frozen=True)
class EncoderWeights:
    """Weights of an encoder, and those of the decoder that are applied once for each source.

    layers: one or two directions each. begins: the encoder's layer that each of the decoder's begins as, where there is
    no bridge. key: [hidden, hidden], None where states are their own keys. value: [attended, hidden], the part of the
    projection that the context meets. decoder: the decoder's layers.
    """

    embeddings: Array
    layers: Sequence[Sequence[GruWeights]]
    begins: Sequence[int]
    bridge: Bridge | None
    key: Array | None
    value: Array
    decoder: Sequence[GruWeights]


def encoder_graph(weights: EncoderWeights, arithmetic: Arithmetic) -> OnnxGraph:
    """Return the graph. B sources of up to S tokens; those after a source's length are padding, whatever they are."""
    graph = OnnxGraph("encoder")
    sources = graph.input("sources", "int64", ["B", "S"])
    lengths = graph.input("lengths", "int32", ["B"])
    embedded = arithmetic.embedded(graph, weights.embeddings, sources)
    below, last = graph.node("Transpose", embedded, perm=[1, 0, 2]), []
    for layer in weights.layers:
        below, ended = _layer(graph, arithmetic, layer, below, lengths)
        last.append(ended)
    states = graph.node("Transpose", below, perm=[1, 0, 2])
    for number, hidden in enumerate(_first(graph, arithmetic, weights, states, last, lengths)):
        size, decoder = weights.decoder[number].size, weights.decoder[number]
        gates = arithmetic.product(graph, arithmetic.bounded(graph, hidden), decoder.hidden, decoder.recurrent_bias)
        graph.output(hidden, f"hidden_{number}", "float", ["B", size])
        graph.output(gates, f"gates_{number}", "float", ["B", 3 * size])
    _memory(graph, arithmetic, weights, states)
    return graph


def _layer(
    graph: OnnxGraph, arithmetic: Arithmetic, layer: Sequence[GruWeights], inputs: str, lengths: str
) -> tuple[str, str]:
    """Return the states [S, B, hidden], 0 after a source's length, and the last ones [B, hidden]."""
    size, ways = layer[0].size, len(layer)
    biases = [np.concatenate([way.in_onnx_order("input_bias"), way.in_onnx_order("hidden_bias")]) for way in layer]
    outputs, ended = graph.nodes(
        "GRU",
        inputs,
        _stacked(graph, arithmetic, [way.in_onnx_order("input") for way in layer]),
        _stacked(graph, arithmetic, [way.in_onnx_order("hidden") for way in layer]),
        graph.constant(np.stack(biases).astype(np.float32), "bias"),
        lengths,
        outputs=2,
        direction="bidirectional" if ways == 2 else "forward",
        hidden_size=size,
        linear_before_reset=1,
    )
    outputs = graph.node("Transpose", outputs, perm=[0, 2, 1, 3])
    states = graph.node("Reshape", outputs, graph.ints(0, 0, ways * size))
    ended = graph.node("Transpose", ended, perm=[1, 0, 2])
    return states, graph.node("Reshape", ended, graph.ints(0, ways * size))


def _stacked(graph: OnnxGraph, arithmetic: Arithmetic, ways: Sequence[Array]) -> str:
    stored = arithmetic.stored(graph, np.concatenate(ways))
    return graph.node("Reshape", stored, graph.ints(len(ways), *ways[0].shape))


def _first(
    graph: OnnxGraph, arithmetic: Arithmetic, weights: EncoderWeights, states: str, last: Sequence[str], lengths: str
) -> Sequence[str]:
    """Return the decoder's first states, [B, hidden] each."""
    bridge, layers = weights.bridge, len(weights.decoder)
    if bridge is None:
        return [last[layer] for layer in weights.begins]
    summary = last[-1]
    if bridge.mean:
        count = graph.node("Unsqueeze", graph.node("Cast", lengths, to=1), graph.ints(1))
        summary = graph.node("Div", graph.node("ReduceSum", states, graph.ints(1), keepdims=0), count)
    ready = arithmetic.bounded(graph, summary)
    vector = graph.node("Tanh", arithmetic.product(graph, ready, bridge.transform, bridge.transform_bias))
    first = arithmetic.product(graph, arithmetic.bounded(graph, vector), bridge.first, bridge.first_bias)
    return graph.nodes("Split", graph.node("Tanh", first), outputs=layers, axis=1, num_outputs=layers)


def _memory(graph: OnnxGraph, arithmetic: Arithmetic, weights: EncoderWeights, states: str) -> None:
    ready = arithmetic.bounded(graph, states)
    keys = states if weights.key is None else arithmetic.product(graph, ready, weights.key)
    arithmetic.give_keys(graph, keys, weights.decoder[-1].size)
    graph.output(arithmetic.product(graph, ready, weights.value), "values", "float", ["B", "S", len(weights.value)])
