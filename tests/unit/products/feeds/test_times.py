from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import InvalidInput
from daemon.products.feeds.times import parse_time, time_of_number, zone_of
from daemon.products.product import Unparsed

NOON = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25T12:30:00Z", "2026-11-25 12:30:00 UTC", "2026-11-25T20:30:00+08:00", "2026-11-25 20:30:00 +0800",
        "2026-11-25T20:30+08", "20261125T123000Z", "Wed, 25 Nov 2026 12:30:00 GMT", "25 Nov 2026 13:30:00 +0100",
        "2026/11/25 12:30 Z", "1795609800", "1795609800000", "2026-W48-3T12:30:00Z", "2026-11-25T12:30:00.000Z",
        "Nov 25, 2026 12:30 PM UTC", "2026年11月25日 12:30Z", "25.11.2026 12:30Z", "11/25/2026 12:30 PM Z",
    ],
)  # fmt: skip
def test_times_with_a_zone_are_aware_utc(text: str) -> None:
    found = parse_time(text)
    assert found == NOON
    assert isinstance(found, datetime)
    assert found.utcoffset() == NOON.utcoffset()


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25",
        "2026/11/25",
        "20261125",
        "2026年11月25日",
        "25/11/2026",
        "11/25/2026",
        "Nov 25, 2026",
        "25 November 2026",
    ],
)
def test_dates_without_a_zone_are_naive_unless_the_catalogue_has_one(text: str) -> None:
    assert parse_time(text) == datetime(2026, 11, 25)  # noqa: DTZ001 - naive is what it shall be
    assert parse_time(text, zone_of("Asia/Shanghai")) == datetime(2026, 11, 24, 16, tzinfo=UTC)
    last = parse_time(text, zone_of("Asia/Shanghai"), end_of_day=True)
    assert last == datetime(2026, 11, 25, 15, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("text", ["01/02/2026", "3.4.2026", "01-02-2026 10:00", "25/11/26"])
def test_what_can_be_read_in_two_ways_is_ambiguous(text: str) -> None:
    assert parse_time(text) == Unparsed(text, ambiguous=True)


@pytest.mark.parametrize(
    ("locale", "month", "day"), [("en_US", 1, 2), ("en_GB", 2, 1), ("de_DE", 2, 1), ("de-AT", 2, 1), ("fil_PH", 1, 2)]
)
def test_a_locale_tells_days_from_months(locale: str, month: int, day: int) -> None:
    assert parse_time("01/02/2026", UTC, locale) == datetime(2026, month, day, tzinfo=UTC)


def test_a_locale_that_begins_with_the_year_does_not() -> None:
    assert parse_time("01/02/2026", UTC, "zh_CN") == Unparsed("01/02/2026", ambiguous=True)


def test_the_same_number_twice_is_not_ambiguous() -> None:
    assert parse_time("05/05/2026", UTC) == datetime(2026, 5, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30", "2026-13-01", "31/31/2026", "tomorrow", "12:30", "2026-11-25T25:00", "2026-11-25T12:30:60Z",
        "2026",
        "２０２６-11-25",
        "9999-12-31T23:59:59-14:00", "2026-11-25T12:30+99:99", "25 Nov 2026 13:00 PM", "x" * 100,
        "0000-01-01", "2026-11-25 or later",
    ],
)  # fmt: skip
def test_what_is_no_time_stays_text(text: str) -> None:
    assert parse_time(text) == Unparsed(text)
    assert parse_time(text, UTC, "en_US", end_of_day=True) == Unparsed(text)


@pytest.mark.parametrize("text", ["", "  ", "0000-00-00", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z"])
def test_blank_and_zero_dates_are_none(text: str) -> None:
    assert parse_time(text) is None


def test_afternoons_are_not_lost() -> None:
    assert parse_time("25 Nov 2026 3:05 PM", UTC) == datetime(2026, 11, 25, 15, 5, tzinfo=UTC)
    assert parse_time("11/25/2026 12:05 AM", UTC) == datetime(2026, 11, 25, 0, 5, tzinfo=UTC)


def test_whole_numbers_count_from_1970() -> None:
    assert time_of_number(1795609800) == NOON
    assert time_of_number(7) == Unparsed("7")


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001 - made aware below
def test_iso_times_come_back_as_they_were(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert parse_time(aware.isoformat()) == aware
    assert parse_time(aware.isoformat(sep=" ")) == aware


@given(st.text(max_size=70))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert isinstance(parse_time(text, UTC, "en_US"), datetime | Unparsed | None)


@pytest.mark.parametrize("name", ["Mars/Base", "../etc/passwd", "Asia", "/etc/localtime"])
def test_zones_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        zone_of(name)
