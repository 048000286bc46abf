"""Quality: what shows nobody is told by its picture, for its vector looks like any other."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.quality import LEAST, quality
from daemon.inference.association.pictures.self_check import drawn_figures


def one(crop: np.ndarray) -> float:
    return float(quality([crop])[0])


@pytest.fixture
def figure() -> np.ndarray:
    return drawn_figures()[0]


def blurred(crop: np.ndarray, radius: float) -> np.ndarray:
    return np.asarray(Image.fromarray(crop).filter(ImageFilter.GaussianBlur(radius)))


@pytest.mark.parametrize("level", [0, 4, 128, 255])
@pytest.mark.parametrize("size", [(256, 128), (64, 32), (1, 1), (2000, 3)])
def test_a_flat_picture_is_worth_nothing(level: int, size: tuple[int, int]) -> None:
    """A black crop has a cosine of .34 to .5 with people, which no threshold could tell from a poor view."""
    assert one(np.full((*size, 3), level, np.uint8)) == 0


def test_nearly_black_is_not_worth_keeping(figure: np.ndarray) -> None:
    assert one((figure // 24).astype(np.uint8)) < LEAST
    assert one((figure // 4).astype(np.uint8)) > LEAST


def test_a_good_view_is_worth_much(figure: np.ndarray) -> None:
    assert one(figure) > 0.6
    assert one(figure.repeat(4, 0).repeat(4, 1)) > LEAST


def test_it_falls_as_a_picture_shrinks(figure: np.ndarray) -> None:
    values = [
        one(np.asarray(Image.fromarray(figure).resize(size))) for size in ((64, 128), (28, 64), (12, 24), (6, 12))
    ]
    assert values == sorted(values, reverse=True)
    assert values[1] > 0.25
    assert values[-1] < LEAST


def test_it_falls_as_a_picture_blurs(figure: np.ndarray) -> None:
    values = [one(blurred(figure, radius)) for radius in (0, 1, 2, 4, 12)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < LEAST


def test_a_crop_of_one_line_and_an_empty_list_have_an_answer() -> None:
    chance = np.random.default_rng(0)
    assert one(chance.integers(0, 256, (1, 300, 3), np.uint8)) == 0
    assert quality([]).shape == (0,)


def test_what_is_no_picture_is_named() -> None:
    with pytest.raises(InvalidInput, match="crop 1 is"):
        quality([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8)])
