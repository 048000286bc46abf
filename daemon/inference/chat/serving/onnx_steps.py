"""The network as beam search sees a model, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from onnxruntime import OrtValue

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat.serving.graphs import Graphs, session
from daemon.inference.chat.steps import Candidates, Floats, Ints

#: What is added to the score of padding: so little that its weight is exactly 0.
_UNSEEN = np.float32(-1e9)
_INPUTS = ("grid", "k", "keys", "mask", "parents", "place", "tokens", "values")


class Memory(NamedTuple):
    """What rows attend to, once for each source. keys: [B, hidden, S]; values: [B, S, attended]; mask: [B, 1, S]."""

    keys: OrtValue
    values: OrtValue
    mask: OrtValue
    sources: int


class State(NamedTuple):
    """Rows of a decoding. source: [rows] int64, each row's source; layers: what the graph goes on from, by name."""

    memory: Memory
    source: Ints
    layers: Mapping[str, OrtValue]


class OnnxSteps:
    """StepFunction of the graphs that export makes. Not for two threads at a time."""

    def __init__(self, graphs: Graphs) -> None:
        self._embeddings = OrtValue.ortvalue_from_numpy(graphs.embeddings)
        self._encoder = session(graphs.encoder, self._embeddings, "encoder.onnx")
        self._step = session(graphs.step, self._embeddings, "step.onnx")
        self._layers = sorted({value.name for value in self._step.get_inputs()} - set(_INPUTS))
        self._outputs = ["best", "scores", *(f"new_{name}" for name in self._layers)]
        self._read = ["keys", "values", *self._layers]
        self._check(graphs)

    @property
    def size(self) -> int:
        """Return how many tokens there are."""
        return int(self._embeddings.shape()[0])

    def start(self, sources: Sequence[Sequence[int]]) -> State:
        """Return the state of one row for each source.

        Raises InvalidInput for no sources, an empty one, and tokens outside the vocabulary.
        """
        check_sources(sources, self.size)
        lengths = np.array([len(source) for source in sources], np.int32)
        tokens = np.zeros((len(sources), int(lengths.max())), np.int64)
        for row, source in zip(tokens, sources, strict=True):
            row[: len(source)] = source
        given = {"sources": OrtValue.ortvalue_from_numpy(tokens), "lengths": OrtValue.ortvalue_from_numpy(lengths)}
        keys, values, *layers = self._encoder.run_with_ort_values(self._read, given)
        unseen = np.where(np.arange(tokens.shape[1]) < lengths[:, None], np.float32(0), _UNSEEN)[:, None, :]
        memory = Memory(keys, values, OrtValue.ortvalue_from_numpy(unseen), len(sources))
        return State(memory, np.arange(len(sources)), dict(zip(self._layers, layers, strict=True)))

    def step(self, state: State, parents: Ints, tokens: Ints, k: int) -> tuple[Candidates, State]:
        """Return the best `k` next tokens of new rows, and their state."""
        source = state.source[parents]
        grid, place = in_grid(source, state.memory.sources)
        numbers = {"parents": parents, "tokens": tokens, "grid": grid, "place": place, "k": np.array([min(k, self.size)])}
        given = {name: OrtValue.ortvalue_from_numpy(np.ascontiguousarray(value)) for name, value in numbers.items()}
        memory = state.memory
        given |= {"keys": memory.keys, "values": memory.values, "mask": memory.mask, **state.layers}
        best, scores, *layers = self._step.run_with_ort_values(self._outputs, given)
        new = State(memory, source, dict(zip(self._layers, layers, strict=True)))
        return Candidates(best.numpy(), scores.numpy()), new

    def _check(self, graphs: Graphs) -> None:
        inputs = {value.name for value in self._encoder.get_inputs()}
        outputs = {value.name for value in self._step.get_outputs()}
        whole = inputs == {"sources", "lengths"} and set(self._outputs) == outputs and graphs.embeddings.ndim == 2
        if not whole or {value.name for value in self._encoder.get_outputs()} != set(self._read):
            raise UnreadableFile("the graphs of this model are not those that this program runs")


def check_sources(sources: Sequence[Sequence[int]], size: int) -> None:
    """Raise InvalidInput for no sources, an empty one, and tokens outside the vocabulary."""
    if not len(sources):
        raise InvalidInput("no sources to reply to")
    for number, source in enumerate(sources):
        if not len(source):
            raise InvalidInput(f"source {number} is empty")
        if min(source) < 0 or max(source) >= size:
            raise InvalidInput(f"source {number} holds a token that is not from 0 to {size - 1}")


def in_grid(source: Ints, sources: int) -> tuple[Ints, Ints]:
    """Return rows by their source, [sources, most rows of one], and each row's place in that, read row by row.

    So each source's keys are multiplied by all of its rows at once, and copied for none. Free places hold row 0.
    """
    order = np.argsort(source, kind="stable")
    counts = np.bincount(source, minlength=sources)
    width = int(counts.max())
    column = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = np.empty_like(order)
    place[order] = source[order] * width + column
    grid = np.zeros(sources * width, np.int64)
    grid[place] = np.arange(len(source))
    return grid.reshape(sources, width), place
