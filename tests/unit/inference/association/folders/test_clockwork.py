"""Clocks of simulated cameras."""

from __future__ import annotations

import numpy as np
import pytest

from daemon.errors import InvalidInput
from daemon.inference.association.folders.clockwork import Clocks, ClockSettings, set_clocks


def clocks(settings: ClockSettings, cameras: int = 200_000) -> Clocks:
    return set_clocks(settings, cameras, np.random.default_rng(5))


def test_most_clocks_are_off_by_two_seconds_and_one_in_fifty_by_half_a_minute() -> None:
    offsets = clocks(ClockSettings()).offsets
    assert np.median(np.abs(offsets)) == pytest.approx(2 * 0.6745, rel=0.05)
    far = np.abs(offsets) > 10
    assert far.mean() == pytest.approx(0.02 * 0.74, rel=0.1)  # of 30 s deviation, three in four are past 10 s
    assert np.abs(offsets[far]).mean() == pytest.approx(31, rel=0.15)


def test_clocks_keep_their_rate_unless_it_is_asked_for() -> None:
    assert not clocks(ClockSettings()).rates.any()
    assert clocks(ClockSettings(rate_ppm=50.0)).rates.std() == pytest.approx(50e-6, rel=0.05)


def test_a_clock_shows_its_offset_and_what_it_gained_since() -> None:
    two = Clocks(np.array([2.0, -30.0]), np.array([0.0, 1e-4]))
    shown = two.read(np.array([0, 1, 1], dtype=np.int32), np.array([10.0, 0.0, 10_000.0]))
    assert shown.tolist() == [12.0, -30.0, 9_971.0]


@pytest.mark.parametrize(
    "settings", [{"deviation_s": -1.0}, {"wrong": 2.0}, {"wrong_s": float("nan")}, {"rate_ppm": 1e9}]
)
def test_settings_that_make_no_sense_are_refused_by_name(settings: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match=rf"{next(iter(settings))}: .*; expected "):
        ClockSettings(**settings)
