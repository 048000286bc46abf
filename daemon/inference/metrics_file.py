"""The metrics of a training, a JSON object a line."""

from __future__ import annotations

from pathlib import Path

import msgspec

from daemon.inference.checkpoints import replace_file, with_room


class MetricsFile:
    """A file that is written on. What it holds from after the step that a training goes on from is taken back.

    step, evaluated: the last step, and the last evaluation, that a checkpoint knows of; what is told of an evaluation
    begins with "held_out".
    """

    def __init__(self, path: Path, step: int, evaluated: int) -> None:
        self._path = path
        kept = [line for line in _lines(path) if _is_known(line, step, evaluated)]
        replace_file(path, b"".join(kept))

    def write(self, **metrics: float | bool) -> None:
        """Write a line. Raises StoreFull."""
        with with_room(self._path), self._path.open("ab") as file:
            file.write(msgspec.json.encode(metrics) + b"\n")


def read_metrics(path: Path) -> list[dict[str, float | bool]]:
    """Return the lines of a file, [] where there is none."""
    return [msgspec.json.decode(line) for line in _lines(path)]


def _lines(path: Path) -> list[bytes]:
    """Return the whole lines: the last one may have been broken off."""
    if not path.is_file():
        return []
    return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"}\n")]


def _is_known(line: bytes, step: int, evaluated: int) -> bool:
    try:
        metrics = msgspec.json.decode(line, type=dict[str, float | bool])
    except msgspec.DecodeError:
        return False
    return metrics.get("step", 0) <= (evaluated if any(name.startswith("held_out") for name in metrics) else step)
