from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.forum.buckets import MOST_KEYS, Buckets


def test_a_burst_goes_at_once_and_then_one_an_interval() -> None:
    buckets = Buckets.average(60)
    assert [buckets.take("a", 0.0) for _ in range(60)] == [0.0] * 60
    assert buckets.take("a", 0.0) == pytest.approx(1.0)
    assert buckets.take("a", 0.0) == pytest.approx(2.0)
    assert buckets.take("b", 0.0) == 0.0


def test_whoever_was_quiet_has_everything_again() -> None:
    buckets = Buckets.average(60)
    assert buckets.full("a", 0.0)
    buckets.take("a", 0.0)
    assert not buckets.full("a", 0.5)
    assert buckets.full("a", 1.0)


@given(st.integers(1, 200), st.lists(st.floats(0, 30), max_size=300))
def test_a_strict_rate_is_kept_in_every_minute(per_minute: int, gaps: list[float]) -> None:
    buckets, now_s, sent = Buckets.strict(per_minute), 0.0, []
    for gap in gaps:
        now_s += gap
        sent.append(now_s + buckets.take("a", now_s))
    for start in sent:
        # A rounding error at the very edge of a minute is none of the rate.
        assert sum(1 for at in sent if start <= at < start + 59.999) <= per_minute


def test_memory_is_bounded_whoever_comes() -> None:
    buckets = Buckets.average(1)
    for number in range(MOST_KEYS + 500):
        buckets.take(f"k{number}", 0.0)
    assert len(buckets) == MOST_KEYS
    assert buckets.wait_s("k0", 0.0) == 0.0
    assert buckets.wait_s(f"k{MOST_KEYS + 499}", 0.0) > 0
