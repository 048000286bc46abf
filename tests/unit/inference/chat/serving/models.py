"""Small models for tests of serving."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.inference.chat.beam_search import BeamSearch
from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.network.shape import Shape
from daemon.inference.chat.search_settings import Settings
from daemon.inference.chat.serving.graphs import Graphs
from daemon.inference.chat.serving.model_files import Card
from daemon.inference.chat.serving.onnx_steps import OnnxSteps
from daemon.inference.chat.steps import Candidates, Ints, StepFunction
from daemon.inference.chat.tokenizer import BOS, EOS
from daemon.inference.chat.training.export import export
from daemon.inference.chat.training.vocabulary import train_vocabulary

torch.set_num_threads(1)
LINES = [
    "你好，你是谁？", "今天想看电影吗", "我也喜欢看电影", "晚安，明天见", "谢谢你", "hello, who are you?", "good night",
    "I like watching films at night.", "what film do you recommend?", "that was a good film, thanks!",
]  # fmt: skip


def shape(**changes: Any) -> Shape:
    return Shape(**{"vocabulary": 90, "embedding": 13, "hidden": 18, "dropout": 0.0, **changes})


def network(seed: int = 1, **changes: Any) -> Seq2Seq:
    """Return a network that says different things to different sources, and ends: its weights and biases are large."""
    torch.manual_seed(seed)
    model = Seq2Seq(shape(**changes)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2) if weight.dim() > 1 else weight.normal_(std=0.1)
        model.softmax.bias[EOS : EOS + 1] += 3
    return model


def arrays(model: Seq2Seq) -> dict[str, NDArray[Any]]:
    return {name: weight.numpy() for name, weight in model.state_dict().items()}


def graphs(precision: str = "int8", seed: int = 1, **changes: Any) -> Graphs:
    model = network(seed, **changes)
    return export(arrays(model), model.shape, precision)


def steps(precision: str = "int8", seed: int = 1, **changes: Any) -> OnnxSteps:
    return OnnxSteps(graphs(precision, seed, **changes))


def search(of: StepFunction | None = None, **changes: Any) -> BeamSearch:
    settings = {"width": 3, "max_length": 12, **changes}
    return BeamSearch(of or steps(), Settings(begin=BOS, end=EOS, **settings))


def sources(count: int, longest: int = 20, vocabulary: int = 90, seed: int = 0) -> list[list[int]]:
    """Return sources of mixed lengths, the first of one token."""
    random = np.random.default_rng(seed)
    lengths = [1, *random.integers(1, longest + 1, count - 1)]
    return [[int(token) for token in random.integers(4, vocabulary, length)] for length in lengths]


def files(seed: int = 1, **changes: Any) -> tuple[Card, dict[str, bytes]]:
    """Return a model to be written: a card and contents."""
    tokenizer = train_vocabulary(LINES * 5, 360)
    size = vocabulary_size(tokenizer)
    exported = graphs(seed=seed, vocabulary=size)
    contents = {
        "tokenizer.model": tokenizer,
        "encoder.onnx": exported.encoder,
        "step.onnx": exported.step,
        "embeddings.bin": exported.embeddings.tobytes(),
    }
    card = {"name": "small", "shape": shape(vocabulary=size), "precision": "int8", "languages": ("en", "zh")}
    return Card(**{**card, "licence": "MIT", "training": {"steps": 0}, **changes}), contents


def vocabulary_size(tokenizer: bytes) -> int:
    from daemon.inference.chat.tokenizer import Tokenizer

    return Tokenizer(tokenizer).size


class Gated:
    """A model whose first step waits until it is opened; entered: set once it waits."""

    def __init__(self, inner: OnnxSteps) -> None:
        self.inner = inner
        self.size = inner.size
        self.opened, self.entered = threading.Event(), threading.Event()
        self.rows: list[int] = []

    def start(self, sources: Sequence[Sequence[int]]) -> Any:
        return self.inner.start(sources)

    def join(self, first: Any, second: Any) -> Any:
        return self.inner.join(first, second)

    def step(self, state: Any, parents: Ints, tokens: Ints, k: int) -> tuple[Candidates, Any]:
        self.rows.append(len(parents))
        self.entered.set()
        assert self.opened.wait(20)
        return self.inner.step(state, parents, tokens, k)


class Failing:
    """A model that fails at every step."""

    def __init__(self, inner: OnnxSteps) -> None:
        self.inner, self.size = inner, inner.size

    def start(self, sources: Sequence[Sequence[int]]) -> Any:
        return self.inner.start(sources)

    def step(self, state: Any, parents: Ints, tokens: Ints, k: int) -> tuple[Candidates, Any]:
        raise ValueError("broken")
