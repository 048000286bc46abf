"""The network in fp32 as beam search sees a model: what every faster way to run it is held to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from daemon.errors import InvalidInput
from daemon.inference.chat.network.seq2seq import Seq2Seq, State
from daemon.inference.chat.steps import Candidates, Ints, StepFunction


class TorchSteps:
    """StepFunction of a network. It neither trains nor drops out, and leaves the network's mode as it was."""

    def __init__(self, model: Seq2Seq) -> None:
        self._model = model

    @property
    def size(self) -> int:
        """Return how many tokens there are."""
        return self._model.shape.vocabulary

    @torch.inference_mode()
    def start(self, sources: Sequence[Sequence[int]]) -> State:
        """Return the state of one row for each source.

        Raises InvalidInput for no sources, an empty one, and tokens outside the vocabulary.
        """
        self._check(sources)
        rows = [torch.tensor(list(source), dtype=torch.int64) for source in sources]
        lengths = torch.tensor([len(row) for row in rows])
        with _Evaluating(self._model):
            return self._model.start(pad_sequence(rows, batch_first=True), lengths)

    @torch.inference_mode()
    def step(self, state: State, parents: Ints, tokens: Ints, k: int) -> tuple[Candidates, State]:
        """Return the best `k` next tokens of new rows, equal ones by token, and their state."""
        with _Evaluating(self._model):
            scores, state = self._model.step(state, torch.from_numpy(parents), torch.from_numpy(tokens))
        k = min(k, self.size)
        # torch.topk says nothing about the order of equal scores
        order = np.argsort(-scores.numpy(), axis=1, kind="stable")[:, :k]
        return Candidates(order, np.take_along_axis(scores.numpy(), order, axis=1)), state

    def _check(self, sources: Sequence[Sequence[int]]) -> None:
        if not len(sources):
            raise InvalidInput("no sources to reply to")
        for number, source in enumerate(sources):
            if not len(source):
                raise InvalidInput(f"source {number} is empty")
            if any(not 0 <= token < self.size for token in source):
                raise InvalidInput(f"source {number} holds a token that is not from 0 to {self.size - 1}")


class _Evaluating:
    """Holds a network in the mode without dropout."""

    def __init__(self, model: Seq2Seq) -> None:
        self._model = model
        self._trained = model.training

    def __enter__(self) -> None:
        self._model.eval()

    def __exit__(self, *_: object) -> None:
        self._model.train(self._trained)


class Hypothesis(NamedTuple):
    """A reply, or the beginning of one. tokens: without begin symbol; score: the sum of their log-probabilities."""

    tokens: tuple[int, ...]
    score: float


def one_at_a_time(
    steps: StepFunction, source: Sequence[int], *, begin: int, end: int, width: int, longest: int
) -> list[Hypothesis]:
    """Search a beam as tutorials do, one hypothesis a call, which any faster search must equal; best reply first.

    Of all that may follow, the best `width` without the end symbol go on, and those of the best `width` that hold it
    are replies. The search ends when there are `width` of these; what has not ended by then, or after `longest` tokens,
    is cut and stands behind them.
    """
    live, ended = [(Hypothesis((), 0.0), steps.start([source]))], list[Hypothesis]()
    for _ in range(longest):
        grown = [one for hypothesis, state in live for one in _continuations(steps, hypothesis, state, begin, width)]
        grown.sort(key=lambda one: -one[0].score)
        ended += [hypothesis for hypothesis, _ in grown[:width] if hypothesis.tokens[-1] == end]
        live = [one for one in grown if one[0].tokens[-1] != end][:width]
        if len(ended) >= width or not live:
            break
    cut = [hypothesis for hypothesis, _ in live if hypothesis.tokens]
    return [*sorted(ended, key=lambda one: -one.score), *cut]


def _continuations(
    steps: StepFunction, hypothesis: Hypothesis, state: Any, begin: int, width: int
) -> list[tuple[Hypothesis, Any]]:
    last = np.array([*hypothesis.tokens[-1:], begin][:1], dtype=np.int64)
    # one more than go on, as one of them may be the end
    candidates, state = steps.step(state, np.zeros(1, dtype=np.int64), last, min(width + 1, steps.size))
    return [
        (Hypothesis((*hypothesis.tokens, int(token)), hypothesis.score + float(score)), state)
        for token, score in zip(candidates.tokens[0], candidates.scores[0], strict=True)
        if score > -np.inf
    ]
