"""Forget what has ended long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from daemon.services.duty import Duty

_log = structlog.get_logger()
#: For how long the bot knows messages again, and what its notices told of.
MESSAGES_KEPT: Final = timedelta(days=30)


async def forget(duty: Duty) -> int:
    """Delete records that ended before the retention time; return how many."""
    now, retention = duty.ports.clock.now(), duty.config.retention
    before = now - timedelta(seconds=retention.ended)
    gone = await duty.ports.incidents.forget(before, now - timedelta(seconds=retention.passes))
    messages = await duty.ports.bot.forget_messages(now - MESSAGES_KEPT) if duty.ports.bot else 0
    if gone or messages:
        _log.info("records.forgotten", count=gone, before=before.isoformat(), messages=messages)
    return gone + messages
