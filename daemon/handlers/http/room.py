"""/room: the rooms inside the daemon, for those who try the bot without WeChat."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from daemon.forum.principals import Scope
from daemon.forum.rooms import RoomMessage
from daemon.handlers.http.answers import Listed, to_json
from daemon.handlers.http.event_stream import EVENT_STREAM, stream_events
from daemon.handlers.http.models import MAX_PAGE, Body, Query, Word, digits
from daemon.handlers.http.problems import BadRequest
from daemon.handlers.http.routes import Call, get, post
from daemon.services import open_rooms

_MESSAGE_ID: Final = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"

MessageId = Annotated[str, Field(pattern=_MESSAGE_ID)]
#: Lines of text of which something can be seen.
Text = Annotated[
    str, Field(max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x08\x0b-\x1f\x7f]*$")
]


class Said(Body):
    """Something to say. room: the first one if left out, "@me" for the private chat; quote: id of what it answers."""

    text: Text
    room: Word = ""
    quote: MessageId | None = None


class RoomQuery(Query):
    """Which messages: after the one of that id, else the latest."""

    room: Word = ""
    after: MessageId | None = None


class RoomPage(RoomQuery):
    """And how many."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE), digits] = 50


async def say_in_room(call: Call) -> RoomMessage:
    """POST /room/messages."""
    sent = call.sent(Said)
    return await open_rooms.speak(call.duty, call.actor, sent.text, room=sent.room, quote_id=sent.quote or "")


async def list_room(call: Call) -> Listed[RoomMessage]:
    """GET /room/messages; next_cursor: the `after` of the next page, where there is one."""
    asked = call.asked(RoomPage)
    found = await open_rooms.said(
        call.duty, call.actor, room=asked.room, after=asked.after or "", limit=asked.limit + 1
    )
    if asked.after is None:
        return Listed(tuple(found[-asked.limit :]), None)
    shown = tuple(found[: asked.limit])
    return Listed(shown, shown[-1].id if len(found) > len(shown) else None)


async def stream_room(call: Call) -> web.StreamResponse:
    """GET /room/stream, as server-sent events (WHATWG HTML, 9.2): the message as JSON, its id as the event's.

    A reader that takes nothing for http.request_timeout is cut off; nothing is kept for it, so that it costs nothing.
    """
    asked = call.asked(RoomQuery)
    messages = open_rooms.listen(
        call.duty, call.actor, room=asked.room, after=_last_seen(call.request) or asked.after or ""
    )
    return await stream_events(call.request, _events(messages))


def _last_seen(request: web.Request) -> str:
    given = request.headers.get("Last-Event-ID", "")
    if given and not re.fullmatch(_MESSAGE_ID, given):
        raise BadRequest("Last-Event-ID: expected the id of a message")
    return given


async def _events(messages: AsyncGenerator[RoomMessage, None]) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(messages):
        async for message in messages:
            yield b"id: %s\ndata: %s\n\n" % (message.id.encode(), to_json(message))


ROUTES = (
    post("/room/messages", say_in_room, RoomMessage, "Say something in a room of the daemon", Scope.READ, body=Said,
         status=201),
    get("/room/messages", list_room, Listed[RoomMessage], "List what was said in a room, oldest first", query=RoomPage,
        refusals=(404,)),
    get("/room/stream", stream_room, str, "Follow a room as server-sent events; resumes after Last-Event-ID",
        query=RoomQuery, produces=EVENT_STREAM, timed=False, refusals=(404,)),
)  # fmt: skip
