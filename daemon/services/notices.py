"""Notices from the news to the people who hear it: what the rest of the daemon calls.

`news` makes entries that are committed with their change, `delivery` brings what is queued to its channels,
`delivery_recovery` settles what an earlier daemon left, `digests` queues the daily digest.
"""

from __future__ import annotations

from daemon.services.delivery import deliver, deliver_channel
from daemon.services.delivery_recovery import recover
from daemon.services.delivery_report import DeliveryReport
from daemon.services.digests import digest, next_digest
from daemon.services.news import entries_for, remedy_entries, status_changed_entries

__all__ = [
    "DeliveryReport",
    "deliver",
    "deliver_channel",
    "digest",
    "entries_for",
    "next_digest",
    "recover",
    "remedy_entries",
    "status_changed_entries",
]
