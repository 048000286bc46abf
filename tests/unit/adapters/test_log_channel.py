"""Notices in the log: one line each."""

from __future__ import annotations

from structlog.testing import capture_logs

from daemon.adapters.log_channel import LogNotifier
from daemon.products.notices import Message
from daemon.products.verdicts import Severity
from tests.notice_kit import entry


async def test_a_notice_is_one_line_with_its_subject_and_lines() -> None:
    message = Message(
        id="m1", channel="log", subject="[major] Price missing", text="one\ntwo", severity=Severity.MAJOR,
        entries=(entry(),),
    )  # fmt: skip
    with capture_logs() as logs:
        await LogNotifier("log").send(message)
    assert logs == [
        {
            "event": "notice.sent",
            "log_level": "info",
            "channel": "log",
            "message": "m1",
            "severity": "major",
            "subject": "[major] Price missing",
            "lines": ["one", "two"],
        }
    ]


def test_a_log_line_cannot_be_taken_back_so_the_channel_is_not_idempotent() -> None:
    assert not LogNotifier("log").idempotent
