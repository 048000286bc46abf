"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.forum.spoken_times import LONGEST, parse_end, parse_span

ZONE = "Asia/Shanghai"
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2h", 120),
        ("30m", 30),
        ("1h30m", 90),
        ("1.5h", 90),
        ("for 2 hours", 120),
        ("90 Minutes", 90),
        ("3d", 4320),
        ("1w", 10_080),
        ("2小时", 120),
        ("2个小时", 120),
        ("两小时", 120),
        ("十五分钟", 15),
        ("二十分钟", 20),
        ("四十五分钟", 45),
        ("半小时", 30),
        ("半个小时", 30),
        ("一个半小时", 90),
        ("1小时30分钟", 90),
        ("3天", 4320),
        ("90秒", 1.5),
    ],
)
def test_a_duration_ends_so_much_later(text: str, minutes: float) -> None:
    assert parse_end(text, NOW, ZONE) == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("18:30", "25 18:30"),
        ("until 18:30", "25 18:30"),
        ("到18点", "25 18:00"),
        ("18点半", "25 18:30"),
        ("下午3点", "25 15:00"),
        ("下午三点十五", None),
        ("3pm", "25 15:00"),
        ("8:00", "26 08:00"),
        ("12am", "26 00:00"),
        ("明早9点", "26 09:00"),
        ("明天9点", "26 09:00"),
        ("明天", "26 09:00"),
        ("tomorrow 9am", "26 09:00"),
        ("tomorrow at 9:15", "26 09:15"),
        ("今晚8点", "25 20:00"),
        ("tonight 8", "25 20:00"),
        ("后天上午10点30分", "27 10:30"),
        ("today 8:00", None),
        ("25:00", None),
        ("12:60", None),
    ],
)
def test_a_clock_time_is_one_of_the_zone(text: str, local: str | None) -> None:
    end = parse_end(text, NOW, ZONE)
    assert (f"{end.astimezone(ZoneInfo(ZONE)):%d %H:%M}" if end else None) == local


@pytest.mark.parametrize("text", ["", "soon", "9", "0m", "-2h", "2 h of it", "367d", "999999w", "9" * 5000 + "h", "十"])
def test_what_is_no_time_to_come_is_none(text: str) -> None:
    assert parse_end(text, NOW, ZONE) is None


@given(st.text(alphabet="0123456789hmd半小时点分天周明今晚早:.个两十 amp") | st.text())
def test_any_text_is_a_time_to_come_or_none(text: str) -> None:
    end = parse_end(text, NOW, ZONE)
    assert end is None or NOW < end <= NOW + LONGEST
    span = parse_span(text)
    assert span is None or timedelta() < span <= LONGEST
