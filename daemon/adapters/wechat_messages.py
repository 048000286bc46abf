"""Messages as a puppet service tells them, made into ours. Knows the field names, not the driver."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, Protocol

from daemon.forum.rooms import Incoming, MessageKind, Quote

#: Of wechaty-puppet in TypeScript, which the service sends; the enumeration of wechaty-grpc counts differently.
_TEXT: Final = 7
_RECALLED: Final = 13
#: What a phone puts behind a mention (FOUR-PER-EM SPACE).
MENTION_END: Final = "\u2005"
#: Milliseconds from here on: as seconds, it would be the year 5138.
_MILLISECONDS: Final = 100_000_000_000
#: 「name：text」, a line of dashes parted by blanks, the answer. The text may hold such a line itself, so the last one
#: counts: what stands before it was written by somebody else and must never be read as the sender's words.
_QUOTED: Final = re.compile(
    r"\s*「(?P<name>[^：:\n」]*)[：:](?P<text>.*)」[ \t]*\n(?:-[ \u2005]?){5,}\n(?P<reply>.*)", re.DOTALL
)
_XML: Final = re.compile(r"\s*<(?:\?xml|msg|sysmsg|appmsg)\b")


class Payload(Protocol):
    """The fields of a MessagePayloadResponse that are read."""

    id: str
    text: str
    timestamp: int
    type: int
    from_id: str
    room_id: str
    mention_ids: list[str]


def incoming(
    payload: Payload, *, message_id: str, self_id: str, sender_name: str, names: tuple[str, ...], now: datetime
) -> Incoming:
    """Make a message ours. A text without a sender is nobody's word, so it is of kind OTHER."""
    kind = _kind(payload)
    quote, text = split_quote(payload.text) if kind is MessageKind.TEXT else (None, "")
    return Incoming(
        id=payload.id or message_id,
        room_id=payload.room_id,
        sender_id=payload.from_id,
        sender_name=sender_name,
        text=text,
        sent_at=sent_at(payload.timestamp, now),
        kind=kind,
        mentions=tuple(dict.fromkeys(payload.mention_ids)),
        quote=quote,
        is_own=bool(self_id) and payload.from_id == self_id,
        names=names,
    )


def split_quote(text: str) -> tuple[Quote | None, str]:
    """Part WeChat's way to quote from the answer. The service tells no id of what is quoted."""
    found = _QUOTED.fullmatch(text)
    if found is None:
        return None, text
    return Quote("", found["text"].strip()), found["reply"].strip("\r\n")


def sent_at(timestamp: int, now: datetime) -> datetime:
    """Read a time in seconds or milliseconds, as puppets tell either; now for none and for nonsense."""
    seconds = timestamp / 1000 if timestamp >= _MILLISECONDS else timestamp
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else now
    except (OverflowError, ValueError, OSError):
        return now


def addressed(text: str, names: list[str]) -> str:
    """Put mentions before a text, as phones show them; anything that no encoding has becomes a question mark."""
    mentions = "".join(f"@{' '.join(name.split())}{MENTION_END}" for name in names)
    return f"{mentions}{text}".encode("utf-8", "replace").decode()


def _kind(payload: Payload) -> MessageKind:
    if payload.type == _RECALLED:
        return MessageKind.RECALLED
    is_text = payload.type == _TEXT and payload.from_id and not _XML.match(payload.text)
    return MessageKind.TEXT if is_text else MessageKind.OTHER
