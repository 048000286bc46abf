"""Group rooms inside the daemon: for trying the bot without WeChat, and for tests.

A principal is its own contact here: the id of a person's contact is that of the principal whose token they use.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

import structlog

from daemon.errors import DeliveryFailed, NotFound, Unavailable
from daemon.forum.rooms import Connection, Incoming, Outgoing, Quote, RoomMessage, Standing
from daemon.ports import Clock
from daemon.products.ids import new_id

_log = structlog.get_logger()

#: The room where none is configured.
DEFAULT_ROOM: Final = "team"
#: Messages that a conversation keeps, for whoever comes later.
HISTORY: Final = 500
#: Readers at a time, of all conversations together.
WATCHERS: Final = 200
#: Contact id of the bot; no principal's id is a word.
SELF_ID: Final = "bot"
#: Ids of principals, whose private chats are there from the first word on.
_PERSON: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class _Conversation:
    """What was said in one place. A reader waits for `news`, which is replaced whenever it is set."""

    kept: deque[RoomMessage]
    news: asyncio.Event = field(default_factory=asyncio.Event)
    last_id: str = ""
    forgotten_id: str = ""  # of the newest message that is no longer kept

    def add(self, message: RoomMessage) -> None:
        if len(self.kept) == self.kept.maxlen:
            self.forgotten_id = self.kept[0].id
        self.kept.append(message)
        self.last_id = message.id
        self.wake()

    def wake(self) -> None:
        self.news.set()
        self.news = asyncio.Event()

    def after(self, message_id: str) -> list[RoomMessage]:
        """Return what came after a message; ids of an earlier daemon sort before all of this one's."""
        newer: deque[RoomMessage] = deque()
        for message in reversed(self.kept):
            if message.id <= message_id:
                break
            newer.appendleft(message)
        return list(newer)


class LocalRoom:
    """Ports Messenger and OpenRooms over memory. What it keeps is bounded, and gone with the process."""

    name = "local"
    confirms = True

    def __init__(
        self,
        clock: Clock,
        *,
        bot_name: str = "zhiban",
        rooms: Sequence[str] = (),
        inbox: int = 1000,
        history: int = HISTORY,
    ) -> None:
        self._clock, self._bot_name = clock, bot_name
        self._inbox: asyncio.Queue[Incoming] = asyncio.Queue(inbox)
        self._history = history
        self._rooms = tuple(rooms) or (DEFAULT_ROOM,)
        self._conversations = {room: self._fresh() for room in self._rooms}
        self._unsettled: dict[str, asyncio.Event] = {}
        self._since, self._closed = clock.now(), False
        #: Readers just now.
        self.watching = 0
        #: Messages that were refused because the bot had too much to read.
        self.dropped = 0

    @property
    def room_ids(self) -> Sequence[str]:
        """Return the ids of the rooms; the first is meant where none is named."""
        return self._rooms

    @property
    def standing(self) -> Standing:
        """Return how it stands: online until it is closed."""
        connection = Connection.STOPPED if self._closed else Connection.ONLINE
        return Standing(connection=connection, since=self._since, self_id=SELF_ID, self_name=self._bot_name)

    @property
    def waiting(self) -> int:
        """Return how many messages the bot has not read yet."""
        return self._inbox.qsize()

    async def receive(self) -> Incoming:
        """Wait for the next message of a person."""
        return await self._inbox.get()

    def settle(self, message_id: str) -> None:
        """Let whoever waits for it know that the bot has taken a message."""
        if settled := self._unsettled.pop(message_id, None):
            settled.set()

    async def send(self, message: Outgoing) -> str:
        """Say something as the bot. Raises DeliveryFailed for an unknown conversation, and once closed."""
        if self._closed:
            raise DeliveryFailed("the rooms are closed: the daemon stops")
        place = message.conversation_id
        if place not in self._conversations and not _PERSON.fullmatch(place):
            raise DeliveryFailed(f"there is no room {place!r} in this daemon", permanent=True)
        said = self._said(
            place, SELF_ID, self._bot_name, _addressed(message), self._clock.now(), by_bot=True,
            mentions=tuple(contact for contact, _ in message.mentions),
        )  # fmt: skip
        self._conversation(place).add(said)
        return said.id

    async def post(
        self, speaker_id: str, speaker_name: str, room_id: str, text: str, quote_id: str = ""
    ) -> RoomMessage:
        """Say something as a person; room_id "" in private. Raises NotFound, Unavailable."""
        if room_id and room_id not in self._rooms:
            raise NotFound(f"there is no room {room_id!r}; there is {', '.join(self._rooms)}")
        place = room_id or speaker_id
        conversation = self._conversation(place)
        if self._closed:
            raise Unavailable("the rooms are closed: the daemon stops")
        if self._inbox.full():
            self.dropped += 1
            _log.warning("message.dropped", messenger=self.name, reason="inbox_full", conversation=place)
            raise Unavailable(f"{self._bot_name} has {self._inbox.qsize()} messages to read first; say it again later")
        said = self._said(
            place, speaker_id, speaker_name, text, self._clock.now(), quote=_quoted(conversation, quote_id)
        )
        conversation.add(said)
        self._unsettled[said.id] = asyncio.Event()
        self._inbox.put_nowait(self._heard(said, room_id))
        return said

    async def taken(self, message_id: str) -> None:
        """Wait until the bot has taken a message. Raises Unavailable when the rooms close before that."""
        settled = self._unsettled.get(message_id)
        if settled is None:
            return
        await settled.wait()
        if message_id in self._unsettled:
            raise Unavailable("the daemon stops, and the bot has not read this; say it again later")

    async def history(self, conversation: str, after: str = "", limit: int = HISTORY) -> Sequence[RoomMessage]:
        """Return up to `limit` messages after one, oldest first; the latest ones with after ""."""
        place = self._conversation(conversation)
        if after:
            return place.after(after)[:limit]
        return list(islice(place.kept, max(0, len(place.kept) - limit), None))

    def watch(self, conversation: str, after: str = "") -> AsyncGenerator[RoomMessage, None]:
        """Iterate over what is said after a message, or from now on, until closed. Raises Unavailable at once.

        A reader holds nothing but its place: one that is slower than the history misses what was forgotten meanwhile.
        """
        if self.watching >= WATCHERS:
            raise Unavailable(f"{self.watching} readers watch already")
        place = self._conversation(conversation)
        return self._follow(place, after or place.last_id)

    async def _follow(self, place: _Conversation, seen: str) -> AsyncGenerator[RoomMessage, None]:
        self.watching += 1
        try:
            while not self._closed:
                news, newer = place.news, place.after(seen)
                if newer and seen and seen < place.forgotten_id:
                    _log.info("room.reader_lagged", conversation=newer[0].room)
                for message in newer:
                    yield message
                    seen = message.id
                if not newer:
                    await news.wait()
        finally:
            self.watching -= 1

    def close(self) -> None:
        """Take and send nothing more, and end what watches."""
        self._closed, self._since = True, self._clock.now()
        for conversation in self._conversations.values():
            conversation.wake()
        for unread in self._unsettled.values():
            unread.set()

    def _fresh(self) -> _Conversation:
        return _Conversation(deque(maxlen=self._history))

    def _conversation(self, place: str) -> _Conversation:
        """Return a room, else the private chat of the person of that id, which is there from the first look on."""
        if place not in self._conversations:
            self._conversations[place] = self._fresh()
        return self._conversations[place]

    def _said(self, place: str, sender_id: str, sender_name: str, text: str, now: datetime, *, by_bot: bool = False,
              mentions: tuple[str, ...] = (), quote: Quote | None = None) -> RoomMessage:  # fmt: skip
        return RoomMessage(
            id=new_id(), room=place, sender_id=sender_id, sender_name=sender_name, text=text, sent_at=now,
            by_bot=by_bot, mentions=mentions, quote=quote,
        )  # fmt: skip

    def _heard(self, said: RoomMessage, room_id: str) -> Incoming:
        return Incoming(
            id=said.id,
            room_id=room_id,
            sender_id=said.sender_id,
            sender_name=said.sender_name,
            text=said.text,
            sent_at=said.sent_at,
            quote=said.quote,
            names=(self._bot_name,),
        )


def _addressed(message: Outgoing) -> str:
    """Return the text with those whom it mentions before it, as people see it in a group."""
    names = " ".join(f"@{name}" for _, name in message.mentions)
    return f"{names} {message.text}" if names else message.text


def _quoted(conversation: _Conversation, quote_id: str) -> Quote | None:
    """Return what is answered; of a message that is no longer kept, the id alone."""
    if not quote_id:
        return None
    return Quote(quote_id, next((said.text for said in conversation.kept if said.id == quote_id), ""))
