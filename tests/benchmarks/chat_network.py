"""A network of the size that benchmarks are told for, with random weights: speed does not depend on what it learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from daemon.inference.chat.beam_search import BeamSearch
from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.network.shape import Shape
from daemon.inference.chat.search_settings import Settings
from daemon.inference.chat.serving.graphs import Graphs
from daemon.inference.chat.serving.onnx_steps import OnnxSteps
from daemon.inference.chat.tokenizer import BOS, EOS
from daemon.inference.chat.training.export import export

SEED: Final = 5
VOCABULARY: Final = 12_000
WORDS: Final = 12
STEPS: Final = 20
BEAM: Final = 5
SHAPE: Final = Shape(vocabulary=VOCABULARY)
#: Tokens that may be said where a list is given: its first 3,000, since numbers mean nothing here.
LISTED: Final = range(3_000)


def network() -> Seq2Seq:
    """Return the network."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    return Seq2Seq(SHAPE).eval()


def graphs(precision: str, listed: Sequence[int] | None = None) -> Graphs:
    """Return its graphs, as they would be served."""
    weights: dict[str, Any] = {name: weight.numpy() for name, weight in network().state_dict().items()}
    return export(weights, SHAPE, precision, listed)


def search(steps: OnnxSteps, *, forced: bool = True) -> BeamSearch:
    """Return the search of exactly STEPS tokens, or of as many at most."""
    least = STEPS if forced else 0
    return BeamSearch(steps, Settings(begin=BOS, end=EOS, width=BEAM, min_length=least, max_length=STEPS))


def sources(count: int) -> list[list[int]]:
    """Return so many sources of WORDS tokens."""
    found: list[list[int]] = np.random.default_rng(SEED).integers(4, VOCABULARY, (count, WORDS)).tolist()
    return found
