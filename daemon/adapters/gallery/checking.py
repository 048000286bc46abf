"""Sightings as they come in: what cannot be kept is told, the rest is brought to one form."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from daemon.ports.sightings import Detection, Sighting

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_NAME: Final = 512  # characters
WIDEST: Final = 1 << 16  # numbers in a vector
KINDS: Final = ("badge", "plate", "wifi")
#: How far apart numbers of a unit vector may be that fp16 and another machine's rounding made of one.
ROUNDING: Final = 2e-3


class Refused(Exception):
    """One sighting cannot be kept; says why."""


class Checked(NamedTuple):
    """A sighting in the form in which it is kept: time in UTC, unit vectors, no model where there is no vector."""

    detection: Detection
    body: NDArray[np.float16] | None
    face: NDArray[np.float16] | None

    def is_same(self, kept: Checked | Sighting) -> bool:
        """Tell whether something kept has this content."""
        return self.detection == kept.detection and _close(self.body, kept.body) and _close(self.face, kept.face)


def checked(sighting: Sighting, widths: Mapping[tuple[str, str], int]) -> Checked:
    """Return a sighting as it is kept. widths: of models that are known, by kind and name. Raises Refused."""
    one = sighting.detection
    _check(one)
    body = _vector("body", sighting.body, one.body_model, widths)
    face = _vector("face", sighting.face, one.face_model, widths)
    kept = replace(
        one,
        time=one.time.astimezone(UTC),
        body_model=one.body_model if body is not None else "",
        face_model=one.face_model if face is not None else "",
    )
    return Checked(kept, body, face)


def unit(vector: Any) -> NDArray[np.float16]:
    """Return a vector at unit length. Raises Refused for one that has no direction or is no vector."""
    try:
        given = np.asarray(vector)
        if given.dtype.kind not in "fiu":
            raise Refused(f"numbers of type {given.dtype}; expected float32")
        exact = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise Refused(f"not an array of numbers: {error}") from error
    if exact.ndim != 1 or not 0 < len(exact) <= WIDEST:
        raise Refused(f"shape {exact.shape}; expected one dimension, 1 to {WIDEST} numbers")
    largest = float(np.abs(exact).max())
    if not math.isfinite(largest):
        raise Refused("a number in it is not finite")
    if largest == 0:
        raise Refused("all zeros, which has no direction")
    exact /= largest
    return (exact / math.sqrt(exact.dot(exact))).astype(np.float16)


def _vector(
    kind: str, vector: Any, model: str, widths: Mapping[tuple[str, str], int]
) -> NDArray[np.float16] | None:  # fmt: skip
    if vector is None:
        return None
    if not model:
        raise Refused(f"{kind}: a vector without the id of the model that made it")
    try:
        found = unit(vector)
    except Refused as error:
        raise Refused(f"{kind}: {error}") from error
    width = widths.get((kind, model), len(found))
    if len(found) != width:
        raise Refused(f"{kind}: {len(found)} numbers; vectors of {model!r} have {width}")
    return found


def _check(one: Detection) -> None:
    for name, text in (("id", one.id), ("camera", one.camera)):
        if not text:
            raise Refused(f"{name}: empty")
    carried = () if one.carried is None else (("carried", one.carried.value),)
    for name, text in (
        ("id", one.id), ("camera", one.camera), ("track", one.track or ""), ("body_model", one.body_model),
        ("face_model", one.face_model), *carried,
    ):  # fmt: skip
        _check_text(name, text)
    if one.time.tzinfo is None:
        raise Refused("time: without a zone; expected UTC")
    if one.quality is not None and not 0 <= one.quality <= 1:
        raise Refused(f"quality: {one.quality}; expected 0 to 1")
    if one.direction_deg is not None and not math.isfinite(one.direction_deg):
        raise Refused(f"direction_deg: {one.direction_deg}; expected degrees from north")
    if one.box is not None:
        _check_box(one.box)
    if one.carried is not None and (one.carried.kind not in KINDS or not one.carried.value):
        raise Refused(f"carried: kind {one.carried.kind!r} with {one.carried.value!r}; kinds: {', '.join(KINDS)}")


def _check_text(name: str, text: str) -> None:
    if len(text) > LONGEST_NAME:
        raise Refused(f"{name}: {len(text)} characters; at most {LONGEST_NAME}")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise Refused(f"{name}: holds half a surrogate pair, which is no text")


def _check_box(box: Sequence[float]) -> None:
    if len(box) != 4 or not all(math.isfinite(number) for number in box):
        raise Refused(f"box: {tuple(box)}; expected left, top, width and height in pixels")
    if box[2] <= 0 or box[3] <= 0:
        raise Refused(f"box: {box[2]:g} wide and {box[3]:g} high; expected more than 0")


def _close(new: NDArray[np.float16] | None, kept: NDArray[Any] | None) -> bool:
    if new is None or kept is None:
        return new is None and kept is None
    return new.shape == kept.shape and bool(np.abs(new.astype(np.float32) - kept).max() <= ROUNDING)
