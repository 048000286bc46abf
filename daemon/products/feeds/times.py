"""Times as shops write them. Aware ones come out in UTC; without a zone anywhere they stay naive, for rules to judge.

ISO 8601, RFC 2822, and the common forms of shop systems and spreadsheets. "01/02/2026" is read only where the
locale or the numbers themselves leave one reading.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from daemon.errors import InvalidInput
from daemon.products.product import Time, Unparsed

_LONGEST: Final = 64
_YEAR_FIRST: Final = re.compile(r"(?P<y>\d{4})(?P<mark>[-/.])(?P<m>\d{1,2})(?P=mark)(?P<d>\d{1,2})(?!\d)", re.ASCII)
_COMPACT: Final = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", re.ASCII)
_CHINESE: Final = re.compile(r"(?P<y>\d{4})\s*[年년]\s*(?P<m>\d{1,2})\s*[月월]\s*(?P<d>\d{1,2})\s*[日号號일]", re.ASCII)
_NUMBERS: Final = re.compile(r"(?P<a>\d{1,2})(?P<mark>[/.-])(?P<b>\d{1,2})(?P=mark)(?P<y>\d{4}|\d{2})(?!\d)", re.ASCII)
_CLOCK: Final = re.compile(
    r"(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<frac>\d{1,9}))?)?"
    r"\s*(?P<half>am|pm)?\s*(?P<zone>z|utc|gmt|[+-]\d{2}:?\d{2}|[+-]\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_RFC_2822: Final = re.compile(
    r"(?:[a-z]{3},\s*)?\d{1,2} [a-z]{3} \d{4} \d{1,2}:\d{2}(?::\d{2})? (?:[+-]\d{4}|GMT|UTC?|Z|[ECMP][SD]T)",
    re.ASCII | re.IGNORECASE,
)
_WORDED: Final = ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d-%b-%Y", "%Y-%b-%d")
_EPOCH: Final = re.compile(r"\d{10}|\d{13}", re.ASCII)
#: What databases write for "no date".
_NO_DATE: Final = re.compile(r"0000-00-00(?:[ T]00:00:00(?:\.0+)?Z?)?|0001-01-01[ T]00:00:00Z?")
_END_OF_DAY: Final = time(23, 59, 59)


@lru_cache(maxsize=16)
def zone_of(name: str) -> tzinfo | None:
    """Return a zone by its IANA name, None for "". Raises InvalidInput."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, malformed, a folder of the database
        raise InvalidInput(
            f'unknown time zone "{name}"; expected one such as "Asia/Shanghai"', (("timezone", str(error)),)
        ) from error


def parse_time(text: str, zone: tzinfo | None = None, locale: str = "", *, end_of_day: bool = False) -> Time:
    """Read a time; None for blank text and for zero dates.

    zone: for times without one. end_of_day: a bare date means its last second, as the last day of a sale does.
    """
    stripped = text.strip()
    if not stripped or _NO_DATE.fullmatch(stripped):
        return None
    if len(stripped) > _LONGEST:
        return Unparsed(stripped)
    try:
        found = _read(stripped, locale, end_of_day=end_of_day)
        if found is None:
            return Unparsed(stripped, ambiguous=True)
        return _in_utc(found, zone)
    except (ValueError, OverflowError):
        return Unparsed(stripped)


def time_of_number(value: int) -> Time:
    """Read seconds or milliseconds since 1970, told apart by their digits."""
    text = str(value)
    return _epoch(text) if _EPOCH.fullmatch(text) else Unparsed(text)


def _in_utc(moment: datetime, zone: tzinfo | None) -> datetime:
    if moment.tzinfo is None:
        if zone is None:
            return moment
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _read(text: str, locale: str, *, end_of_day: bool) -> datetime | None:
    """Return the time, None when it can be read in more than one way. Raises ValueError when in none."""
    if _EPOCH.fullmatch(text):
        return _epoch(text)
    if match := _YEAR_FIRST.match(text) or _CHINESE.match(text) or _COMPACT.fullmatch(text):
        numbers = (int(match["y"]), int(match["m"]), int(match["d"]))
        return _joined(numbers, text[match.end() :], end_of_day=end_of_day)
    if match := _NUMBERS.match(text):
        ordered = _in_order(match, locale)
        return None if ordered is None else _joined(ordered, text[match.end() :], end_of_day=end_of_day)
    return _standard(text) or _worded(text, end_of_day=end_of_day)


def _joined(numbers: tuple[int, int, int], rest: str, *, end_of_day: bool) -> datetime:
    """Put a date and the text behind it together."""
    day = datetime(*numbers)  # noqa: DTZ001 - the zone, if any, follows in the text
    clock = rest.strip(" \t,").removeprefix("T").removeprefix("t")
    if not clock:
        return datetime.combine(day, _END_OF_DAY) if end_of_day else day
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise ValueError(rest)
    hour = int(match["h"])
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(rest)
        hour = hour % 12 + (12 if match["half"].lower() == "pm" else 0)
    if hour == 24 and not int(match["min"]) + int(match["s"] or 0):  # ISO 8601: the end of the day
        day, hour = day + timedelta(days=1), 0
    microsecond = int((match["frac"] or "0").ljust(6, "0")[:6])
    moment = day.replace(hour=hour, minute=int(match["min"]), second=int(match["s"] or 0), microsecond=microsecond)
    return moment.replace(tzinfo=_offset(match["zone"]))


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    gap = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if int(digits[2:]) > 59:
        raise ValueError(text)
    return timezone(-gap if text[0] == "-" else gap)


def _in_order(match: re.Match[str], locale: str) -> tuple[int, int, int] | None:
    """Return year, month, day of three numbers that do not begin with the year; None when two orders fit."""
    first, second, year = int(match["a"]), int(match["b"]), int(match["y"])
    if len(match["y"]) == 2:
        if not locale:
            return None
        year += 2000 if year < 70 else 1900  # POSIX strptime %y
    orders = {(first, second): "dm", (second, first): "md"}
    real = [pair for pair in orders if 1 <= pair[1] <= 12 and 1 <= pair[0] <= 31]
    if not real:
        raise ValueError(match[0])
    if len(real) > 1:
        wanted = _date_order(locale) if locale else None
        real = [pair for pair in real if orders[pair] == wanted]
    return (year, real[0][1], real[0][0]) if real else None


@lru_cache(maxsize=16)
def _date_order(locale: str) -> str | None:
    """Return "dm" or "md" as the locale's short dates have it; None when they begin with the year, or it is unknown."""
    from babel.core import Locale, UnknownLocaleError  # noqa: PLC0415 - 20 ms that most files never pay

    try:
        pattern = Locale.parse(locale.replace("-", "_")).date_formats["short"].pattern.casefold()
    except (ValueError, TypeError, UnknownLocaleError):
        return None
    places = {part: pattern.find(part) for part in "dmy"}
    if places["y"] < max(places["d"], places["m"]):
        return None
    return "dm" if places["d"] < places["m"] else "md"


def _standard(text: str) -> datetime | None:
    """Read ISO 8601 in its basic and week forms, or RFC 2822."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    return parsedate_to_datetime(text) if _RFC_2822.fullmatch(text) else None


def _worded(text: str, *, end_of_day: bool) -> datetime:
    """Read dates with English month names. Raises ValueError."""
    date, _, clock = text.replace(",", " ").partition(":")
    words = date.split()
    if clock and words:
        clock, words = f"{words[-1]}:{clock}", words[:-1]
    for form in _WORDED:
        try:
            day = datetime.strptime(" ".join(words), form)  # noqa: DTZ007 - as in _joined
        except ValueError:
            continue
        return _joined((day.year, day.month, day.day), clock, end_of_day=end_of_day)
    raise ValueError(text)


def _epoch(text: str) -> datetime:
    seconds, milliseconds = (int(text), 0) if len(text) == 10 else divmod(int(text), 1000)
    return datetime.fromtimestamp(seconds, UTC) + timedelta(milliseconds=milliseconds)
