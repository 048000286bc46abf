"""Whether an embedder does what one must, found out before it is used: no error tells of wrong weights or scaling.

Such embedders give vectors of the right length, which compare as if all people were one: the searches would just find
nothing, or anybody.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.preparation import Crop
from daemon.ports.sightings import Embedder

_HEIGHT, _WIDTH = 128, 64
#: Shirts and trousers about as bright as each other: a network that was never trained tells light from dark alone.
_CLOTHES: Final = (
    ((205, 60, 50), (40, 60, 140)),
    ((60, 150, 60), (150, 110, 70)),
    ((60, 90, 210), (90, 90, 90)),
    ((200, 170, 50), (120, 50, 110)),
)
_BACKGROUND: Final = 140.0
_ALIKE: Final = 0.95  # cosine: untrained networks, and pictures that were scaled twice, give more
_SAME: Final = 1e-3  # greatest difference of two vectors of one picture
_SWAPPED: Final = 1e-3  # least difference after red and blue were swapped


def self_check(embedder: Embedder) -> None:
    """Try an embedder on drawn figures. Raises InvalidInput that says what is wrong, and what that may come from."""
    figures = drawn_figures()
    vectors = embedder.embed(figures)
    for told in (
        _wrong_form(embedder, vectors, len(figures)),
        _alike(vectors),
        _unsteady(embedder, figures, vectors),
        _colour_blind(embedder, figures, vectors),
    ):
        if told:
            raise InvalidInput(f"{embedder.model_id} cannot be used: {told}")


def drawn_figures() -> list[Crop]:
    """Return pictures of figures in different clothes, always the same."""
    return [_drawn(number, *colours) for number, colours in enumerate(_CLOTHES)]


def _drawn(number: int, shirt: Any, trousers: Any) -> Crop:
    rows, columns = np.mgrid[:_HEIGHT, :_WIDTH]
    middle = np.abs(columns - _WIDTH / 2)
    picture = np.full((_HEIGHT, _WIDTH, 3), _BACKGROUND)
    parts = (
        ((rows - 18) ** 2 + (columns - _WIDTH / 2) ** 2 < 81, (205, 165, 140)),
        ((rows >= 27) & (rows < 70) & (middle < 15), shirt),
        ((rows >= 70) & (rows < 120) & (middle > 2) & (middle < 12), trousers),
    )
    for place, colour in parts:
        picture[place] = colour
    if number % 2:  # a pattern, as clothes have one
        picture[parts[1][0] & (rows // 5 % 2 == 0)] *= 0.6
    noise = np.random.default_rng(number).normal(0, 6, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _wrong_form(embedder: Embedder, vectors: NDArray[np.float32], count: int) -> str:
    if vectors.shape != (count, embedder.width) or vectors.dtype != np.float32:
        found = f"{vectors.dtype} {list(vectors.shape)}"
        return f"its vectors are {found}, and must be float32 {[count, embedder.width]}"
    lengths = np.linalg.norm(vectors, axis=1)
    if not (np.abs(lengths - 1) <= _SAME).all():
        return f"its vectors are {lengths.min():.4g} to {lengths.max():.4g} long, and must be of length 1"
    return ""


def _alike(vectors: NDArray[np.float32]) -> str:
    cosines = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    if (least := float(cosines.min())) <= _ALIKE:
        return ""
    causes = "its weights were never trained, or pictures are scaled twice: compare scale, mean and std of the manifest"
    return f"figures in different clothes have cosines from {least:.4f} up; {causes}"


def _unsteady(embedder: Embedder, figures: list[Crop], vectors: NDArray[np.float32]) -> str:
    if np.abs(embedder.embed(figures) - vectors).max() > _SAME:
        return "the same pictures have other vectors the second time"
    alone = np.concatenate([embedder.embed([figure]) for figure in figures])
    if np.abs(alone - vectors).max() > _SAME:
        return "a picture alone has another vector than in a batch"
    return ""


def _colour_blind(embedder: Embedder, figures: list[Crop], vectors: NDArray[np.float32]) -> str:
    swapped = embedder.embed([np.ascontiguousarray(figure[:, :, ::-1]) for figure in figures])
    if np.abs(swapped - vectors).max() < _SWAPPED:
        return "red and blue swapped make no difference to it, so that colours of clothes do not count"
    return ""
