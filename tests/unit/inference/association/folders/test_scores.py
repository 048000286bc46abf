"""Scores of searches, on cases made by hand."""

from __future__ import annotations

import pytest

from daemon.inference.association.folders.scores import BINS, Counts, calibration_error, error_of, reliability


def test_scores_are_averaged_over_detections_and_not_over_queries() -> None:
    counts = Counts()
    counts.add(["a", "b"], ["a", "b", "c", "d", "e", "f"])
    counts.add(["x", "y"], ["x"])
    assert counts.recall == 3 / 7
    assert counts.precision == 3 / 4
    assert counts.f1 == pytest.approx(2 / (1 / counts.recall + 1 / counts.precision))


@pytest.mark.parametrize(
    ("found", "true", "recall", "precision", "f1"),
    [([], [], 1, 1, 1), (["a"], [], 1, 0, 0), ([], ["a"], 0, 1, 0), (["a", "a"], ["a"], 1, 1, 1)],
)
def test_scores_of_nothing_are_told(
    found: list[str], true: list[str], recall: float, precision: float, f1: float
) -> None:
    counts = Counts()
    counts.add(found, true)
    assert (counts.recall, counts.precision, counts.f1) == (recall, precision, f1)


def test_what_came_true_as_often_as_stated_has_no_calibration_error() -> None:
    assert calibration_error([0.5] * 10 + [1.0] * 4, [True] * 5 + [False] * 5 + [True] * 4) == 0


def test_the_calibration_error_is_weighted_by_how_many_are_in_a_bin() -> None:
    stated = [0.9] * 8 + [0.1] * 2
    right = [True] * 4 + [False] * 4 + [True, False]
    assert calibration_error(stated, right) == pytest.approx(0.8 * 0.4 + 0.2 * 0.4)


def test_what_is_nearly_certain_can_be_left_out() -> None:
    stated, right = [0.995, 0.995, 0.5, 0.5], [True, True, True, False]
    assert calibration_error(stated, right, below=0.99) == 0
    assert calibration_error([0.995], [True], below=0.99) is None


def test_bins_are_of_equal_width_and_hold_both_ends() -> None:
    bins = reliability([0.0, 1 / BINS - 1e-9, 1 / BINS + 1e-9, 1.0], [False, False, True, True])
    assert [count for _, _, count in bins] == [2, 1, 1]
    assert sum(count for _, _, count in reliability([n / 1000 for n in range(1001)], [True] * 1001)) == 1001


def test_worlds_thrown_together_have_the_error_of_all_their_hops() -> None:
    one, other = ([0.05, 0.62, 0.93, 1.0], [False, True, True, True]), ([0.01, 0.68, 0.61], [True, False, False])
    whole = calibration_error(one[0] + other[0], one[1] + other[1])
    assert error_of(reliability(*one), reliability(*other)) == pytest.approx(whole)
    assert error_of() is None
