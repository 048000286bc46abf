"""Forget what has ended long ago."""

from __future__ import annotations

from datetime import timedelta

import structlog

from daemon.services.duty import Duty

_log = structlog.get_logger()


async def forget(duty: Duty) -> int:
    """Delete records that ended before the retention time; return how many."""
    now, retention = duty.ports.clock.now(), duty.config.retention
    before = now - timedelta(seconds=retention.ended)
    gone = await duty.ports.incidents.forget(before, now - timedelta(seconds=retention.passes))
    if gone:
        _log.info("records.forgotten", count=gone, before=before.isoformat())
    return gone
