"""Where the bot hears and speaks, and what it must not forget."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from daemon.forum.principals import Principal
from daemon.forum.rooms import (
    BindingCode,
    Contact,
    Handled,
    Incoming,
    Outgoing,
    RoomMessage,
    RoomSetting,
    SentNotice,
    Standing,
)


class Messenger(Protocol):
    """A chat service, or a room inside the daemon.

    confirms: whoever speaks learns when a message was not taken. Where they don't, they are told that the daemon died.
    """

    name: str
    confirms: bool

    @property
    def standing(self) -> Standing:
        """Return how it stands to its service."""

    async def receive(self) -> Incoming:
        """Wait for the next message. The inbox behind it is bounded; what overflows is counted and logged."""

    def settle(self, message_id: str) -> None:
        """Be told that a received message is remembered, or needs no answer."""

    async def send(self, message: Outgoing) -> str:
        """Send; return the id of the message, "" where the service tells none.

        Raises DeliveryFailed when it was clearly not taken, DeliveryUnknown when that cannot be told.
        """


class OpenRooms(Protocol):
    """Rooms inside the daemon, for those who speak and read there through it. A person is known by principal id.

    conversation: the id of a room, or of the person whose private chat with the bot it is; whoever calls sees to it
    that nobody reads another's. A private chat is there from the first look on.
    """

    @property
    def room_ids(self) -> Sequence[str]:
        """Return the ids of the rooms; the first is meant where none is named."""

    async def post(self, speaker_id: str, speaker_name: str, room_id: str, text: str, quote_id: str) -> RoomMessage:
        """Say something; room_id "" in private, quote_id "" for no answer to another message.

        Raises NotFound for a room that is not there, Unavailable while the bot has too much to read already.
        """

    async def taken(self, message_id: str) -> None:
        """Wait until the bot remembers what was said, or knows that it needs no answer.

        Raises Unavailable when the rooms close before that.
        """

    async def history(self, conversation: str, after: str, limit: int) -> Sequence[RoomMessage]:
        """Return up to `limit` messages after one, oldest first; the latest ones with after ""."""

    def watch(self, conversation: str, after: str) -> AsyncGenerator[RoomMessage, None]:
        """Iterate over messages after one, or over those to come with after "", until the rooms close; to be closed.

        Raises Unavailable when too many watch already.
        """

    def close(self) -> None:
        """Take and send nothing more, and end what watches."""


class BotStore(Protocol):
    """What the bot must not forget over a restart."""

    async def begin(self, message: Handled) -> bool:
        """Remember a message before it is handled; False when it was seen before."""

    async def done(self, message_id: str) -> None:
        """Remember that a message was handled to its end."""

    async def interrupted(self) -> Sequence[Handled]:
        """Return what was begun and not done, as interrupted, oldest first: asked at start, before anything new begins.

        It is told again until it is done, so that whoever must be asked to repeat is asked, whatever happens meanwhile.
        """

    async def add_code(self, code: BindingCode) -> None:
        """Keep a one-time code."""

    async def bind(self, code_sha256: str, contact_id: str, now: datetime) -> Contact:
        """Use a code up and bind the contact. Raises NotFound for a code that is unknown, used or expired."""

    async def contact(self, contact_id: str) -> Principal | None:
        """Return the principal that a contact is bound to, None for a stranger or a disabled principal."""

    async def contacts(self) -> Sequence[tuple[Contact, Principal]]:
        """Return every bound contact with its principal, in the order of contact ids."""

    async def unbind(self, contact_id: str) -> None:
        """Make a contact a stranger again. Raises NotFound when it is one."""

    async def room(self, room_id: str) -> RoomSetting:
        """Return what a room wants to hear, defaults for one that never said."""

    async def save_room(self, setting: RoomSetting) -> None:
        """Remember what a room wants to hear."""

    async def remember_notice(self, notice: SentNotice) -> None:
        """Remember which incidents a message told of."""

    async def notices(self, conversation_id: str, since: datetime) -> Sequence[SentNotice]:
        """Return the notices sent to a conversation since a time, newest first."""

    async def remember_told(self, told: Iterable[tuple[str, str]], now: datetime) -> None:
        """Remember pairs of an entry of the outbox and a room that has had it, or may have, from now on."""

    async def forget_told(self, told: Iterable[tuple[str, str]]) -> None:
        """Forget pairs again: those rooms have certainly not had the entries."""

    async def told(self, entry_ids: Sequence[str]) -> set[tuple[str, str]]:
        """Return the pairs remembered of these entries."""

    async def forget_messages(self, before: datetime) -> int:
        """Delete handled messages, codes, notices and who was told what, of before a time; return how many."""


class Dialogue(Protocol):
    """Whoever answers what is no command."""

    async def reply(self, session: str, text: str) -> str:
        """Return an answer. session: one for each person in each room: the room's id, quoted, a colon, the person's."""
