"""Which messages are answered, as far as stores must be asked; what is answered is remembered beforehand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

import structlog

from daemon.errors import Unavailable, ZhibanError
from daemon.forum.commands import folded, parse, trimmed
from daemon.forum.mentions import Heard
from daemon.forum.quoting import quoted_notices, whole_notices
from daemon.forum.rooms import Handled, Handling, Incoming
from daemon.handlers.bot.screening import Drop
from daemon.ports import BotStore
from daemon.services.contacts import contact_principal
from daemon.services.duty import Duty

_log = structlog.get_logger()
T = TypeVar("T")

#: How often the store is asked, and seconds between two tries.
STORE_TRIES: Final = 3
STORE_RETRY_S: Final = 0.5
#: How old a notice may be that somebody quotes.
QUOTED_WITHIN: Final = timedelta(days=30)
#: Words that alone, without a mention, mean the one notice of the last minutes.
ACKS: Final = frozenset({"ack", "acknowledge", "确认", "认领", "接手"})
#: Words that alone, without a mention, answer the bot's question to whom it has just spoken.
DECISIONS: Final = frozenset({"yes", "y", "ok", "no", "n", "cancel"}) | frozenset(
    {"是", "是的", "确认", "确定", "好", "好的", "否", "不", "不是", "取消"}
)
#: The first word of what a stranger may say in private.
INTRODUCTIONS: Final = frozenset({"bind", "绑定"})
#: Characters at the beginning of a text among which one of these words is looked for.
_FIRST: Final = 100


def conversation_of(message: Incoming) -> str:
    """Return where an answer goes: to the room, or to the contact of a private chat."""
    return message.room_id or message.sender_id


def is_candidate(message: Incoming, heard: Heard) -> bool:
    """Tell whether a message may be meant for the bot. What only chats along in a group costs no look at a store."""
    return heard.addressed or message.quote is not None or _is_one_of(ACKS, heard.text)


def is_decision(text: str) -> bool:
    """Tell whether a text is nothing but a yes or a no."""
    return _is_one_of(DECISIONS, text)


class Admission:
    """Asks the store whether to answer, and tells it what was answered."""

    def __init__(self, duty: Duty, store: BotStore) -> None:
        self._duty, self._store = duty, store

    async def admit(self, message: Incoming, heard: Heard, *, expected: bool = False) -> Drop | None:
        """Return why a candidate is not answered; None: it is, and is remembered as begun. Raises Unavailable.

        expected: it may answer a question of the bot.
        """
        if not (heard.addressed or expected) and not await self._answers_a_notice(message):
            return Drop.NOT_ADDRESSED
        if not message.room_id and await self._is_stranger(message, heard):
            return Drop.STRANGER
        row = Handled(
            id=message.id,
            conversation_id=conversation_of(message),
            sender_id=message.sender_id,
            sender_name=message.sender_name,
            state=Handling.BEGUN,
            seen_at=self._duty.ports.clock.now(),
        )
        is_new = await self._insisted(lambda: self._store.begin(row))
        return None if is_new else Drop.DUPLICATE

    async def finish(self, message_id: str) -> None:
        """Remember that a message was handled to its end. Where that fails, its sender is asked after a restart."""
        try:
            await self._insisted(lambda: self._store.done(message_id))
        except ZhibanError as exc:
            _log.error("message.unfinished", message=message_id, code=exc.code)

    async def _answers_a_notice(self, message: Incoming) -> bool:
        now = self._duty.ports.clock.now()
        if message.quote is not None:
            notices = await self._store.notices(message.room_id, now - QUOTED_WITHIN)
            return bool(quoted_notices(message.quote, notices))
        within = timedelta(seconds=self._duty.config.bot.answer_within)
        return len(whole_notices(await self._store.notices(message.room_id, now - within))) == 1

    async def _is_stranger(self, message: Incoming, heard: Heard) -> bool:
        words = parse(heard.text[:_FIRST]).words
        if words and trimmed(words[0].text) in INTRODUCTIONS:
            return False
        return await contact_principal(self._duty, message.sender_id) is None

    async def _insisted(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask a store that may be busy for a moment. begin and done mean the same when they are repeated."""
        for _ in range(STORE_TRIES - 1):
            try:
                return await ask()
            except Unavailable:
                await self._duty.ports.clock.sleep(STORE_RETRY_S)
        return await ask()


def _is_one_of(words: frozenset[str], text: str) -> bool:
    return len(text) <= _FIRST and trimmed(folded(text).strip()) in words
