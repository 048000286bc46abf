"""Times that rules reckon with, where the calendar ends too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_LAST: Final = datetime.max.replace(tzinfo=UTC)


def after(time: datetime, span: timedelta) -> datetime:
    """Return an aware time so much later, at most the last one that there is: many systems write "never" so."""
    try:
        return time + span
    except OverflowError:
        return _LAST
