"""What follows from a trajectory."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.inference.association.result.following import along, leg_hop, stops, what_follows
from tests.unit.inference.association.result.trajectories import (
    NOON,
    SHARED,
    hop,
    nothing,
    realistic,
    shared_graph,
    small,
    square,
)


def test_legs_have_their_length_time_and_speed() -> None:
    first, second, *_ = what_follows(small(), square()).legs
    assert (first.origin, first.target, first.metres, first.seconds) == ("0-0", "1-0", 170.0, 130.0)
    assert first.speed_m_s == pytest.approx(1.308, abs=0.001)
    assert (second.metres, second.missed) == (340.0, ("1-1",))


def test_what_took_longer_than_the_way_takes_is_a_pause() -> None:
    following = what_follows(small(), square())
    assert following.usual_speed_m_s == pytest.approx(1.31)
    paused = [leg for leg in following.legs if leg.paused_s]
    assert [(leg.origin, leg.target) for leg in paused] == [("1-2", "2-2")]
    assert paused[0].paused_s == pytest.approx(610 - 130, abs=1)


def test_sightings_in_a_row_at_one_camera_are_a_stay_and_no_leg() -> None:
    following = what_follows(small(), square())
    assert [(stay.camera, stay.seconds) for stay in following.stays] == [("2-2", 60.0)]
    assert len(following.legs) == 4
    assert not any(leg.origin == leg.target for leg in following.legs)


def test_a_camera_that_saw_it_again_after_others_is_returned_to() -> None:
    (back,) = what_follows(small(), square()).returns
    assert back.camera == "1-2"
    assert [at.timestamp() - NOON for at in back.seen_at] == [390, 1_190]


def test_the_whole_is_the_sum_of_the_legs() -> None:
    following = what_follows(small(), square())
    assert (following.metres, following.seconds) == (850.0, 1_190.0)


def test_gaps_say_why_nobody_knows() -> None:
    graph = square().without_camera("1-0")
    assert [(gap.number, gap.why) for gap in what_follows(small(), square()).gaps] == [(2, "missed"), (3, "paused")]
    without = replace(small(), hops=(replace(small().hops[0], metres=None),), alternatives=((),))
    assert [gap.why for gap in what_follows(without, graph).gaps] == ["no_way"]


def test_a_sighting_found_afterwards_takes_its_share_of_the_leg() -> None:
    """The hop behind it still tells of the whole way; the graph knows the rest."""
    hops = (
        hop("1-0", 130, seconds=130.0, metres=170.0, filled=True),
        hop("2-0", 260, seconds=260.0, metres=340.0, missed=("1-0",)),
    )
    first, second = what_follows(replace(small(), hops=hops, alternatives=((), ())), square()).legs
    assert (first.metres, second.metres, second.missed) == (170.0, 170.0, ())


def test_a_way_that_leads_back_in_time_is_told_forwards() -> None:
    earlier = hop("1-0", -130, seconds=130.0, metres=175.0, parent=-1)
    earliest = hop("1-2", -390, seconds=260.0, metres=345.0, missed=("1-1",), parent=0)
    past = replace(small(), hops=(earliest, earlier), alternatives=((), ()))
    following = what_follows(past, square())
    assert [(leg.origin, leg.target, leg.metres) for leg in following.legs] == [
        ("1-2", "1-0", 345.0),
        ("1-0", "0-0", 175.0),
    ]
    assert following.legs[0].missed == ("1-1",)
    assert following.legs[-1].number == 0
    way = stops(past)
    assert [stop.number for stop in way] == [1, 2, 0]
    assert leg_hop(way[1], way[2], NOON) is earlier


def test_cameras_on_the_way_stand_in_the_order_in_which_they_were_passed() -> None:
    graph = square()
    far = hop("3-0", 390, seconds=390.0, metres=510.0, missed=("2-0", "1-0"))
    before, after = stops(replace(small(), hops=(far,), alternatives=((),)))
    assert along(before, after, far, graph) == ("0-0", "1-0", "2-0", "3-0")
    right = replace(far, missed=("1-0", "2-0"))
    assert along(before, after, right, graph) == ("0-0", "1-0", "2-0", "3-0")


def test_nothing_follows_from_nothing() -> None:
    following = what_follows(nothing(), square())
    assert (following.legs, following.stays, following.returns, following.metres) == ((), (), (), 0.0)
    assert following.usual_speed_m_s is None


def test_cameras_that_are_gone_leave_ways_of_unknown_length() -> None:
    hops = tuple(replace(one, metres=None) for one in small().hops)
    following = what_follows(replace(small(), hops=hops), square().without_camera("2-2"))
    assert [leg.metres for leg in following.legs] == [170.0, 340.0, None, None]
    assert following.metres == 510.0


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(["0-0", "1-0", "2-2", "gone"]), st.floats(-4_000, 4_000)), max_size=8))
def test_whatever_was_found_times_add_up(found: list[tuple[str, float]]) -> None:
    hops = tuple(hop(camera, after) for camera, after in sorted(found, key=lambda one: one[1]))
    following = what_follows(replace(small(), hops=hops, alternatives=tuple(() for _ in hops)), square())
    assert all(leg.seconds >= 0 and leg.paused_s >= 0 for leg in following.legs)
    cameras = {"0-0", *(camera for camera, _ in found)}
    assert {end for leg in following.legs for end in (leg.origin, leg.target)} <= cameras
    told = sum(leg.seconds for leg in following.legs) + sum(stay.seconds for stay in following.stays)
    assert told == pytest.approx(following.seconds, abs=0.1)


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not beside the repository")
def test_a_true_way_is_walked_at_a_walk() -> None:
    following = what_follows(realistic(), shared_graph())
    assert following.usual_speed_m_s is not None
    assert 1.0 < following.usual_speed_m_s < 1.8
    assert len(following.legs) == len(realistic().hops)
