"""How a graph multiplies by weights: in single precision, or in eight bits."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from daemon.inference.chat.training.onnx_graph import Array, OnnxGraph

#: What one step of an eight-bit activation stands for. States of a GRU and outputs of tanh lie in (-1, 1), so one
#: scale does for all of them: a scale taken from the data would make a reply depend on others in its batch.
ACTIVATION_SCALE = 1 / 127
_LEVELS = 127
_MIDDLE = 128


#: The name of the embeddings, which both graphs share.
EMBEDDINGS = "embeddings"
_FLOAT, _INT8, _HALF = 1, 3, 10
#: The scale of a key that is 0.
_LEAST = 1e-12


class Arithmetic(Protocol):
    """Ways to multiply. Weights are [outputs, inputs], as torch has them; a table of embeddings is [tokens, inputs]."""

    name: str

    def embeddings(self, table: Array) -> Array:
        """Return the table of embeddings as both graphs share it."""

    def bounded(self, graph: OnnxGraph, value: str) -> str:
        """Return a value [..., inputs], whose entries lie in (-1, 1), made ready to be multiplied."""

    def product(self, graph: OnnxGraph, ready: str, weight: Array, bias: Array | None = None) -> str:
        """Return ready @ weight.T + bias."""

    def product_with_embeddings(
        self, graph: OnnxGraph, ready: str, table: Array, bias: Array, listed: Array | None
    ) -> str:
        """Return ready @ table.T + bias, for all tokens or those that are listed."""

    def stored(self, graph: OnnxGraph, weight: Array) -> str:
        """Return a matrix kept in the file as this arithmetic keeps weights, read in single precision."""

    def embedded(self, graph: OnnxGraph, table: Array, tokens: str) -> str:
        """Return table[tokens], in single precision."""

    def embedded_product(self, graph: OnnxGraph, table: Array, tokens: str, weight: Array, bias: Array) -> str:
        """Return table[tokens] @ weight.T + bias."""

    def give_keys(self, graph: OnnxGraph, keys: str, size: int) -> None:
        """Give out keys [B, S, size] for `scores` in another graph."""

    def scores(self, graph: OnnxGraph, ready: str, size: int) -> str:
        """Return the scores [B, W, S] of queries [B, W, size] that were made ready, by keys that become inputs."""


class SinglePrecision:
    """Products in float32: what tests compare with torch."""

    name = "float32"

    def embeddings(self, table: Array) -> Array:
        """Return the table as it is."""
        return table.astype(np.float32)

    def bounded(self, graph: OnnxGraph, value: str) -> str:  # noqa: ARG002 as the protocol has it
        """Return the value as it is."""
        return value

    def product(self, graph: OnnxGraph, ready: str, weight: Array, bias: Array | None = None) -> str:
        """Return ready @ weight.T + bias."""
        product = graph.node("MatMul", ready, graph.constant(weight.T.astype(np.float32), "weight"))
        return product if bias is None else graph.node("Add", product, graph.constant(bias.astype(np.float32), "bias"))

    def product_with_embeddings(
        self, graph: OnnxGraph, ready: str, table: Array, bias: Array, listed: Array | None
    ) -> str:
        """Return ready @ table.T + bias, for all tokens or those that are listed."""
        product = graph.node("MatMul", ready, _turned(graph, self.embeddings(table), listed))
        return graph.node("Add", product, graph.constant(_taken(bias, listed).astype(np.float32), "bias"))

    def stored(self, graph: OnnxGraph, weight: Array) -> str:
        """Return the matrix as a constant."""
        return graph.constant(weight.astype(np.float32), "weight")

    def embedded(self, graph: OnnxGraph, table: Array, tokens: str) -> str:
        """Return table[tokens]."""
        return graph.node("Gather", graph.shared(self.embeddings(table), EMBEDDINGS), tokens)

    def embedded_product(self, graph: OnnxGraph, table: Array, tokens: str, weight: Array, bias: Array) -> str:
        """Return table[tokens] @ weight.T + bias."""
        return self.product(graph, self.embedded(graph, table, tokens), weight, bias)

    def give_keys(self, graph: OnnxGraph, keys: str, size: int) -> None:
        """Give out keys."""
        graph.output(graph.node("Transpose", keys, perm=[0, 2, 1]), "keys", "float", ["B", size, "S"])

    def scores(self, graph: OnnxGraph, ready: str, size: int) -> str:
        """Return the scores of queries."""
        return graph.node("MatMul", ready, graph.input("keys", "float", ["B", size, "S"]))


class EightBits:
    """Weights in int8 with a scale for each output, activations in uint8 with a fixed one, sums in int32.

    Sums of integers are exact, whatever the order: a row's product is the same alone and in any batch. Embeddings are
    multiplied as they are kept, in int8 with a scale for each token, and so are keys: onnxruntime adds up a product of
    floats in another order when there are more columns, so that scores would depend on the longest source of a batch.
    """

    name = "int8"

    def embeddings(self, table: Array) -> Array:
        """Return the table in steps of each row's own scale."""
        return per_row(table)[0]

    def bounded(self, graph: OnnxGraph, value: str) -> str:
        """Return the value in steps of ACTIVATION_SCALE."""
        return _in_steps(graph, value, ACTIVATION_SCALE)

    def product(self, graph: OnnxGraph, ready: str, weight: Array, bias: Array | None = None) -> str:
        """Return ready @ weight.T + bias."""
        levels, scales = per_row(weight)
        return _product(graph, ready, graph.constant(levels.T, "weight"), scales * ACTIVATION_SCALE, bias)

    def product_with_embeddings(
        self, graph: OnnxGraph, ready: str, table: Array, bias: Array, listed: Array | None
    ) -> str:
        """Return ready @ table.T + bias, for all tokens or those that are listed."""
        levels, scales = per_row(table)
        scales = _taken(scales, listed) * ACTIVATION_SCALE
        return _product(graph, ready, _turned(graph, levels, listed), scales, _taken(bias, listed))

    def stored(self, graph: OnnxGraph, weight: Array) -> str:
        """Return the matrix, kept in int8: onnxruntime computes it once, when it reads the model."""
        levels, scales = per_row(weight)
        wide = graph.node("Cast", graph.constant(levels, "weight"), to=_FLOAT)
        return graph.node("Mul", wide, graph.constant(scales[:, None], "scale"))

    def embedded(self, graph: OnnxGraph, table: Array, tokens: str) -> str:
        """Return table[tokens] as it is kept."""
        levels, scales = per_row(table)
        row = graph.node("Gather", graph.shared(levels, EMBEDDINGS), tokens)
        scale = graph.node("Gather", graph.constant(scales[:, None], "scale"), tokens)
        return graph.node("Mul", graph.node("Cast", row, to=_FLOAT), scale)

    def embedded_product(self, graph: OnnxGraph, table: Array, tokens: str, weight: Array, bias: Array) -> str:
        """Return table[tokens] @ weight.T + bias, to half precision.

        The product with the whole table is of constants alone, so onnxruntime computes it once, when it reads the
        model; the file holds none of it.
        """
        levels, scales = per_row(table)
        weight_levels, weight_scales = per_row(weight)
        # onnxruntime's product of two signed operands is twenty times as slow
        ready = _in_steps(graph, graph.node("Cast", graph.shared(levels, EMBEDDINGS), to=_FLOAT), 1.0)
        middle = graph.constant(np.array(_MIDDLE, np.uint8))
        sums = graph.node("MatMulInteger", ready, graph.constant(weight_levels.T, "weight"), middle)
        scaled = graph.node("Mul", graph.node("Cast", sums, to=_FLOAT), graph.constant(weight_scales, "scale"))
        scaled = graph.node("Mul", scaled, graph.constant(scales[:, None], "scale"))
        whole = graph.node("Add", scaled, graph.constant(bias.astype(np.float32), "bias"))
        rows = graph.node("Gather", graph.node("Cast", whole, to=_HALF), tokens)
        return graph.node("Cast", rows, to=_FLOAT)

    def give_keys(self, graph: OnnxGraph, keys: str, size: int) -> None:
        """Give out keys in steps of a scale for each of them, and the scales."""
        largest = graph.node("ReduceMax", graph.node("Abs", keys), graph.ints(2), keepdims=1)
        step = graph.node("Mul", largest, graph.constant(np.array(1 / _LEVELS, np.float32)))
        step = graph.node("Max", step, graph.constant(np.array(_LEAST, np.float32)))
        levels = graph.node("Cast", graph.node("Round", graph.node("Div", keys, step)), to=_INT8)
        graph.output(graph.node("Transpose", levels, perm=[0, 2, 1]), "keys", "int8", ["B", size, "S"])
        scales = graph.node("Mul", step, graph.constant(np.array(ACTIVATION_SCALE, np.float32)))
        graph.output(graph.node("Transpose", scales, perm=[0, 2, 1]), "key_scales", "float", ["B", 1, "S"])

    def scores(self, graph: OnnxGraph, ready: str, size: int) -> str:
        """Return the scores of queries."""
        keys = graph.input("keys", "int8", ["B", size, "S"])
        sums = graph.node("MatMulInteger", ready, keys, graph.constant(np.array(_MIDDLE, np.uint8)))
        return graph.node("Mul", graph.node("Cast", sums, to=_FLOAT), graph.input("key_scales", "float", ["B", 1, "S"]))


def _turned(graph: OnnxGraph, table: Array, listed: Array | None) -> str:
    """Return the shared embeddings, or some rows of them, as the softmax multiplies by them."""
    rows = graph.shared(table, EMBEDDINGS)
    if listed is not None:
        rows = graph.node("Gather", rows, graph.constant(listed, "listed"))
    return graph.node("Transpose", rows, perm=[1, 0])


def _taken(array: Array, listed: Array | None) -> Array:
    return array if listed is None else array[listed]


def _in_steps(graph: OnnxGraph, value: str, step: float) -> str:
    scale, middle = graph.constant(np.array(step, np.float32)), graph.constant(np.array(_MIDDLE, np.uint8))
    return graph.node("QuantizeLinear", value, scale, middle)


def _product(graph: OnnxGraph, ready: str, levels: str, scales: Array, bias: Array | None) -> str:
    inputs = [
        *(ready, levels, graph.constant(np.ones(1, np.float32)), graph.constant(scales.astype(np.float32), "scale")),
        *(graph.constant(np.array([_MIDDLE], np.uint8)), ""),
        *([] if bias is None else [graph.constant(bias.astype(np.float32), "bias")]),
    ]
    return graph.node("MatMulIntegerToFloat", *inputs, domain="com.microsoft")


def per_row(weight: Array) -> tuple[Array, Array]:
    """Return a matrix as int8 and a scale for each of its rows; a row of zeros has scale 1."""
    largest = np.abs(weight).max(axis=1).astype(np.float32)
    scales = np.where(largest > 0, largest / _LEVELS, 1).astype(np.float32)
    return np.rint(weight / scales[:, None]).clip(-_LEVELS, _LEVELS).astype(np.int8), scales
