"""Places for labels."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.inference.association.result.placing import Box, Placer

FRAME = Box(0, 0, 400, 300)


def test_a_lone_label_stands_right_beside_its_point() -> None:
    box = Placer(FRAME, [], []).place((100, 100), 60, 20)
    assert box is not None
    assert box.x > 100
    assert box.inside(FRAME)


def test_a_label_goes_where_it_hides_no_line() -> None:
    line = [(100 + step * 5.0, 100 - step * 3.0) for step in range(1, 20)]
    box = Placer(FRAME, [], line).place((100, 100), 60, 20)
    assert box is not None
    assert not any(box.holds(point) for point in line)


def test_what_finds_no_place_is_told_so() -> None:
    assert Placer(Box(0, 0, 30, 30), [], []).place((15, 15), 60, 20) is None
    assert Placer(FRAME, [FRAME], []).place((100, 100), 60, 20) is None
    assert Placer(FRAME, [], [(x * 1.0, y * 1.0) for x in range(0, 400, 5) for y in range(0, 300, 5)]).place(
        (100, 100), 60, 20, near=True
    ) is None  # fmt: skip


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 300)), max_size=25))
def test_no_two_labels_overlap_nor_leave_the_frame(points: list[tuple[float, float]]) -> None:
    marks = [Box(x - 8, y - 8, 16, 16) for x, y in points]
    placer = Placer(FRAME, marks, points)
    placed = [box for point in points if (box := placer.place(point, 80, 30)) is not None]
    assert all(box.inside(FRAME) for box in placed)
    assert not any(one.overlaps(other) for one, other in combinations(placed, 2))
    assert not any(box.overlaps(mark) for box in placed for mark in marks)
