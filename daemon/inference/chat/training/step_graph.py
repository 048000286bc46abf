"""The graph of one step: from the states of some rows and their last tokens to their best next tokens.

What does not change within a reply is not computed again in every step: the encoder's graph multiplies what the
attention reads by its weights, once for each source. What is multiplied by several weights is multiplied once, by
all of them: a layer's new state makes the next layer's input gates now, and is kept with its own recurrent gates of
the next step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from daemon.inference.chat.training.arithmetic import Arithmetic
from daemon.inference.chat.training.gru_weights import GruWeights
from daemon.inference.chat.training.onnx_graph import Array, OnnxGraph

#: Scores of the best of each block are compared first, so that only a few blocks are looked through.
_BLOCKS = 400


@dataclass(frozen=True)
class StepWeights:
    """Weights of a decoder that attends after its GRU: softmax(tanh(state W + context C + bias) V + softmax_bias).

    embeddings: [tokens, embedded]; state: [attended, hidden]; softmax: [tokens, attended], None where the embeddings
    serve. The context comes from the encoder's graph, multiplied by C already. listed: the tokens that may come next,
    sorted int64; None for all.
    """

    embeddings: Array
    layers: Sequence[GruWeights]
    state: Array
    bias: Array
    softmax: Array | None
    softmax_bias: Array
    listed: Array | None = None


def step_graph(weights: StepWeights, arithmetic: Arithmetic) -> OnnxGraph:
    """Return the graph. Rows: R before, N now; B sources of up to S tokens; W rows of each source at most."""
    graph = OnnxGraph("step")
    parents = graph.input("parents", "int64", ["N"])
    tokens = graph.input("tokens", "int64", ["N"])
    first = weights.layers[0]
    below = arithmetic.embedded_product(graph, weights.embeddings, tokens, first.input, first.incoming_bias)
    ready = ""
    for number, layer in enumerate(weights.layers):
        state = graph.node("Gather", graph.input(f"hidden_{number}", "float", ["R", layer.size]), parents)
        gates = graph.node("Gather", graph.input(f"gates_{number}", "float", ["R", 3 * layer.size]), parents)
        hidden = _gru(graph, below, gates, state, layer.size)
        ready = arithmetic.bounded(graph, hidden)
        new_gates, below = _products(graph, arithmetic, ready, weights, number)
        graph.output(hidden, f"new_hidden_{number}", "float", ["N", layer.size])
        graph.output(new_gates, f"new_gates_{number}", "float", ["N", 3 * layer.size])
    attended = _attended(graph, arithmetic, ready, below, weights)
    _best(graph, _logits(graph, arithmetic, attended, weights), weights)
    return graph


def _products(
    graph: OnnxGraph, arithmetic: Arithmetic, ready: str, weights: StepWeights, number: int
) -> tuple[str, str]:
    """Return a layer's recurrent gates of the next step, and what is read above it in this one."""
    layer = weights.layers[number]
    if number + 1 == len(weights.layers):
        above, bias = weights.state, weights.bias
    else:
        above, bias = weights.layers[number + 1].input, weights.layers[number + 1].incoming_bias
    product = arithmetic.product(
        graph,
        ready,
        np.concatenate([layer.hidden, above]),
        np.concatenate([layer.recurrent_bias, bias]),
    )
    gates, read = graph.nodes("Split", product, graph.ints(3 * layer.size, len(above)), outputs=2, axis=1)
    return gates, read


def _logits(graph: OnnxGraph, arithmetic: Arithmetic, attended: str, weights: StepWeights) -> str:
    ready = arithmetic.bounded(graph, attended)
    listed, softmax, bias = weights.listed, weights.softmax, weights.softmax_bias
    if softmax is None:
        return arithmetic.product_with_embeddings(graph, ready, weights.embeddings, bias, listed)
    if listed is not None:
        softmax, bias = softmax[listed], bias[listed]
    return arithmetic.product(graph, ready, softmax, bias)


def _gru(graph: OnnxGraph, inputs: str, gates: str, state: str, size: int) -> str:
    """Return the new state of a layer: Cho et al. 2014, section 2.3, with the reset after the product, as in torch."""
    parts = graph.ints(2 * size, size)
    input_open, input_new = graph.nodes("Split", inputs, parts, outputs=2, axis=1)
    state_open, state_new = graph.nodes("Split", gates, parts, outputs=2, axis=1)
    opened = graph.node("Sigmoid", graph.node("Add", input_open, state_open))
    reset, update = graph.nodes("Split", opened, outputs=2, axis=1, num_outputs=2)
    new = graph.node("Tanh", graph.node("Add", input_new, graph.node("Mul", reset, state_new)))
    return graph.node("Add", new, graph.node("Mul", update, graph.node("Sub", state, new)))


def _attended(graph: OnnxGraph, arithmetic: Arithmetic, ready: str, own: str, weights: StepWeights) -> str:
    """Return tanh of a row's own part and its context: Luong et al. 2015, sections 3 (equation 5) and 3.1."""
    grid = graph.input("grid", "int64", ["B", "W"])
    place = graph.input("place", "int64", ["N"])
    mask = graph.input("mask", "float", ["B", 1, "S"])
    attended = len(weights.state)
    scores = arithmetic.scores(graph, graph.node("Gather", ready, grid), weights.layers[-1].size)
    shares = graph.node("Softmax", graph.node("Add", scores, mask), axis=-1)
    contexts = graph.node("MatMul", shares, graph.input("values", "float", ["B", "S", attended]))
    contexts = graph.node("Reshape", contexts, graph.ints(-1, attended))
    return graph.node("Tanh", graph.node("Add", own, graph.node("Gather", contexts, place)))


def _best(graph: OnnxGraph, logits: str, weights: StepWeights) -> None:
    """Give out the k best tokens of each row, or all that there are: the best blocks first, then the best in these."""
    listed = weights.listed
    count = len(weights.embeddings) if listed is None else len(listed)
    k = graph.input("k", "int64", [1])
    if listed is not None:
        k = graph.node("Min", k, graph.ints(count))
    blocks = next(blocks for blocks in range(min(_BLOCKS, count), 0, -1) if count % blocks == 0)
    size = count // blocks
    scores = graph.node("LogSoftmax", logits, axis=-1)
    # a block is every so-many-th token
    blocked = graph.node("Reshape", scores, graph.ints(-1, size, blocks))
    highest = graph.node("ReduceMax", blocked, graph.ints(1), keepdims=0)
    _, chosen = graph.nodes("TopK", highest, graph.node("Min", k, graph.ints(blocks)), outputs=2, axis=1)
    first = graph.node("Unsqueeze", chosen, graph.ints(1))
    within = graph.node("Add", first, graph.constant(np.arange(size)[:, None] * blocks, "block"))
    within = graph.node("Flatten", within, axis=1)
    best, place = graph.nodes("TopK", graph.node("GatherElements", scores, within, axis=1), k, outputs=2, axis=1)
    token = graph.node("GatherElements", within, place, axis=1)
    if listed is not None:
        token = graph.node("Gather", graph.constant(listed, "listed"), token)
    graph.output(token, "best", "int64", ["N", "K"])
    graph.output(best, "scores", "float", ["N", "K"])
