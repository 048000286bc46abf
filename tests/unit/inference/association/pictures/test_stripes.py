"""The stripe histogram: deterministic, and called what it is."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

pytest.importorskip("numpy")

from daemon.inference.association.pictures.self_check import drawn_figures
from daemon.inference.association.pictures.stripes import StripeHistogram

#: Where a vector is greater than .2, and how great.
PINNED: Final = {3: 0.3078, 45: 0.2041, 60: 0.2032, 72: 0.2317, 102: 0.2066, 114: 0.2438, 129: 0.2298, 171: 0.2451,
                 194: 0.2113, 213: 0.2766}  # fmt: skip


def figure(shirt: tuple[int, int, int], trousers: tuple[int, int, int]) -> np.ndarray:
    crop = np.full((128, 64, 3), 128, np.uint8)
    crop[20:70, 16:48], crop[70:, 16:48] = shirt, trousers
    return crop


def test_its_id_says_what_it_is_for() -> None:
    assert StripeHistogram().model_id == "stripe-histogram-for-trying-out-1"


def test_a_picture_has_always_the_same_vector() -> None:
    """Pinned: a gallery that was embedded before an upgrade is compared with a query from after it."""
    vector = StripeHistogram().embed(drawn_figures()[:1])[0]
    assert {int(place): float(vector[place]) for place in np.flatnonzero(vector > 0.2)} == pytest.approx(
        PINNED, abs=1e-4
    )


def test_clothes_count_and_where_they_are_worn() -> None:
    red_blue, also, blue_red, green_black = StripeHistogram().embed(
        [
            figure((200, 20, 20), (20, 20, 200)), figure((205, 25, 22), (25, 22, 190)),
            figure((20, 20, 200), (200, 20, 20)), figure((20, 160, 20), (10, 10, 10)),
        ]
    )  # fmt: skip
    assert red_blue @ also > 0.9
    assert red_blue @ also > red_blue @ blue_red + 0.2
    assert red_blue @ also > red_blue @ green_black + 0.2


def test_how_large_a_picture_is_hardly_counts() -> None:
    crop = figure((200, 20, 20), (20, 20, 200))
    small, large = StripeHistogram().embed([crop[::2, ::2], crop.repeat(3, 0).repeat(3, 1)])
    assert small @ large > 0.97


def test_a_single_pixel_has_a_vector_too() -> None:
    assert float(np.linalg.norm(StripeHistogram().embed([np.zeros((1, 1, 3), np.uint8)]))) == pytest.approx(1)
