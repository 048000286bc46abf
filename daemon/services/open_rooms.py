"""What people say and read in the rooms inside the daemon."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Final

from daemon.errors import Forbidden, NotFound
from daemon.forum.rooms import RoomMessage
from daemon.ports import Actor, OpenRooms
from daemon.services.duty import Duty

#: What somebody names who means their private chat with the bot.
PRIVATE: Final = "@me"


async def speak(duty: Duty, actor: Actor, text: str, *, room: str = "", quote_id: str = "") -> RoomMessage:
    """Say something in a room, the first one where none is named; return when the bot has taken it.

    Raises NotFound, Forbidden, Unavailable. From then on an answer comes, or a daemon that dies before it asks the
    speaker to repeat.

    The bot knows only the person who speaks and lets them do what their role allows; so whoever holds a token of
    fewer scopes than that must not speak with it.
    """
    rooms = _rooms(duty)
    principal = await duty.ports.principals.by_name(actor.name)
    if not principal.scopes <= actor.scopes:
        raise Forbidden(f"speaking needs a token with all that the role {principal.role} may do")
    place = "" if room == PRIVATE else _named(rooms, room)
    said = await rooms.post(actor.id, actor.name, place, text, quote_id)
    await rooms.taken(said.id)
    return said


async def said(duty: Duty, actor: Actor, *, room: str, after: str, limit: int) -> Sequence[RoomMessage]:
    """Return messages after one, oldest first, or the latest with after "". Raises NotFound."""
    rooms = _rooms(duty)
    if room == PRIVATE:
        return await rooms.history(actor.id, after, limit)
    return await rooms.history(_named(rooms, room), after, limit)


def listen(duty: Duty, actor: Actor, *, room: str, after: str) -> AsyncGenerator[RoomMessage, None]:
    """Iterate over what is said after a message, or from now on with after ""; to be closed.

    Raises NotFound, Unavailable.
    """
    rooms = _rooms(duty)
    return rooms.watch(actor.id if room == PRIVATE else _named(rooms, room), after)


def _rooms(duty: Duty) -> OpenRooms:
    if duty.ports.rooms is None:
        raise NotFound('there is no room inside this daemon: [bot] kind is not "local"')
    return duty.ports.rooms


def _named(rooms: OpenRooms, room: str) -> str:
    """Return a room's id. Whoever names anything else shall not read the private chat of another."""
    if room and room not in rooms.room_ids:
        raise NotFound(f"there is no room {room!r}; there is {', '.join(rooms.room_ids)}")
    return room or rooms.room_ids[0]
