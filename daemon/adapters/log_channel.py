"""Notices as lines of the daemon's own log."""

from __future__ import annotations

import structlog

from daemon.products.notices import Message

_log = structlog.get_logger()


class LogNotifier:
    """Port Notifier over the log. A repeated message is a second line, so it is not idempotent."""

    idempotent = False

    def __init__(self, name: str) -> None:
        self.name = name

    async def send(self, message: Message) -> None:
        """Write one line. Never fails: what a slow reader makes the log drop is counted there."""
        _log.info(
            "notice.sent",
            channel=self.name,
            message=message.id,
            severity=message.severity.value,
            subject=message.subject,
            lines=message.text.split("\n") if message.text else [],
        )
