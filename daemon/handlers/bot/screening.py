"""Which messages the bot looks at: what can be told without asking any store."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from daemon.config import BotSection
from daemon.forum.mentions import BLANKS
from daemon.forum.rooms import Incoming, MessageKind


class Drop(StrEnum):
    """Why a message is not answered; the `outcome` of zhiban_bot_messages and the `reason` in the log."""

    OWN = "own"
    RECALLED = "recalled"
    UNSUPPORTED = "unsupported"  # pictures, stickers, cards, XML, what nobody knows
    INCOMPLETE = "incomplete"  # without an id or a sender
    OLD = "old"
    EMPTY = "empty"
    ROOM = "room_not_allowed"
    PRIVATE = "private_ignored"
    STRANGER = "stranger"  # a private chat of a contact that is not bound
    NOT_ADDRESSED = "not_addressed"
    DUPLICATE = "duplicate"
    PERSON_LIMIT = "person_limit"
    ROOM_LIMIT = "room_limit"
    OVERFLOW = "overflow"  # more than may wait in one conversation


#: What a group is full of, or what a service repeats by its nature: no line in the log at INFO.
ORDINARY: Final = frozenset(
    {Drop.OWN, Drop.RECALLED, Drop.UNSUPPORTED, Drop.EMPTY, Drop.NOT_ADDRESSED, Drop.DUPLICATE, Drop.ROOM}
)
_MARKUP: Final = ("<?xml", "<msg", "<appmsg", "<sysmsg", "<emoji")


def screened(message: Incoming, self_id: str, section: BotSection, now: datetime) -> Drop | None:
    """Return why a message is not looked at, None where it is. What the bot said itself is looked at first."""
    if message.is_own or (self_id and message.sender_id == self_id):
        return Drop.OWN
    if message.kind is not MessageKind.TEXT:
        return Drop.RECALLED if message.kind is MessageKind.RECALLED else Drop.UNSUPPORTED
    if not message.id or not message.sender_id:
        return Drop.INCOMPLETE
    if now - message.sent_at > timedelta(seconds=section.max_age):
        return Drop.OLD
    return _from_elsewhere(message, section) or _of_nothing(message.text)


def answers_in(room_id: str, section: BotSection) -> bool:
    """Tell whether a room is on the allow list; an empty list allows any."""
    return not section.rooms or room_id in section.rooms


def _from_elsewhere(message: Incoming, section: BotSection) -> Drop | None:
    if message.room_id:
        return None if answers_in(message.room_id, section) else Drop.ROOM
    return Drop.PRIVATE if section.private == "ignore" else None


def _of_nothing(text: str) -> Drop | None:
    shown = text.strip(BLANKS)
    if not shown:
        return Drop.EMPTY
    return Drop.UNSUPPORTED if shown.startswith(_MARKUP) else None
