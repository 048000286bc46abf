"""The courses of two trainings of one recipe, side by side: whether a second one goes as the first did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat.serving.model_files import read_model
from daemon.inference.chat.training.packaging import LOG
from daemon.inference.chat.training.trainer import METRICS

#: What is compared, by the key of a line.
_COMPARED: Final = ("bits_per_token", "held_out_bits_per_token")

Curve = Mapping[int, Mapping[str, float]]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The greatest difference of a figure. steps: at which both tell it; step: at which it is; first, second: there."""

    figure: str
    steps: int
    step: int
    first: float
    second: float

    @property
    def size(self) -> float:
        """Return how far the two are apart, in bits."""
        return abs(self.first - self.second)


def read_curve(path: Path) -> Curve:
    """Return what was told at each step by a training's folder, its metrics file, or the model packaged from it.

    Raises UnreadableFile.
    """
    content = _content(path)
    curve: dict[int, dict[str, float]] = {}
    for number, line in enumerate(content.splitlines(), 1):
        try:
            told = msgspec.json.decode(line, type=dict[str, float | bool])
            curve.setdefault(int(told["step"]), {}).update(told)
        except (msgspec.DecodeError, KeyError) as problem:
            raise UnreadableFile(f"{path}, line {number}: not of the log of a training: {problem}") from problem
    return curve


def differences(first: Curve, second: Curve) -> list[Difference]:
    """Return the greatest difference of each figure that both tell. Raises InvalidInput where there is none."""
    found = [_greatest(figure, first, second) for figure in _COMPARED]
    if not any(found):
        raise InvalidInput("the two trainings tell of no step in common")
    return [one for one in found if one is not None]


def other_batches(first: Curve, second: Curve) -> int | None:
    """Return the first step up to which the two did not learn as many tokens, None where they did all the way.

    Batches are told by recipe, seed and data alone, whatever the processor.
    """
    steps = _common("tokens", first, second)
    return next((step for step in steps if first[step]["tokens"] != second[step]["tokens"]), None)


def _greatest(figure: str, first: Curve, second: Curve) -> Difference | None:
    told = [
        Difference(figure=figure, steps=0, step=step, first=first[step][figure], second=second[step][figure])
        for step in _common(figure, first, second)
    ]
    if not told:
        return None
    return msgspec.structs.replace(max(told, key=lambda one: one.size), steps=len(told))


def _common(figure: str, first: Curve, second: Curve) -> Iterable[int]:
    return sorted(step for step in first.keys() & second.keys() if figure in first[step] and figure in second[step])


def _content(path: Path) -> bytes:
    if path.is_dir() and (path / METRICS).is_file():
        path = path / METRICS
    if path.suffix == ".jsonl":
        try:
            return path.read_bytes()
        except OSError as problem:
            raise UnreadableFile(f"{path}: cannot be read: {problem.strerror}") from problem
    try:
        return read_model(path).contents[LOG]
    except KeyError as problem:
        raise UnreadableFile(f"{path}: there is no {LOG} in this model") from problem
