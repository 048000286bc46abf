"""The network as beam search sees a model, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnxruntime import OrtValue

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat.serving.graphs import Graphs, session
from daemon.inference.chat.serving.memory import UNSEEN, Grid, Memory, in_grid
from daemon.inference.chat.steps import Candidates, Ints

_NUMBERS = {"grid", "k", "parents", "place", "tokens"}


class State(NamedTuple):
    """Rows of a decoding. source: [rows] int64, each row's source; layers: what the graph goes on from, by name.

    grid: where the rows of `source` stand.
    """

    memory: Memory
    source: Ints
    grid: Grid
    layers: Mapping[str, NDArray[np.float32]]


class OnnxSteps:
    """JoiningSteps of the graphs that export makes, not for two threads at a time.

    From int8 graphs a row's answer is the same to the last bit, alone and with any others. Raises UnreadableFile for
    graphs that cannot be run, or are others.
    """

    def __init__(self, graphs: Graphs) -> None:
        embeddings = OrtValue.ortvalue_from_numpy(graphs.embeddings)
        self.size = int(embeddings.shape()[0])  # how many tokens there are
        self._encoder = session(graphs.encoder, embeddings, "encoder.onnx")
        self._step = session(graphs.step, embeddings, "step.onnx")
        self._embeddings = embeddings  # the sessions read it in place
        self._encoded = [value.name for value in self._encoder.get_outputs()]
        self._layers = [name for name in self._encoded if name.startswith(("hidden_", "gates_"))]
        self._outputs = ["best", "scores", *(f"new_{name}" for name in self._layers)]
        self._check()

    def start(self, sources: Sequence[Sequence[int]]) -> State:
        """Return the state of one row for each source.

        Raises InvalidInput for no sources, an empty one, and tokens outside the vocabulary.
        """
        check_sources(sources, self.size)
        lengths = np.array([len(source) for source in sources], np.int32)
        tokens = np.zeros((len(sources), int(lengths.max())), np.int64)
        for row, source in zip(tokens, sources, strict=True):
            row[: len(source)] = source
        encoded = self._encoder.run(self._encoded, {"sources": tokens, "lengths": lengths})
        found = dict(zip(self._encoded, encoded, strict=True))
        layers = {name: found.pop(name) for name in self._layers}
        found["mask"] = np.where(np.arange(tokens.shape[1]) < lengths[:, None], np.float32(0), UNSEEN)[:, None, :]
        rows = np.arange(len(sources))
        return State(Memory(found, len(sources)), rows, in_grid(rows, len(sources)), layers)

    def step(self, state: State, parents: Ints, tokens: Ints, k: int) -> tuple[Candidates, State]:
        """Return the best `k` next tokens of new rows, at most as many as there are, and their state."""
        source = state.source.take(parents)
        # most steps have as many rows of each source as the one before, in the same order
        same = source.tobytes() == state.source.tobytes()
        grid = state.grid if same else in_grid(source, state.memory.sources)
        k = min(k, self.size)
        given = {"parents": parents, "tokens": tokens, "grid": grid.rows, "place": grid.place, "k": np.array([k])}
        best, scores, *layers = self._step.run(self._outputs, given | {**state.memory.values, **state.layers})
        candidates = Candidates(best, scores)
        if best.shape[1] < k:
            candidates = _filled(candidates, k, self.size)
        return candidates, State(state.memory, source, grid, dict(zip(self._layers, layers, strict=True)))

    def join(self, first: State, second: State) -> State:
        """Return the state of the rows of `first` and, after them, those of `second`; sources without rows go."""
        parts = [_compact(state) for state in (first, second)]
        memory = parts[0].memory.joined(parts[1].memory)
        source = np.concatenate([parts[0].source, parts[1].source + parts[0].memory.sources])
        layers = {name: np.concatenate([part.layers[name] for part in parts]) for name in self._layers}
        return State(memory, source, in_grid(source, memory.sources), layers)

    def _check(self) -> None:
        inputs = {value.name for value in self._step.get_inputs()}
        whole = inputs == _NUMBERS | {"mask"} | set(self._encoded)
        whole &= {value.name for value in self._step.get_outputs()} == set(self._outputs)
        whole &= {value.name for value in self._encoder.get_inputs()} == {"sources", "lengths"}
        if not whole or len(self._embeddings.shape()) != 2:
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


def _filled(listed: Candidates, k: int, size: int) -> Candidates:
    """Return k candidates: those of a graph that knows a list of tokens alone, and then others, which cannot be."""
    others = np.setdiff1d(np.arange(size), listed.tokens[0])[: k - listed.tokens.shape[1]]
    shape = (len(listed.tokens), len(others))
    return Candidates(
        np.concatenate([listed.tokens, np.broadcast_to(others, shape)], axis=1),
        np.concatenate([listed.scores, np.full(shape, -np.inf, np.float32)], axis=1),
    )


def _compact(state: State) -> State:
    sources, source = np.unique(state.source, return_inverse=True)
    return state._replace(memory=state.memory.kept(sources), source=source.astype(np.int64))
