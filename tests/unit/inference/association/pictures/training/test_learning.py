"""Batches, variations, losses and measures, one by one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.preparation import unit
from daemon.inference.association.pictures.training.augmentation import erase, varied
from daemon.inference.association.pictures.training.calibrating import calibration_of, fit
from daemon.inference.association.pictures.training.losses import batch_hard_triplet, batch_loss
from daemon.inference.association.pictures.training.recipe import Augmentation, Preparing, Recipe
from daemon.inference.association.pictures.training.retrieval import retrieval
from daemon.inference.association.pictures.training.sampler import batches
from daemon.inference.association.pictures.training.trainer import rate_at
from tests.unit.inference.association.pictures.network_kit import crops


@given(
    counts=st.lists(st.integers(1, 9), min_size=1, max_size=9), people=st.integers(1, 5), pictures=st.integers(1, 4),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_a_batch_has_so_many_pictures_of_so_many_people(
    counts: list[int], people: int, pictures: int, seed: int
) -> None:
    identities = np.repeat(np.arange(len(counts)), counts)
    found = batches(identities, people, pictures, (seed,))
    assert found
    for batch in found:
        assert Counter(Counter(identities[batch].tolist()).values()) == {pictures: min(people, len(counts))}
    used = Counter(np.concatenate(found).tolist())
    assert all(times == 1 or counts[identities[one]] < pictures for one, times in used.items())


def test_batches_are_the_same_for_a_seed_and_others_for_another() -> None:
    identities = np.repeat(np.arange(9), 5)
    once, again, other = (np.concatenate(batches(identities, 3, 2, (1, epoch))) for epoch in (4, 4, 5))
    np.testing.assert_array_equal(once, again)
    assert once.tolist() != other.tolist()
    assert len(set(once.tolist())) == 36  # two groups of two of each of nine people


def test_a_few_people_with_many_pictures_are_not_left_over_alone() -> None:
    identities = np.repeat(np.arange(6), [40, 4, 4, 4, 40, 40])
    assert sum(map(len, batches(identities, 3, 4, (1,)))) >= 120


def test_a_crop_is_varied_alike_for_a_seed_and_keeps_its_size() -> None:
    crop = crops(1, size=(64, 32))[0]
    how = Augmentation()
    one, again, other = (varied(crop, how, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert one.shape == crop.shape
    assert one.dtype == np.uint8
    assert not np.array_equal(one, other)


def test_nothing_is_varied_where_nothing_is_asked_for() -> None:
    crop = crops(1)[0]
    np.testing.assert_array_equal(varied(crop, Augmentation(flip=0, shift=0, light=0), np.random.default_rng(0)), crop)
    mirrored = varied(crop, Augmentation(flip=1, shift=0, light=0), np.random.default_rng(0))
    np.testing.assert_array_equal(mirrored, crop[:, ::-1])


def test_a_rectangle_is_erased_as_often_and_as_large_as_told() -> None:
    shares = []
    for seed in range(300):
        picture = np.ones((3, 64, 32), np.float32)
        erase(picture, 0.5, np.random.default_rng(seed))
        hidden = picture[0] == 0
        shares.append(hidden.mean())
        if hidden.any():
            rows, columns = np.flatnonzero(hidden.any(1)), np.flatnonzero(hidden.any(0))
            assert hidden.sum() == len(rows) * len(columns)
            assert (picture == picture[0]).all()
    erased = np.array([share for share in shares if share])
    assert 0.4 < len(erased) / 300 < 0.6
    assert erased.min() > 0.01
    assert 0.35 < erased.max() < 0.45


def test_the_triplet_loss_is_of_the_hardest_pairs() -> None:
    angles = torch.tensor([0.0, 0.2, 0.5, 1.2])
    vectors = torch.stack([angles.cos(), angles.sin()], 1)
    people = torch.tensor([0, 0, 1, 1])

    def apart(one: float, other: float) -> float:
        return 2 * float(np.sin(abs(one - other) / 2))

    hardest = [
        apart(0, 0.2) - apart(0, 0.5), apart(0.2, 0) - apart(0.2, 0.5), apart(0.5, 1.2) - apart(0.5, 0.2),
        apart(1.2, 0.5) - apart(1.2, 0.2),
    ]  # fmt: skip
    expected = float(np.mean([max(0.0, 0.3 + one) for one in hardest]))
    assert float(batch_hard_triplet(vectors, people, 0.3)) == pytest.approx(expected, abs=1e-6)


def test_the_same_picture_twice_leaves_the_slope_finite() -> None:
    vectors = torch.nn.functional.normalize(torch.rand(3, 8))[[0, 0, 1, 2]].requires_grad_()
    batch_hard_triplet(vectors, torch.tensor([0, 0, 1, 1]), 0.3).backward()  # type: ignore[no-untyped-call] # torch names no types here
    assert vectors.grad is not None
    assert bool(vectors.grad.isfinite().all())


def test_labels_are_smoothed() -> None:
    scores = torch.tensor([[8.0, 0.0, 0.0]])
    found = batch_loss(torch.ones(1, 4), scores, torch.tensor([0]), smoothing=0.3, margin=0.3)
    logs = scores.log_softmax(1)[0]
    assert float(found.identity) == pytest.approx(float(-(0.8 * logs[0] + 0.1 * logs[1] + 0.1 * logs[2])))
    assert float(found.right) == 1


def test_rank_1_and_average_precision_are_those_of_the_books() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0.9, 0.436], [0.6, 0.8]], np.float32)
    found = retrieval(vectors, np.array([0, 0, 1, 1]), np.full(4, -1))
    # findings in order of cosine: 0: [2, 1*, 3]; 1: [2, 3, 0*]; 2: [1, 0, 3*]; 3: [1, 2*, 0]
    assert found.rank1 == 0
    assert found.mean_ap == pytest.approx((1 / 2 + 1 / 3 + 1 / 3 + 1 / 2) / 4)
    assert found.queries == 4


def test_a_persons_pictures_by_the_querys_own_camera_are_left_out() -> None:
    vectors = np.array([[1, 0], [1, 0], [0.8, 0.6], [0.9, 0.436]], np.float32)
    people, cameras = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 0])
    assert retrieval(vectors, people, cameras).rank1 < retrieval(vectors, people, np.full(4, -1)).rank1
    assert retrieval(vectors, np.arange(4), cameras) == (0, 0, 0)


def test_the_rate_rises_and_falls_along_half_a_cosine() -> None:
    rates = [rate_at(step, 100, 10, 2.0) for step in range(1, 101)]
    assert rates[:10] == pytest.approx([0.2 * step for step in range(1, 11)])
    assert rates[10] == pytest.approx(2.0)
    assert rates[55] == pytest.approx(1.0)
    assert rates[-1] < 0.01
    assert rate_at(1, 3, 0, 2.0) == 2.0


def normal_llr(cosines: np.ndarray) -> np.ndarray:
    """Of the distributions below."""
    found: np.ndarray = (cosines - 0.3) ** 2 / (2 * 0.15**2) - (cosines - 0.75) ** 2 / (2 * 0.1**2) + np.log(1.5)
    return found


def test_a_calibration_gives_the_true_ratio_of_the_pairs_it_was_fitted_to() -> None:
    chance = np.random.default_rng(1)
    found = fit(chance.normal(0.75, 0.1, 4000), chance.normal(0.3, 0.15, 60_000))
    places = np.linspace(0.45, 0.75, 7)
    np.testing.assert_allclose(found.llr_of(places), normal_llr(places), atol=0.6)
    assert found.threshold() == pytest.approx(0.56, abs=0.03)
    assert list(found.llr) == sorted(found.llr)
    assert (found.same.pairs, found.different.pairs) == (4000, 60_000)


def test_thresholds_are_each_models_own() -> None:
    """Wrong pairs above .80 and right ones above .90 with one model; right ones above .5 with another."""
    chance = np.random.default_rng(2)
    crowded = fit(chance.normal(0.93, 0.02, 900), chance.normal(0.8, 0.04, 9000))
    roomy = fit(chance.normal(0.7, 0.1, 900), chance.normal(0.1, 0.1, 9000))
    assert crowded.threshold() > 0.86
    assert roomy.threshold() < 0.5
    assert float(crowded.llr_of(np.array(0.8))) < -2
    assert float(roomy.llr_of(np.array(0.8))) > 2


@pytest.mark.parametrize(("same", "different"), [(1, 1), (2, 900), (900, 2), (5, 5)])
def test_few_pairs_give_a_cautious_calibration(same: int, different: int) -> None:
    chance = np.random.default_rng(3)
    found = fit(chance.normal(0.8, 0.1, same), chance.normal(0.2, 0.1, different))
    assert np.isfinite(found.llr).all()
    assert max(map(abs, found.llr)) < 8


def test_vectors_that_tell_nothing_are_calibrated_to_nothing() -> None:
    chance = np.random.default_rng(4)
    found = fit(chance.normal(0.5, 0.1, 3000), chance.normal(0.5, 0.1, 3000))
    assert max(map(abs, found.llr)) < 0.7
    assert max(map(abs, fit(np.full(50, 0.5), np.full(50, 0.5)).llr)) == 0


def test_no_pairs_calibrate_nothing() -> None:
    with pytest.raises(InvalidInput, match="0 pairs of one person"):
        fit(np.empty(0), np.ones(3))


def test_pairs_across_cameras_count_where_there_are_any() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0.6, 0.8]], np.float32)
    people = np.array([0, 0, 0, 1])
    across = calibration_of(vectors, people, np.array([0, 0, 1, 1]))
    assert across.same.mean == 0
    assert across.different.pairs == 2
    assert calibration_of(vectors, people, np.full(4, -1)).same.mean == pytest.approx(1 / 3)


def test_all_pairs_of_some_people_calibrate_where_there_are_very_many() -> None:
    chance = np.random.default_rng(5)
    people = np.repeat(np.arange(900), 5)
    vectors = unit(chance.normal(size=(900, 16))[people] + 0.3 * chance.normal(size=(4500, 16)))
    found = calibration_of(vectors, people, np.full(4500, -1))
    assert found.same.pairs == 600 * 10
    assert found.same.pairs + found.different.pairs == 3000 * 2999 // 2
    assert found.same.mean > 0.8


def test_a_recipe_that_cannot_be_is_refused_by_its_keys() -> None:
    for changes, told in (
        ({"people": 1}, "people is 1"), ({"pictures": 1}, "pictures is 1"), ({"rate": 0.0}, "rate is 0.0"),
        ({"architecture": "resnet"}, "one of osnet_x0_25"), ({"held_out": 1.0}, "held_out is 1.0"),
        ({"epochs": 0}, "epochs is 0"), ({"margin": 2.0}, "margin is 2.0"), ({"smoothing": 1.5}, "smoothing is 1.5"),
        ({"preparing": Preparing(scale="0-255")}, "contradict each other"),
        ({"preparing": Preparing(height=8)}, "from 16 to 1024"), ({"augmentation": Augmentation(shift=0.5)}, "shift"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput, match=told):
            Recipe(**changes)
