"""Times as people type them: "2h", "1h30m", "2小时", "半小时", "18:30", "明早9点", "tomorrow 9am". Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

#: Longest time that anything can be silenced for, so that nothing is silenced for good by a slip of the finger.
LONGEST: Final = timedelta(days=366)

_UNIT_S: Final = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "秒", "秒钟"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "分", "分钟"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "小时", "钟头", "时"), 3600),
    **dict.fromkeys(("d", "day", "days", "天", "日"), 86_400),
    **dict.fromkeys(("w", "week", "weeks", "周", "星期"), 604_800),
}
_UNITS: Final = "|".join(sorted(_UNIT_S, key=len, reverse=True))
_NUMBER: Final = r"[0-9]{1,6}(?:\.[0-9]{1,3})?|[一二两三四五六七八九十]{1,3}|半"
_PART: Final = re.compile(rf"({_NUMBER})个?(半)?({_UNITS})(半)?")
_LEAD: Final = re.compile(r"^(for|until|till|直到|到)")
_DAYS: Final = {
    **dict.fromkeys(("today", "今天", "今日"), 0),
    **dict.fromkeys(("tomorrow", "明天", "明日", "明"), 1),
    **dict.fromkeys(("后天",), 2),
    **dict.fromkeys(("tonight", "今晚", "今"), 0),
}
_HALVES: Final = {
    **dict.fromkeys(("am", "早上", "上午", "凌晨", "早"), "am"),
    **dict.fromkeys(("pm", "下午", "晚上", "中午", "晚"), "pm"),
}
_CLOCK: Final = re.compile(
    r"(?P<day>today|tomorrow|tonight|今天|今日|今晚|明天|明日|后天|明|今)?(?P<at>at)?"
    r"(?P<half>早上|上午|凌晨|下午|晚上|中午|早|晚)?"
    r"(?:(?P<hour>[0-9]{1,2}|[一二两三四五六七八九十]{1,3})"
    r"(?P<mark>[:点](?:(?P<minute>[0-9]{1,2})分?|(?P<half_past>半)|整)?)?(?P<ampm>am|pm)?)?"
)
_MORNING: Final = 9
_DIGITS: Final = {digit: value for value, digit in enumerate("一二三四五六七八九", 1)} | {"两": 2}


def parse_end(text: str, now: datetime, zone: str) -> datetime | None:
    """Return the end that a text names, as aware UTC; None when it names none within LONGEST from now.

    A clock time is one of the zone, and the next there is unless a day is named.
    """
    bare = _LEAD.sub("", "".join(text.casefold().split()))
    span = parse_span(bare)
    end = now + span if span is not None else _clock(bare, now, zone)
    return end if end is not None and now < end <= now + LONGEST else None


def parse_span(text: str) -> timedelta | None:
    """Return the duration that a text without spaces names, None when it names none or one beyond LONGEST."""
    if not text or len(text) > 40 or _PART.sub("", text):
        return None
    seconds = 0.0
    for number, half, unit, half_after in _PART.findall(text):
        seconds += (_value(number) + (0.5 if half or half_after else 0.0)) * _UNIT_S[unit]
    return timedelta(seconds=seconds) if 0 < seconds <= LONGEST.total_seconds() else None


def _value(number: str) -> float:
    """Return a number in digits or in Chinese numerals up to 99; one that cannot be is 0."""
    if number == "半":
        return 0.5
    if number[0].isascii():
        return float(number)
    if "十" not in number:
        return float(_DIGITS[number]) if len(number) == 1 else 0.0
    tens, _, ones = number.partition("十")
    return 10.0 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)


def _clock(text: str, now: datetime, zone: str) -> datetime | None:
    found = _CLOCK.fullmatch(text)
    if not text or found is None:
        return None
    day, half = found["day"], _HALVES.get(found["half"] or found["ampm"] or "", "")
    if not (day or half or found["mark"]):
        return None  # a bare number is no time
    if day in {"tonight", "今晚"}:
        half = half or "pm"
    if found["hour"] is None:
        return _on(now, zone, _DAYS.get(day or ""), time(_MORNING)) if day and not half else None
    minute = 30 if found["half_past"] else int(found["minute"] or 0)
    hour = _hour(int(_value(found["hour"])), half)
    if hour > 23 or minute > 59:
        return None
    return _on(now, zone, _DAYS.get(day) if day else None, time(hour, minute))


def _hour(hour: int, half: str) -> int:
    if half == "pm" and hour < 12:
        return hour + 12
    return 0 if half == "am" and hour == 12 else hour


def _on(now: datetime, zone: str, days: int | None, clock: time) -> datetime:
    """Return a clock time some days on, or without a day the next one there is."""
    local = now.astimezone(ZoneInfo(zone))
    when = datetime.combine(local.date() + timedelta(days=days or 0), clock, ZoneInfo(zone)).astimezone(UTC)
    if days is None and when <= now:
        when = datetime.combine(local.date() + timedelta(days=1), clock, ZoneInfo(zone)).astimezone(UTC)
    return when
