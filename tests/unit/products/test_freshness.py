"""When evidence is looked at again, and when it is news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from daemon.products.evidence import Evidence, ImageFacts, Reach
from daemon.products.freshness import differs, is_due

_NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
_RETRY, _INTERVAL = 600, 43_200


def _seen(age_s: float, **fields: Any) -> Evidence:
    sound = {"reach": Reach.FETCHED, "status": 200}
    return Evidence(url="u", fetched_at=_NOW - timedelta(seconds=age_s), **{**sound, **fields})


_SILENT = {"reach": Reach.UNREACHABLE, "status": None}


@pytest.mark.parametrize(
    ("last", "watched", "due"),
    [
        (None, False, True),
        (_seen(_INTERVAL - 1), False, False),
        (_seen(_INTERVAL), False, True),
        (_seen(_RETRY - 1), True, False),
        (_seen(_RETRY), True, True),
        (_seen(_RETRY, status=404), False, False),
        (_seen(_RETRY, reach=Reach.INVALID_URL), False, False),
        (_seen(_RETRY, status=403), False, True),
        (_seen(_RETRY, status=503), False, True),
        (_seen(_RETRY, status=None), False, True),
        (_seen(_RETRY, **_SILENT), False, True),
        (_seen(_RETRY - 1, **_SILENT), False, False),
        (_seen(_RETRY, **_SILENT, previous=_seen(2 * _RETRY, **_SILENT)), False, False),
        (_seen(2 * _RETRY, **_SILENT, previous=_seen(3 * _RETRY, **_SILENT)), False, True),
        (_seen(_RETRY, **_SILENT, previous=_seen(2 * _RETRY, **_SILENT)), True, True),
        (_seen(_RETRY, **_SILENT, previous=_seen(_RETRY + _INTERVAL)), False, True),
        (_seen(_INTERVAL, **_SILENT, previous=_seen(9 * _INTERVAL, **_SILENT)), False, True),
        (_seen(_RETRY, status=429, retry_after_s=900), True, False),
        (_seen(900, status=429, retry_after_s=900), True, True),
    ],
)
def test_time_of_the_next_look(last: Evidence | None, watched: bool, due: bool) -> None:
    assert is_due(last, _NOW, interval_s=_INTERVAL, retry_s=_RETRY, watched=watched) is due


def test_times_and_lengths_are_no_news() -> None:
    assert not differs(_seen(100, length=5, problem="a"), _seen(0, length=6, problem="b"))


@pytest.mark.parametrize(
    "fields",
    [{"status": 404}, {"reach": Reach.REFUSED}, {"hops": ("v",)}, {"loop": True}, {"image": ImageFacts(format="png")}],
    ids=str,
)
def test_another_finding_is_news(fields: dict[str, Any]) -> None:
    assert differs(_seen(100), _seen(0, **fields))
    assert differs(None, _seen(0))
