"""What the bot remembers, in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from daemon.adapters.memory.people import MemoryPrincipals
from daemon.errors import Conflict, NotFound
from daemon.forum.principals import Principal
from daemon.forum.rooms import BindingCode, Contact, Handled, Handling, RoomSetting, SentNotice

#: Messages and notices kept at most, the latest ones: a process that runs for months stays as small as it was.
KEPT: Final = 10_000


class MemoryBotStore:
    """A ports.BotStore that is gone with the process."""

    def __init__(self, principals: MemoryPrincipals) -> None:
        self._principals = principals
        self._handled: dict[str, Handled] = {}
        self._codes: dict[str, BindingCode] = {}
        self._contacts: dict[str, Contact] = {}
        self._rooms: dict[str, RoomSetting] = {}
        self._notices: deque[SentNotice] = deque(maxlen=KEPT)
        self._told: dict[tuple[str, str], datetime] = {}

    async def begin(self, message: Handled) -> bool:
        """Remember a message before it is handled; False when it was seen before."""
        if message.id in self._handled:
            return False
        if len(self._handled) >= KEPT:
            del self._handled[next(iter(self._handled))]
        self._handled[message.id] = message
        return True

    async def done(self, message_id: str) -> None:
        """Remember that a message was handled to its end; one that is unknown stays so."""
        if message_id in self._handled:
            self._handled[message_id] = replace(self._handled[message_id], state=Handling.DONE)

    async def interrupted(self) -> Sequence[Handled]:
        """Return what was begun and not done, as interrupted, in the order it began; again until it is done."""
        return [replace(m, state=Handling.INTERRUPTED) for m in self._handled.values() if m.state is Handling.BEGUN]

    async def add_code(self, code: BindingCode) -> None:
        """Keep a one-time code. Raises NotFound for an unknown principal, Conflict for a known code."""
        if self._principals.by_id(code.principal_id) is None:
            raise NotFound(f"there is no principal {code.principal_id!r}")
        if code.code_sha256 in self._codes:
            raise Conflict("there is such a code already")
        self._codes[code.code_sha256] = code

    async def bind(self, code_sha256: str, contact_id: str, now: datetime) -> Contact:
        """Use a code up and bind the contact, whoever it was. Raises NotFound for a code that is good for nothing."""
        code = self._codes.get(code_sha256)
        if code is None or code.expires_at <= now or self._enabled(code.principal_id) is None:
            raise NotFound("there is no such code")
        del self._codes[code_sha256]
        contact = Contact(contact_id=contact_id, principal_id=code.principal_id, bound_at=now)
        self._contacts[contact_id] = contact
        return contact

    async def contact(self, contact_id: str) -> Principal | None:
        """Return the principal that a contact is bound to, None for a stranger or a disabled principal."""
        contact = self._contacts.get(contact_id)
        return None if contact is None else self._enabled(contact.principal_id)

    async def contacts(self) -> Sequence[tuple[Contact, Principal]]:
        """Return every bound contact with its principal, in the order of contact ids."""
        bound = sorted(self._contacts.values(), key=lambda contact: contact.contact_id)
        owners = [(contact, self._principals.by_id(contact.principal_id)) for contact in bound]
        return [(contact, owner) for contact, owner in owners if owner is not None]

    async def unbind(self, contact_id: str) -> None:
        """Make a contact a stranger again. Raises NotFound when it is one."""
        if self._contacts.pop(contact_id, None) is None:
            raise NotFound(f"the contact {contact_id!r} is not bound")

    async def room(self, room_id: str) -> RoomSetting:
        """Return what a room wants to hear, defaults for one that never said."""
        return self._rooms.get(room_id) or RoomSetting(room_id=room_id)

    async def save_room(self, setting: RoomSetting) -> None:
        """Remember what a room wants to hear."""
        self._rooms[setting.room_id] = setting

    async def remember_notice(self, notice: SentNotice) -> None:
        """Remember which incidents a message told of."""
        self._notices.append(notice)

    async def notices(self, conversation_id: str, since: datetime) -> Sequence[SentNotice]:
        """Return the notices sent to a conversation since a time, newest first."""
        found = [n for n in reversed(self._notices) if n.conversation_id == conversation_id and n.sent_at >= since]
        return sorted(found, key=lambda notice: notice.sent_at, reverse=True)

    async def remember_told(self, told: Iterable[tuple[str, str]], now: datetime) -> None:
        """Remember the latest pairs of an entry and a room that may have had it; when, for those not known yet."""
        for pair in told:
            self._told.setdefault(pair, now)
        while len(self._told) > KEPT:
            del self._told[next(iter(self._told))]

    async def forget_told(self, told: Iterable[tuple[str, str]]) -> None:
        """Forget pairs that are not so after all."""
        for pair in told:
            self._told.pop(pair, None)

    async def told(self, entry_ids: Sequence[str]) -> set[tuple[str, str]]:
        """Return the pairs remembered of these entries."""
        asked = set(entry_ids)
        return {pair for pair in self._told if pair[0] in asked}

    async def forget_messages(self, before: datetime) -> int:
        """Delete messages seen, codes expired, notices sent and rooms told before a time; return how many."""
        held = self._held()
        self._handled = {m.id: m for m in self._handled.values() if m.seen_at >= before}
        self._codes = {c.code_sha256: c for c in self._codes.values() if c.expires_at >= before}
        self._notices = deque((n for n in self._notices if n.sent_at >= before), maxlen=KEPT)
        self._told = {pair: at for pair, at in self._told.items() if at >= before}
        return held - self._held()

    def _held(self) -> int:
        return len(self._handled) + len(self._codes) + len(self._notices) + len(self._told)

    def _enabled(self, principal_id: str) -> Principal | None:
        principal = self._principals.by_id(principal_id)
        return None if principal is None or principal.disabled_at is not None else principal
