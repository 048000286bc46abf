"""Messages of group rooms and private chats, whatever service carries them. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class MessageKind(StrEnum):
    """What a message is made of."""

    TEXT = "text"
    RECALLED = "recalled"
    OTHER = "other"  # pictures, stickers, cards, files, what nobody knows


class Quote(msgspec.Struct, frozen=True):
    """The message that another one answers. id is "" where the service does not tell it."""

    id: str
    text: str


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it arrived. room_id is "" in a private chat. mentions: contact ids, as far as the service tells.

    names: under which the bot is known in that room (its own name, its alias there), for mentions typed by hand.
    """

    id: str
    room_id: str
    sender_id: str
    sender_name: str
    text: str
    sent_at: datetime  # aware
    kind: MessageKind = MessageKind.TEXT
    mentions: tuple[str, ...] = ()
    quote: Quote | None = None
    is_own: bool = False
    names: tuple[str, ...] = ()


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """One message to be sent. mentions: pairs of contact id and the name to show; the text begins with them."""

    conversation_id: str  # of a room, or of a contact in a private chat
    text: str
    mentions: tuple[tuple[str, str], ...] = ()


class Sent(msgspec.Struct, frozen=True):
    """One message that was taken: its id, "" where the service tells none, and its text."""

    id: str
    text: str


class Connection(StrEnum):
    """How a messenger stands to its service."""

    CONNECTING = "connecting"
    WAITING_FOR_SCAN = "waiting_for_scan"
    ONLINE = "online"
    LOGGED_OUT = "logged_out"
    REFUSED = "refused"  # a bad token, or another client that keeps taking the line
    STOPPED = "stopped"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a messenger stands just now. scan_url: to be opened by whoever has the account's phone."""

    connection: Connection
    since: datetime
    self_id: str = ""
    self_name: str = ""
    scan_url: str = ""
    problem: str = ""


class Handling(StrEnum):
    """What became of a message."""

    BEGUN = "begun"
    DONE = "done"
    INTERRUPTED = "interrupted"  # the daemon died over it; its sender was or will be asked to repeat


class Handled(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the memory of messages."""

    id: str
    conversation_id: str
    sender_id: str
    sender_name: str
    state: Handling
    seen_at: datetime


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact of the messenger that is bound to a principal."""

    contact_id: str
    principal_id: str
    bound_at: datetime


class BindingCode(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time code by which a contact proves to be a principal. Only the hash of the code is kept."""

    code_sha256: str
    principal_id: str
    expires_at: datetime


class RoomSetting(msgspec.Struct, frozen=True, kw_only=True):
    """What a room wants to hear. muted_until: no notices before. subscriptions: empty means everything."""

    room_id: str
    muted_until: datetime | None = None
    rules: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    min_severity: str = ""
    on_call: str = ""  # contact id of who is mentioned by an escalation

    def is_muted(self, now: datetime) -> bool:
        """Tell whether the room wants to hear no notices at a time."""
        return self.muted_until is not None and self.muted_until > now


class SentNotice(msgspec.Struct, frozen=True, kw_only=True):
    """Which incidents a message in a room told of, so that an answer to it acts on them.

    notice_id: the same in all messages that one notice was split into; "" for one that is whole.
    """

    message_id: str
    conversation_id: str
    incident_ids: tuple[str, ...]
    sent_at: datetime
    text: str = ""  # its first 200 characters, for services that quote without an id
    notice_id: str = ""


class RoomMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a room inside the daemon, as its readers see it; ids sort in the order of the room."""

    id: str  # UUIDv7
    room: str  # id of the room, or of the person in a private chat
    sender_id: str
    sender_name: str
    text: str
    sent_at: datetime  # aware UTC
    by_bot: bool = False
    mentions: tuple[str, ...] = ()  # contact ids
    quote: Quote | None = None
