"""A result as plain text, for a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from daemon.inference.association.result.about import About
from daemon.inference.association.result.text import to_text
from tests.unit.inference.association.result.trajectories import nothing, small, square

ABOUT = About(
    search="s1", case="c1", purpose="a bag was left", searcher="id-mei", exported_at=datetime(2026, 11, 25, tzinfo=UTC),
    case_title="north door", searcher_name="mei", exported_by="id-wang", exported_by_name="wang",
)  # fmt: skip


def test_each_sighting_has_a_line_of_time_camera_reasons_and_probability() -> None:
    found = small()
    lines = to_text(found, square(), ABOUT).split("\n")
    numbered = [line.split()[0] for line in lines if line.startswith("  ") and line[2].isdigit()]
    assert numbered == [f"{number}." for number in range(len(found.hops) + 1)]
    first = next(line for line in lines if line.startswith("  1."))
    assert found.hops[0].camera in first
    assert "body" in first
    assert first.endswith("%)")


def test_who_searched_and_who_took_it_away_is_in_it() -> None:
    told = to_text(small(), square(), ABOUT)
    for known in ("s1", "north door", "a bag was left", "mei", "wang"):
        assert known in told


def test_a_search_back_in_time_is_told_in_the_order_of_time() -> None:
    found = small()
    back = replace(found, query_time_s=found.hops[-1].time_s + 60.0)
    lines = [line for line in to_text(back, square(), ABOUT).split("\n") if line.startswith("  ")]
    assert lines[-1].startswith("  0.")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_search_that_found_nothing_says_where_it_began(language: str) -> None:
    told = to_text(nothing(), square(), ABOUT, "zh" if language == "zh" else "en")
    assert "  0. " in told
