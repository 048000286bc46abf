"""Pictures that come in: decoded, judged and embedded. Everything here blocks, and runs in a thread of Offload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from daemon.config import AssociationSection
from daemon.errors import InvalidInput
from daemon.services.association_vectors import QueryVectors

if TYPE_CHECKING:
    from daemon.services.association import Loaded

#: Quality below which a vector says nothing of a person.
_LEAST_QUALITY: Final = 0.1


def embedded(pictures: Sequence[bytes], loaded: Loaded, section: AssociationSection, *, by_face: bool) -> QueryVectors:
    """Return the vectors of pictures of one target. Raises InvalidInput naming every picture that cannot be used."""
    import numpy as np  # noqa: PLC0415 the base does without it

    crops = crops_of(pictures, section)
    judged(crops, loaded)
    body = loaded.body.embed(crops)
    face = _faces(crops, loaded) if by_face else []
    return QueryVectors(body, np.stack(face) if face else np.zeros((0, 0), np.float32))


def crops_of(
    pictures: Sequence[bytes], section: AssociationSection, box: tuple[float, float, float, float] | None = None
) -> list[Any]:
    """Return pictures decoded, and cut to a box. Raises InvalidInput naming every one that cannot be used."""
    from daemon.inference.association.pictures.crops import cut  # noqa: PLC0415 slow to import
    from daemon.inference.association.pictures.decoding import decode  # noqa: PLC0415 as above

    crops: list[Any] = []
    faults: list[tuple[str, str]] = []
    for number, content in enumerate(pictures):
        if len(content) > section.picture_limit:
            faults.append((f"picture.{number}", f"expected at most {section.picture_limit} bytes"))
            continue
        try:
            frame = decode(content, max_pixels=section.pixel_limit)
            crops.append(frame if box is None else cut(frame, box))
        except InvalidInput as exc:
            faults.append((f"picture.{number}", str(exc)))
    if faults:
        raise InvalidInput("pictures cannot be used", tuple(faults))
    return crops


def judged(crops: Sequence[Any], loaded: Loaded) -> list[float]:
    """Return the quality of crops, 0 to 1. Raises InvalidInput naming those that are too poor to tell a person."""
    quality = [float(value) for value in loaded.body.quality(crops)]
    faults = tuple(
        (f"picture.{number}", f"quality {value:.2f}: too dark, flat, small or blurred to tell anybody by")
        for number, value in enumerate(quality)
        if value < _LEAST_QUALITY
    )
    if faults:
        raise InvalidInput("pictures cannot be used", faults)
    return quality


def _faces(crops: Sequence[Any], loaded: Loaded) -> list[Any]:
    if loaded.face is None:
        return []
    found = []
    for crop in crops:
        try:
            found.append(loaded.face.embed([crop])[0])
        except InvalidInput:  # no face to be seen, or too small: the body speaks alone
            continue
    return found
