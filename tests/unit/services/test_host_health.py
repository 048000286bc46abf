"""Which hosts are left alone."""

from __future__ import annotations

from daemon.products.evidence import Reach
from daemon.services.host_health import DOWN_AFTER, HostHealth


def test_host_is_left_after_so_many_failures_in_a_row() -> None:
    health = HostHealth()
    for number in range(DOWN_AFTER):
        assert not health.is_left("a"), number
        health.saw("a", Reach.UNREACHABLE)
    assert health.is_left("a")
    assert health.down == ["a"]
    assert not health.is_left("b")


def test_answer_in_between_begins_the_count_anew() -> None:
    health = HostHealth()
    for reach in [Reach.UNREACHABLE] * (DOWN_AFTER - 1) + [Reach.FETCHED] + [Reach.UNREACHABLE] * (DOWN_AFTER - 1):
        health.saw("a", reach)
    assert health.down == []
    assert health.answers("a")


def test_our_own_overload_and_refusals_say_nothing_of_a_host() -> None:
    health = HostHealth()
    for _ in range(DOWN_AFTER):
        health.saw("a", Reach.OVERLOADED)
        health.saw("a", Reach.REFUSED)
    assert not health.is_left("a")
    assert not health.answers("a")


def test_host_that_was_down_is_given_up_at_the_first_failure() -> None:
    health = HostHealth(suspects=["a"])
    assert not health.is_left("a")
    health.saw("a", Reach.UNREACHABLE)
    assert health.is_left("a")
    assert not health.answers("a")


def test_host_that_rests_is_left_at_once_and_not_told_of_again() -> None:
    health = HostHealth(suspects=["a"], resting=["a"])
    assert health.is_left("a")
    assert health.down == []
