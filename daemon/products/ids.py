"""Identifiers of everything the daemon makes itself: UUIDv7 (RFC 9562, section 5.7), which sort by time."""

from uuid_utils import uuid7


def new_id() -> str:
    """Return a new UUIDv7 as text."""
    return str(uuid7())
