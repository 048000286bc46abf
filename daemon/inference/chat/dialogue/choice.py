"""Which of the replies that could be given is given: the one that is most likely good."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from daemon.inference.chat.dialogue.cues import plain
from daemon.inference.chat.replies import Candidate

_FILE: Final = Path(__file__).parent / "choice.toml"
_STEEPEST: Final = 60.0


class Scale(msgspec.Struct, frozen=True):
    """How good a reply is by its speaker's own score, by logistic calibration (Platt 1999)."""

    slope: float
    offset: float

    def goodness(self, score: float) -> float:
        """Return the probability that a reply of a score is good; 0 for a score that is no number."""
        if math.isnan(score):
            return 0.0
        at = max(-_STEEPEST, min(_STEEPEST, self.slope * score + self.offset))
        return 1.0 / (1.0 + math.exp(-at))


class Choice(msgspec.Struct, frozen=True):
    """The choice between speakers. threshold: below this goodness nobody speaks; scales: by speaker."""

    threshold: float
    scales: Mapping[str, Scale]

    @classmethod
    def read(cls, path: Path = _FILE) -> Self:
        """Read it from a file."""
        with path.open("rb") as file:
            content: dict[str, Any] = tomllib.load(file)
        threshold = float(content.pop("threshold"))
        return cls(threshold, {name: Scale(**row) for name, row in content.items()})

    def ranked(self, candidates: Iterable[Candidate]) -> list[tuple[float, Candidate]]:
        """Return candidates with their goodness, best first; a speaker without a scale has none."""
        rated = [(self._goodness(candidate), candidate) for candidate in candidates]
        return sorted(rated, key=lambda pair: -pair[0])

    def best(self, candidates: Iterable[Candidate], fits: Callable[[str], bool]) -> Candidate | None:
        """Return the best candidate whose text fits and that is good enough, None where there is none."""
        for goodness, candidate in self.ranked(candidates):
            if goodness < self.threshold:
                return None
            if plain(candidate.text) and fits(candidate.text):
                return candidate
        return None

    def _goodness(self, candidate: Candidate) -> float:
        scale = self.scales.get(candidate.speaker)
        return scale.goodness(candidate.score) if scale else 0.0
