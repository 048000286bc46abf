"""The check at the start: each way of being wrong is told apart from the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.quality import LEAST
from daemon.inference.association.pictures.self_check import drawn_figures, self_check
from daemon.inference.association.pictures.stripes import StripeHistogram

Vectors = NDArray[Any]


class Changed(StripeHistogram):
    """One whose vectors are changed on the way out."""

    def __init__(self, after: Callable[[Vectors], Vectors]) -> None:
        super().__init__()
        self.after = after

    def embed(self, crops: Sequence[Any]) -> Vectors:
        return self.after(super().embed(crops))


class Forgetful(StripeHistogram):
    """One that draws a part of each vector by chance."""

    def __init__(self) -> None:
        super().__init__()
        self.chance = np.random.default_rng(0)

    def embed(self, crops: Sequence[Any]) -> Vectors:
        return turned(super().embed(crops) + self.chance.normal(0, 0.01, (len(crops), self.width)))


def turned(vectors: Vectors) -> Vectors:
    found: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return found


class ColourBlind(StripeHistogram):
    """One to which red is as good as blue."""

    def embed(self, crops: Sequence[Any]) -> Vectors:
        swapped = [np.ascontiguousarray(crop[:, :, ::-1]) for crop in crops]
        return turned(super().embed(crops) + super().embed(swapped))


WRONG: dict[str, tuple[StripeHistogram, str]] = {
    "not of length 1": (Changed(lambda v: v * 27), "27 to 27 long, and must be of length 1"),
    "not finite": (Changed(lambda v: v * np.float32(np.nan)), "must be of length 1"),
    "of another width": (Changed(lambda v: v[:, 1:]), r"float32 \[4, 251\], and must be float32 \[4, 252\]"),
    "double": (Changed(lambda v: v.astype(np.float64)), "float64"),
    "all alike": (Changed(lambda v: turned(v + 1)), "never trained, or pictures are scaled twice"),
    "by chance": (Forgetful(), "other vectors the second time"),
    "by the batch": (Changed(lambda v: turned(v - 0.5 * v.mean(0))), "alone has another vector than in a batch"),
    "blind to colours": (ColourBlind(), "red and blue swapped make no difference"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told(what: str) -> None:
    embedder, told = WRONG[what]
    with pytest.raises(InvalidInput, match=told) as refused:
        self_check(embedder)
    assert embedder.model_id in str(refused.value)


def test_a_right_one_is_let_through() -> None:
    self_check(StripeHistogram())


def test_the_figures_are_always_the_same_and_worth_embedding() -> None:
    for one, again in zip(drawn_figures(), drawn_figures(), strict=True):
        np.testing.assert_array_equal(one, again)
    assert (StripeHistogram().quality(drawn_figures()) > 5 * LEAST).all()
