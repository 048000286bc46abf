"""How long hosts ask to be left alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from daemon.adapters.retry_after import retry_after_s

_NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("99999999", 86_400.0),
        ("Wed, 25 Nov 2026 12:01:00 GMT", 60.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0.0),
        ("Wed, 25 Nov 2026 12:01:00 -0000", 60.0),
        ("Wed, 25 Nov 2099 12:01:00 GMT", 86_400.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("", None),
    ],
)
def test_header_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, _NOW) == seconds
