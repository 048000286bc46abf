"""A small shop with products that lack their price, and the configuration of a daemon that tells its group of them."""

from __future__ import annotations

from pathlib import Path

from tests.interop.puppet_service import ROOM

HEALTHY = tuple(f"p-{number:02}" for number in range(12))
BROKEN = ("q-1", "q-2", "q-3", "q-4")
CONFIG = """
[[sources]]
name = "shop"
path = "shop.csv"
interval = "1s"

[checks]
interval = "200ms"
network = false

[remedies]
mode = "on"
budget_count = 100
budget_percent = 100

[notices]
interval = "100ms"
group_wait = "500ms"
backoff = "200ms"
backoff_max = "1s"
digest_at = ""

[[channels]]
name = "group"
kind = "room"
timeout = "20s"

[bot]
kind = "wechat"
endpoint = "{endpoint}"
secret = "puppet-token"
rooms = ["{room}"]
language = "en"
max_age = "1h"
per_person_per_minute = 1000
per_room_per_minute = 1000
sends_per_minute = 6000
room_sends_per_minute = 6000
"""


def write_shop(folder: Path, *more: str) -> None:
    """Write a catalogue in which some products lack their price."""
    lines = ["id,title,price,currency,stock,category"]
    lines += [f"{one},Kettle {one},12.50,EUR,5,Kitchen" for one in HEALTHY]
    lines += [f"{one},Teapot {one},,EUR,5,Kitchen" for one in (*BROKEN, *more)]
    part = folder / "shop.part"
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.replace(folder / "shop.csv")


def configuration(endpoint: str) -> str:
    """Return the configuration of a daemon whose bot is at a puppet service."""
    return CONFIG.format(endpoint=endpoint, room=ROOM)
