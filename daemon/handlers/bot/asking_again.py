"""Whoever was interrupted by the end of the last daemon is asked to repeat."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from daemon.forum.rooms import Handled
from daemon.handlers.bot.admission import Admission
from daemon.handlers.bot.dispatch_phrases import phrase
from daemon.handlers.bot.insisting import insist
from daemon.handlers.bot.screening import answers_in
from daemon.ports import Messenger
from daemon.services.duty import Duty
from daemon.services.room_sending import RoomSender

#: How many people one message asks.
AT_ONCE: Final = 10


async def ask_again(
    duty: Duty, messenger: Messenger, sender: RoomSender, admission: Admission, interrupted: Sequence[Handled]
) -> None:
    """Ask everybody once, a message for many of a room, as soon as the messenger is online.

    A row is done when its sender was asked: a daemon that dies over this leaves the rest to the next one.
    """
    for rows in _together(interrupted):
        if _may_be_asked(duty, rows[0]):
            await _ask(duty, messenger, sender, rows)
        for row in rows:
            await admission.finish(row.id)


def _together(interrupted: Iterable[Handled]) -> Iterator[list[Handled]]:
    """Yield the rows of a conversation together, of no more than so many people at once."""
    places: dict[str, list[Handled]] = {}
    for row in interrupted:
        rows = places.setdefault(row.conversation_id, [])
        if len({known.sender_id for known in rows} | {row.sender_id}) > AT_ONCE:
            yield places.pop(row.conversation_id)
            rows = places.setdefault(row.conversation_id, [])
        rows.append(row)
    yield from places.values()


def _may_be_asked(duty: Duty, row: Handled) -> bool:
    """Tell whether a conversation is still one that the bot answers in."""
    section = duty.config.bot
    if row.conversation_id == row.sender_id:
        return section.private != "ignore"
    return answers_in(row.conversation_id, section)


async def _ask(duty: Duty, messenger: Messenger, sender: RoomSender, rows: Sequence[Handled]) -> None:
    conversation = rows[0].conversation_id
    people = {row.sender_id: row.sender_name for row in rows}
    mentions = [] if conversation in people else list(people.items())
    text = phrase(duty.config.bot.language, "interrupted")
    await insist(messenger, duty.ports.clock, sender, conversation, text, mentions, messages=len(rows))
