"""Models that are ready to speak."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from daemon.errors import UnreadableFile
from daemon.inference.chat.serving.graphs import Graphs
from daemon.inference.chat.serving.model_files import Card, ModelFiles, read_model
from daemon.inference.chat.serving.onnx_steps import OnnxSteps
from daemon.inference.chat.tokenizer import EOS, Tokenizer


@dataclass(frozen=True)
class Model:
    """A model. files: the others that came with it, such as an index of replies, by name."""

    card: Card
    tokenizer: Tokenizer
    steps: OnnxSteps
    files: dict[str, bytes]


def load_model(path: Path) -> Model:
    """Read a model from a file or a folder, and try one step with it: work of a second, for a thread.

    Raises UnreadableFile for one that is absent, broken, changed, foreign or newer, or whose parts do not fit together.
    """
    return _model(path, read_model(path))


def _model(path: Path, found: ModelFiles) -> Model:
    contents = dict(found.contents)
    try:
        tokenizer = Tokenizer(contents.pop("tokenizer.model"))
        graphs = Graphs(contents.pop("encoder.onnx"), contents.pop("step.onnx"), found.embeddings())
        del contents["embeddings.bin"]
        steps = OnnxSteps(graphs)
        _try(steps, tokenizer)
    except UnreadableFile as problem:
        raise UnreadableFile(f"{path}: {problem}") from problem
    return Model(found.card, tokenizer, steps, contents)


def _try(steps: OnnxSteps, tokenizer: Tokenizer) -> None:
    if tokenizer.size != steps.size:
        raise UnreadableFile(f"its tokenizer has {tokenizer.size} tokens and its network {steps.size}")
    try:
        candidates, _ = steps.step(steps.start([[EOS]]), np.zeros(1, np.int64), np.full(1, EOS), steps.size)
    except Exception as problem:  # onnxruntime's dozen types have no other base
        raise UnreadableFile(f"its graphs cannot be run: {str(problem).partition(chr(10))[0][:300]}") from problem
    ordered = bool((candidates.scores[:, 1:] <= candidates.scores[:, :-1]).all())
    if not ordered or not np.array_equal(np.sort(candidates.tokens[0]), np.arange(steps.size)):
        raise UnreadableFile("its graph does not give each token once, best first")
