"""Boxes of every kind that trackers write, cut out or refused with the reason."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.crops import cut, cut_good


@pytest.fixture
def frame() -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:100, :80]
    return np.stack([rows, columns, rows * 0], axis=2).astype(np.uint8)


def test_a_box_inside_is_cut_to_the_pixel(frame: NDArray[np.uint8]) -> None:
    crop = cut(frame, (10, 20, 30, 40))
    assert crop.shape == (40, 30, 3)
    assert crop[0, 0].tolist() == [20, 10, 0]
    assert crop[-1, -1].tolist() == [59, 39, 0]


def test_a_crop_keeps_no_frame_in_memory(frame: NDArray[np.uint8]) -> None:
    crop = cut(frame, (10, 20, 30, 40))
    assert crop.base is None
    assert crop.flags.c_contiguous


def test_parts_of_pixels_are_taken_in(frame: NDArray[np.uint8]) -> None:
    assert cut(frame, (10.6, 20.2, 29.0, 39.9)).shape == (41, 30, 3)


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        ((-10, 20, 30, 40), (40, 20, 3)),
        ((10, -15, 30, 40), (25, 30, 3)),
        ((60, 20, 30, 40), (40, 20, 3)),
        ((10, 80, 30, 40), (20, 30, 3)),
        ((-20, -20, 140, 160), (100, 80, 3)),
    ],
)
def test_a_box_partly_outside_is_clipped(frame: NDArray[np.uint8], box: Any, shape: Any) -> None:
    assert cut(frame, box).shape == shape


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((200, 20, 30, 40), "outside the frame of 80 x 100"),
        ((-50, 20, 30, 40), "outside"),
        ((10, -41, 30, 40), "outside"),
        ((80, 20, 30, 40), "outside"),
        ((-25, 20, 30, 40), "only 17%"),
        ((70, 90, 40, 60), "only 4%"),
        ((10, 20, 0, 40), "empty"),
        ((10, 20, 30, 0), "empty"),
        ((40, 60, -30, -40), "swapped"),
        ((10, 20, 30, -40), "swapped"),
        ((math.nan, 20, 30, 40), "not finite"),
        ((10, 20, math.inf, 40), "not finite"),
        ((-math.inf, 20, 30, 40), "not finite"),
        ((10, 20, 7, 40), "shows 7 x 40 pixels"),
        ((10, 20, 30, 15), "shows 30 x 15 pixels"),
        ((0.1, 0.2, 0.3, 0.4), "pixels are wanted"),
        ((10, 20, 30), "four numbers"),
        ((10, 20, 30, 40, 1), "four numbers"),
        (("10", 20, 30, 40), "four numbers"),
        ((1e308, 1e308, 1e308, 1e308), "no place in a frame"),
    ],
)
def test_a_box_that_is_none_is_refused_with_the_reason(frame: NDArray[np.uint8], box: Any, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        cut(frame, box)


def test_quality_decides_what_is_kept(frame: NDArray[np.uint8]) -> None:
    def grade(crops: Any) -> NDArray[np.float32]:
        return np.array([crops[0].shape[0] / 100], np.float32)

    _, worth = cut_good(frame, (10, 20, 30, 40), grade=grade, least=0.3)
    assert worth == pytest.approx(0.4)
    with pytest.raises(InvalidInput, match=r"quality is 0.20, below 0.3"):
        cut_good(frame, (10, 20, 30, 20), grade=grade, least=0.3)


def test_a_flat_crop_is_refused(frame: NDArray[np.uint8]) -> None:
    with pytest.raises(InvalidInput, match=r"quality is 0.00"):
        cut_good(np.full_like(frame, 9), (10, 20, 30, 40))


def test_a_quality_that_is_no_number_is_refused(frame: NDArray[np.uint8]) -> None:
    with pytest.raises(InvalidInput, match=r"quality is nan"):
        cut_good(frame, (10, 20, 30, 40), grade=lambda _: np.array([np.nan], np.float32))
