"""All that was learnt of a site for one pair of models, as arrays over the numbers of its cameras."""

from __future__ import annotations

import io
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, get_type_hints

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import InvalidInput
from daemon.inference.association.network.clocks import Clocks
from daemon.inference.association.network.street_plan import StreetPlan
from daemon.inference.association.network.transit_times import TransitTimes
from daemon.inference.association.network.turns import Turns

_FORMAT = "zhiban association site"
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How targets move in one direction of time."""

    plan: StreetPlan
    times: TransitTimes
    turns: Turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """How vectors compare. body_mean, face_mean: float32 (cameras, d); body, face: tables of likelihood.learnt."""

    body_mean: NDArray[np.float32]
    face_mean: NDArray[np.float32]
    body: NDArray[np.float32]
    face: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What a search states against what came true. hops: (k, 2), posterior stated and share that was right, rising.

    unexplored: factor on the odds of what is stated to be unexplored.
    """

    hops: NDArray[np.float64]
    unexplored: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteModel:
    """What was learnt. rate: float64 (cameras, 24), detections a second at each hour of the day (UTC).

    repeats: share of detections that the same camera has another picture of within seconds, of no common track.
    """

    cameras: tuple[str, ...]
    clocks: Clocks
    forwards: Course
    backwards: Course
    rate: NDArray[np.float64]
    appearance: Appearance
    calibration: Calibration
    passages: int = 0
    repeats: float = 0.0

    def to_bytes(self) -> bytes:
        """Return it as a zip of arrays."""
        arrays: dict[str, NDArray[Any]] = {}
        plain: dict[str, Any] = {"format": _FORMAT, "version": _VERSION}
        _flatten("", self, arrays, plain)
        content = io.BytesIO()
        np.savez_compressed(
            content, allow_pickle=False, **{"plain.json": np.frombuffer(msgspec.json.encode(plain), np.uint8)}, **arrays
        )
        return content.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> SiteModel:
        """Read it back. Raises InvalidInput for what is none, is broken, or was written by a later version."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            plain = msgspec.json.decode(arrays.pop("plain.json").tobytes())
            form, version = plain["format"], plain["version"]
            model: SiteModel | None = (
                _rebuilt("", cls, arrays, plain) if (form, version) == (_FORMAT, _VERSION) else None
            )
        except Exception as error:
            raise InvalidInput(
                f"this is no site model: {error}; expected what `zhiban association learn` wrote"
            ) from error
        if model is None:
            raise InvalidInput(f"this is {form!r} of version {version}, expected {_FORMAT!r} of version {_VERSION}")
        return model


def _flatten(path: str, thing: Any, arrays: dict[str, NDArray[Any]], plain: dict[str, Any]) -> None:
    for field in fields(thing):
        name, value = f"{path}{field.name}", getattr(thing, field.name)
        if is_dataclass(value):
            _flatten(f"{name}.", value, arrays, plain)
        elif isinstance(value, np.ndarray):
            arrays[name] = value
        else:
            plain[name] = value


def _rebuilt(path: str, kind: Any, arrays: dict[str, NDArray[Any]], plain: dict[str, Any]) -> Any:
    values: dict[str, Any] = {}
    hints = get_type_hints(kind)
    for field in fields(kind):
        name = f"{path}{field.name}"
        if is_dataclass(hints[field.name]):
            values[field.name] = _rebuilt(f"{name}.", hints[field.name], arrays, plain)
        elif name in arrays:
            values[field.name] = arrays[name]
        else:
            value = plain.get(name, field.default)
            if value is MISSING:
                raise KeyError(name)
            values[field.name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)
