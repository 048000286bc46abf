"""Vectors of simulated people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from daemon.errors import InvalidInput
from daemon.inference.association.folders.appearance import FACES, Appearance, AppearanceSettings, Pictures, draw_scales
from daemon.inference.association.folders.chance import Stream
from tests.unit.inference.association.folders.market_protocol import retrieve

BODIES = AppearanceSettings()


def pictures(people: int, each: int, cameras: int = 9, settings: AppearanceSettings = BODIES) -> Pictures:
    """Make pictures of people, each seen so often at cameras by turns."""
    persons = np.repeat(np.arange(people, dtype=np.int32), each)
    seen_at = np.arange(len(persons), dtype=np.int32) % cameras
    return Pictures(persons, seen_at, draw_scales(settings, len(persons), np.random.default_rng(3)))


def appearance(people: int, settings: AppearanceSettings = BODIES, seed: int = 1) -> Appearance:
    return Appearance(settings, people, 9, seed, Stream.BODY)


def test_the_protocol_of_market_1501_gives_the_published_figures_on_some_of_its_queries() -> None:
    found = retrieve(BODIES, seed=1, queries=600)
    assert found.rank1 == pytest.approx(0.954, abs=0.02)
    assert found.mean_ap == pytest.approx(0.832, abs=0.025)


def test_more_noise_is_worse_by_that_protocol() -> None:
    usual, noisy = (retrieve(settings, seed=1, queries=300) for settings in (BODIES, replace(BODIES, noise=0.9)))
    assert noisy.rank1 < usual.rank1 - 0.02
    assert noisy.mean_ap < usual.mean_ap - 0.06


@pytest.mark.slow
def test_the_whole_protocol_of_market_1501_gives_the_published_figures_for_three_seeds() -> None:
    found = np.array([retrieve(BODIES, seed) for seed in (1, 2, 3)])
    assert np.abs(found[:, 0] - 0.954).max() < 0.008
    assert np.abs(found[:, 1] - 0.832).max() < 0.015


@pytest.mark.slow
def test_one_scale_of_noise_fits_rank_1_but_not_the_mean_average_precision() -> None:
    found = retrieve(replace(BODIES, noise=0.98, noise_deviation=0.0), seed=1)
    assert found.rank1 == pytest.approx(0.954, abs=0.01)
    assert found.mean_ap < 0.80


@pytest.mark.parametrize("width", [2, 17, 64, 512])
def test_vectors_have_the_width_that_is_asked_for_and_unit_length(width: int) -> None:
    made = appearance(40, replace(BODIES, width=width)).vectors(pictures(40, 3))
    assert made.shape == (120, width)
    assert made.dtype == np.float16
    assert np.linalg.norm(made.astype(np.float64), axis=1) == pytest.approx(np.ones(120), abs=2e-3)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others() -> None:
    some = pictures(40, 3)
    first, again, other = (appearance(40, seed=seed).vectors(some) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


def test_blocks_are_the_vectors_in_order() -> None:
    few = appearance(300, replace(BODIES, width=4_096))
    some = pictures(300, 8)
    blocks = list(few.blocks(some))
    assert len(blocks) == 3
    assert np.array_equal(np.concatenate(blocks), few.vectors(some))


def test_look_alikes_look_more_alike_than_others_do() -> None:
    clear = replace(BODIES, noise=0.0, camera_bias=0.0, look_alikes=2, width=512)
    cosines = _cosines(appearance(60, clear).vectors(pictures(60, 1, settings=clear)))
    between = cosines[np.tril_indices(60, -1)]
    alike = between > 0.15
    assert 0.4 < alike.mean() < 0.6
    assert between[alike].mean() == pytest.approx(0.3, abs=0.03)
    assert between[~alike].mean() == pytest.approx(0.0, abs=0.03)


def test_one_camera_makes_two_people_a_little_more_alike() -> None:
    clear = replace(BODIES, noise=0.0, camera_bias=1.0, look_alikes=1, alike=0.0, width=512)
    made = appearance(90, clear).vectors(pictures(90, 1, settings=clear))
    cosines = _cosines(made)
    same = (np.arange(90)[:, None] - np.arange(90)) % 9 == 0
    apart = ~np.eye(90, dtype=bool)
    assert cosines[same & apart].mean() == pytest.approx(0.5, abs=0.05)
    assert cosines[~same].mean() == pytest.approx(0.0, abs=0.02)


def test_pictures_of_one_passage_are_more_alike_than_those_of_two() -> None:
    some = pictures(200, 4, cameras=1)
    passages = np.arange(800) // 2
    made = appearance(200).vectors(some._replace(passages=passages)).astype(np.float64).reshape(200, 4, 64)
    within = (made[:, 0] * made[:, 1]).sum(axis=1).mean()
    across = (made[:, 1] * made[:, 2]).sum(axis=1).mean()
    assert within > across + 0.1


def test_faces_have_less_noise_and_no_look_alikes() -> None:
    made = Appearance(FACES, 400, 9, 1, Stream.FACE).vectors(pictures(400, 2, settings=FACES)).astype(np.float64)
    same = (made[::2] * made[1::2]).sum(axis=1)
    others = (made[:-2:2] * made[2::2]).sum(axis=1)
    assert same.mean() == pytest.approx(0.714, abs=0.02)
    assert others.mean() == pytest.approx(0.0, abs=0.03)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", 1),
        ("noise", -1.0),
        ("noise", float("inf")),
        ("alike", 1.1),
        ("look_alikes", 0),
        ("repeat_alike", -0.1),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidInput, match=rf"{name}: .*; expected "):
        replace(BODIES, **{name: value})


def _cosines(vectors: np.ndarray) -> np.ndarray:
    wide = vectors.astype(np.float64)
    return wide @ wide.T
