"""Times of day in a named zone, right over the changes of daylight saving time.

A time of day that a night skips is as much later as the gap is long; one that a night has twice is the first.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec


def at(day: date, clock_time: str, zone: str) -> datetime:
    """Return the instant of a local time such as "09:00" on a local day, as aware UTC."""
    return datetime.combine(day, time.fromisoformat(clock_time), ZoneInfo(zone)).astimezone(UTC)


def local_day(now: datetime, zone: str) -> date:
    """Return the day that it is in a zone at an instant."""
    return now.astimezone(ZoneInfo(zone)).date()


def shown(instant: datetime, zone: str) -> str:
    """Return an instant as people of a zone read it, "2026-11-25 18:03 UTC+8".

    The offset stands there instead of an abbreviation, because those mean different zones to different people.
    """
    local = instant.astimezone(ZoneInfo(zone))
    offset = local.utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = "" if not minutes else "-" if minutes < 0 else "+"
    tail = f"{sign}{hours}" if minutes else ""
    return f"{local:%Y-%m-%d %H:%M} UTC{tail}{f':{rest:02}' if rest else ''}"


class QuietHours(msgspec.Struct, frozen=True, kw_only=True):
    """The hours of each day in which people want to hear only what cannot wait. start and end as "22:00"."""

    zone: str
    start: str
    end: str

    def until(self, now: datetime) -> datetime | None:
        """Return when the quiet hours that it is in now end, as aware UTC; None outside of them."""
        overnight = self.end <= self.start
        today = local_day(now, self.zone)
        for day in (today - timedelta(days=1), today):
            start = at(day, self.start, self.zone)
            end = at(day + timedelta(days=overnight), self.end, self.zone)
            if self.start != self.end and start <= now < end:
                return end
        return None
