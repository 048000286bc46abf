"""What goes out to people: entries of the outbox, and the messages that they are gathered into."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from daemon.products.incidents import News
from daemon.products.verdicts import Severity

#: News for other systems: the daemon set a product's status, and the shop should follow.
STATUS_CHANGED: Final = "product.status_changed"


class EntryState(StrEnum):
    """Where an entry stands."""

    QUEUED = "queued"
    SENDING = "sending"  # handed to the channel; becomes unknown if the daemon dies now
    SENT = "sent"
    FAILED = "failed"  # given up: permanent error, or out of tries
    UNKNOWN = "unknown"  # may have been sent; never repeated blindly
    COLLAPSED = "collapsed"  # overtaken before it was sent (opened and recovered), or told in another's message
    EXPIRED = "expired"  # too old to be of use


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of news for one channel. Times are aware UTC; facts are what the text is made from."""

    id: str  # UUIDv7, so ids sort by time
    channel: str
    news: str  # a News, or "digest", "product.status_changed", "test"
    incident_id: str = ""
    product_id: str = ""
    rule: str = ""
    category: str | None = None
    owner: str | None = None
    severity: Severity = Severity.INFO
    facts: Mapping[str, str] = msgspec.field(default_factory=dict)
    created_at: datetime
    not_before: datetime | None = None
    state: EntryState = EntryState.QUEUED
    attempts: int = 0
    message_id: str = ""  # of the message that carries it, the same for a repeated try
    sent_at: datetime | None = None
    error: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel is given to send: one subject, one text, and the entries in it for machines.

    form: what kind of message it is, a gathering.Form.
    """

    id: str  # UUIDv7; the idempotency key of channels that have one
    channel: str
    subject: str
    text: str
    severity: Severity
    entries: tuple[Entry, ...]
    form: str = "stories"


def news_entry_kinds() -> tuple[str, ...]:
    """Return every value that Entry.news may have."""
    return (*(n.value for n in News), "digest", STATUS_CHANGED, "test")
