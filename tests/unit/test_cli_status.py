"""What `zhiban status` says of a catalogue that lies elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.cli.status import _catalogue_told

STANDING: dict[str, Any] = {
    "kind": "mongodb", "name": "shop", "connected": True, "since": "2026-11-25T12:00:00.123Z", "problem": "",
    "live": True, "read_at": "2026-11-25T12:05:00Z", "documents": 40, "rejected": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "connected since 2026-11-25T12:00:00, live; 40 documents read 2026-11-25T12:05:00"),
        ({"live": False, "rejected": 2},
         "connected since 2026-11-25T12:00:00, polled; 40 documents read 2026-11-25T12:05:00, 2 unreadable"),
        ({"connected": False, "live": False, "problem": "MongoDB: refused\x1b[2J", "read_at": None},
         "away since 2026-11-25T12:00:00, MongoDB: refused"),
    ],
)  # fmt: skip
def test_how_it_stands_is_one_line(changed: dict[str, Any], told: str) -> None:
    line = _catalogue_told(STANDING | changed)
    assert line.startswith(f"catalogue shop (mongodb): {told}")
    assert line.isprintable()
