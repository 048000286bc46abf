"""Notices in the rooms of the bot, each as the room asked for it; an answer to one finds the incidents it told of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Final, Protocol

import structlog

from daemon.errors import DeliveryFailed, DeliveryUnknown, ZhibanError
from daemon.forum.rooms import RoomSetting, Sent, SentNotice
from daemon.ports import BotStore, Clock
from daemon.products.gathering import Bundle, Form
from daemon.products.handles import told_by_part
from daemon.products.ids import new_id
from daemon.products.incidents import News
from daemon.products.notices import Entry, Message
from daemon.products.verdicts import Severity
from daemon.products.wording import Wording

_log = structlog.get_logger()

#: Characters of each part of a notice that are remembered, for services that quote without an id.
QUOTED: Final = 200


class Send(Protocol):
    """What brings a text into a room, in as many messages as it needs; returns these.

    patience_s: for how long it may wait for its turn. beforehand: awaited when the turn has come. Raises DeliveryFailed
    when nothing arrived, DeliveryUnknown when some of it may have.
    """

    def __call__(
        self,
        conversation_id: str,
        text: str,
        mentions: Sequence[tuple[str, str]] = (),
        *,
        patience_s: float | None = None,
        beforehand: Callable[[], Awaitable[None]] | None = None,
    ) -> Awaitable[tuple[Sent, ...]]:
        """Send."""


class RoomNotifier:
    """Ports Notifier and Resumable over the rooms of a messenger.

    Nobody can tell two messages of a room apart, so it is not idempotent; a room that has had an entry does not get
    it again because another room has not, also not after a restart.

    rooms: ids. named: the name to show of a contact. wording: for rooms that want only some of a message's entries.
    """

    idempotent = False

    def __init__(
        self,
        name: str,
        rooms: Sequence[str],
        *,
        send: Send,
        store: BotStore,
        clock: Clock,
        named: Callable[[str], Awaitable[str]],
        wording: Callable[[], Wording],
        timeout_s: float,
    ) -> None:
        self.name, self._rooms = name, tuple(rooms)
        self._send, self._store, self._clock, self._named, self._wording = send, store, clock, named, wording
        self._patience_s = timeout_s / max(1, len(self._rooms))

    async def send(self, message: Message) -> None:
        """Send to every room that wants it; a room that fails keeps no other from hearing.

        Raises DeliveryFailed while a room has certainly not had it, else DeliveryUnknown where one may have.
        """
        failed: list[DeliveryFailed] = []
        unsure: list[DeliveryUnknown] = []
        before = await self._store.told([entry.id for entry in message.entries])
        for room in self._rooms:
            try:
                await self._tell(room, message, before)
            except DeliveryFailed as exc:
                failed.append(exc)
            except DeliveryUnknown as exc:
                unsure.append(exc)
        passing = [problem for problem in failed if not problem.permanent]
        if passing:
            raise passing[0]
        if unsure:
            raise unsure[0]
        if failed and len(failed) == len(self._rooms):
            raise failed[0]
        for problem in failed:
            _log.warning("notice.room_lost", channel=self.name, message=message.id, reason=str(problem))

    async def unsent(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the entries that a room has certainly not had, and wants."""
        told = await self._store.told([entry.id for entry in entries])
        settings = [await self._store.room(room) for room in self._rooms]
        hearing = [setting for setting in settings if not setting.is_muted(self._clock.now())]
        return [
            entry for entry in entries if any(wants(s, entry) and (entry.id, s.room_id) not in told for s in hearing)
        ]

    async def _tell(self, room: str, message: Message, before: set[tuple[str, str]]) -> None:
        """Send to a room what it wants and has not had. From the moment of its turn on it may have had it."""
        setting = await self._store.room(room)
        if setting.is_muted(self._clock.now()):
            _log.info("notice.withheld", channel=self.name, message=message.id, room=room, reason="muted")
            return
        entries = tuple(e for e in message.entries if wants(setting, e) and (e.id, room) not in before)
        if not entries:
            return
        text = self._text(message, entries)
        mentions = await self._mentions(setting, entries)
        pairs = {(entry.id, room) for entry in entries}
        begin = partial(self._begin, pairs)
        try:
            sent = await self._send(room, text, mentions, patience_s=self._patience_s, beforehand=begin)
        except DeliveryFailed:
            await self._store.forget_told(pairs)
            raise
        await self._remember(room, sent, entries)

    async def _begin(self, pairs: set[tuple[str, str]]) -> None:
        try:
            await self._store.remember_told(pairs, self._clock.now())
        except ZhibanError as exc:
            raise DeliveryFailed(f"it could not be noted who is told: {exc}") from exc

    def _text(self, message: Message, entries: tuple[Entry, ...]) -> str:
        subject, text = message.subject, message.text
        if len(entries) < len(message.entries):
            subject, text = self._wording().render(Bundle(form=Form(message.form), entries=entries), self.name)
        return f"{subject}\n{text}".strip()

    async def _mentions(self, setting: RoomSetting, entries: Iterable[Entry]) -> tuple[tuple[str, str], ...]:
        if not setting.on_call or all(entry.news != News.ESCALATED for entry in entries):
            return ()
        return ((setting.on_call, await self._named(setting.on_call)),)

    async def _remember(self, room: str, sent: Sequence[Sent], entries: Iterable[Entry]) -> None:
        incidents = tuple(dict.fromkeys(entry.incident_id for entry in entries if entry.incident_id))
        if not incidents:
            return
        now, notice_id = self._clock.now(), new_id()
        for part, told in zip(sent, told_by_part([part.text for part in sent], incidents), strict=True):
            notice = SentNotice(
                message_id=part.id or new_id(),  # a service that tells no ids quotes by text
                conversation_id=room,
                incident_ids=told,
                sent_at=now,
                text=part.text[:QUOTED],
                notice_id=notice_id if len(sent) > 1 else "",
            )
            await self._store.remember_notice(notice)


def wants(setting: RoomSetting, entry: Entry) -> bool:
    """Tell whether a room has subscribed to an entry. What is of no rule, such as a digest, everybody hears."""
    if not entry.rule:
        return True
    if setting.min_severity and entry.severity.rank < Severity(setting.min_severity).rank:
        return False
    if not setting.rules and not setting.categories:
        return True
    named = (entry.category or "").casefold()
    return entry.rule in setting.rules or any(category.casefold() == named for category in setting.categories)
