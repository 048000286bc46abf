"""What beam search asks of a model, and all that it knows of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float32]
Sums: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


class Candidates(NamedTuple):
    """The best next tokens of each row, best first. tokens, scores: [rows, k]; scores are log-probabilities."""

    tokens: Ints
    scores: Floats


class StepFunction(Protocol):
    """A model that goes on from rows of tokens. A state is its own, and never changed by it once it was returned."""

    @property
    def size(self) -> int:
        """Return how many tokens there are."""

    def start(self, sources: Sequence[Sequence[int]]) -> Any:
        """Return the state of one row for each source, before its first token."""

    def step(self, state: Any, parents: Ints, tokens: Ints, k: int) -> tuple[Candidates, Any]:
        """Return the best `k` next tokens of new rows, and their state.

        parents: [rows] int64, the row of `state` that each new row goes on from, several or none for each. tokens:
        [rows] int64, the last token of each new row. A row's answer depends on nothing but its own source and tokens.
        """


@runtime_checkable
class JoiningSteps(StepFunction, Protocol):
    """A model whose rows may come from several starts. Without it each start is asked in calls of its own."""

    def join(self, first: Any, second: Any) -> Any:
        """Return the state of the rows of `first` and, after them, those of `second`."""
