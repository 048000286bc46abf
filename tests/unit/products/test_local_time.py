"""Times of day over the changes of daylight saving time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from daemon.products.local_time import QuietHours, at, shown


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]  # the parts are as many as given


@pytest.mark.parametrize(
    ("day", "clock_time", "expected"),
    [
        (date(2026, 3, 28), "02:30", utc(2026, 3, 28, 1, 30)),
        (date(2026, 3, 29), "02:30", utc(2026, 3, 29, 1, 30)),  # does not exist: 03:30 local
        (date(2026, 3, 30), "02:30", utc(2026, 3, 30, 0, 30)),
        (date(2026, 10, 25), "02:30", utc(2026, 10, 25, 0, 30)),  # exists twice: the first
    ],
)
def test_a_time_of_day_is_one_instant_even_where_the_night_skips_or_repeats_it(
    day: date, clock_time: str, expected: datetime
) -> None:
    assert at(day, clock_time, "Europe/Berlin") == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "2026-11-25 10:03 UTC"),
        ("Asia/Shanghai", "2026-11-25 18:03 UTC+8"),
        ("Asia/Kolkata", "2026-11-25 15:33 UTC+5:30"),
        ("America/St_Johns", "2026-11-25 06:33 UTC-3:30"),
    ],
)
def test_every_time_is_shown_with_its_offset(zone: str, expected: str) -> None:
    assert shown(utc(2026, 11, 25, 10, 3, 59), zone) == expected


BERLIN = QuietHours(zone="Europe/Berlin", start="22:00", end="07:00")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (utc(2026, 11, 25, 20, 59), None),
        (utc(2026, 11, 25, 21, 0), utc(2026, 11, 26, 6, 0)),
        (utc(2026, 11, 26, 5, 59), utc(2026, 11, 26, 6, 0)),
        (utc(2026, 11, 26, 6, 0), None),
        (utc(2026, 3, 28, 23, 0), utc(2026, 3, 29, 5, 0)),  # the night is an hour shorter
        (utc(2026, 10, 24, 20, 30), utc(2026, 10, 25, 6, 0)),  # and an hour longer
        (utc(2026, 10, 25, 5, 30), utc(2026, 10, 25, 6, 0)),
    ],
)
def test_quiet_hours_run_over_midnight_and_over_clock_changes(now: datetime, until: datetime | None) -> None:
    assert BERLIN.until(now) == until


def test_quiet_hours_within_one_day() -> None:
    siesta = QuietHours(zone="UTC", start="12:00", end="14:00")
    assert siesta.until(utc(2026, 1, 1, 12, 30)) == utc(2026, 1, 1, 14)
    assert siesta.until(utc(2026, 1, 1, 23)) is None


def test_quiet_hours_that_begin_when_they_end_are_none() -> None:
    never = QuietHours(zone="UTC", start="08:00", end="08:00")
    assert not any(never.until(utc(2026, 1, 1) + timedelta(hours=h)) for h in range(24))
