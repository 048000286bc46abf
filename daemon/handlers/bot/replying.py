"""One message that is to be answered: limits, command, conversation, reply; and what is said when that fails."""

from __future__ import annotations

import asyncio
import traceback
from collections import OrderedDict
from typing import Final
from urllib.parse import quote

import structlog

from daemon.errors import DeliveryFailed, DeliveryUnknown
from daemon.forum.mentions import Heard
from daemon.forum.rooms import Incoming
from daemon.forum.splitting import well_formed
from daemon.handlers.bot.admission import conversation_of
from daemon.handlers.bot.asking import Answer, Asked, Reply
from daemon.handlers.bot.dispatch_phrases import Phrase, phrase
from daemon.handlers.bot.limits import Limits, Over
from daemon.handlers.bot.screening import Drop
from daemon.metrics import Metrics
from daemon.products.ids import new_id
from daemon.services.contacts import contact_principal
from daemon.services.duty import Duty
from daemon.services.room_sending import RoomSender

_log = structlog.get_logger()

#: Characters of one message that are read.
MOST_TEXT: Final = 4_000
#: Seconds that a command, and that the chat system, may take over one message.
COMMAND_S: Final = 60.0
DIALOGUE_S: Final = 30.0
_ID_LENGTH: Final = 8
_FRAMES: Final = 8
#: People in conversations of whom it is known when they were last answered.
_MOST_SPOKEN_TO: Final = 2_000

#: What became of a message that was not dropped, beside the reasons of Drop.
HANDLED: Final = "handled"
FAILED: Final = "failed"
UNSENT: Final = "unsent"


def shown_place(message: Incoming) -> str:
    """Return where a message was said, for the log, which names nobody."""
    return message.room_id or "private"


class Replying:
    """Answers messages, one call each; no call raises for what a command, a store, the chat or the service does."""

    def __init__(self, duty: Duty, answer: Answer, sender: RoomSender, metrics: Metrics) -> None:
        self._duty, self._answer, self._sender, self._metrics = duty, answer, sender, metrics
        self._spoken_to: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._limits = Limits()

    async def reply_to(
        self, message: Incoming, heard: Heard, received_s: float, *, problem: Exception | None = None
    ) -> Drop | str:
        """Answer a message and return what became of it.

        received_s: when it came, on the monotonic clock. problem: what kept it from being admitted.
        """
        over = self._limits.take(message.sender_id, message.room_id, received_s, self._duty.config.bot)
        if over is not None:
            return await self._hold_off(message, over)
        outcome, reply = await self._outcome(message, heard, problem)
        if reply is None:
            return outcome
        if not await self._say(message, reply):
            return UNSENT if outcome == HANDLED else outcome
        now_s = self._duty.ports.clock.monotonic()
        self._metrics.bot_reply_seconds.observe(now_s - received_s)
        self._note_answered(message, now_s)
        return outcome

    def has_just_answered(self, message: Incoming) -> bool:
        """Tell whether the sender got an answer there within bot.confirm_within: it may have been a question."""
        at_s = self._spoken_to.get((message.sender_id, message.room_id))
        within_s = self._duty.config.bot.confirm_within
        return at_s is not None and self._duty.ports.clock.monotonic() - at_s <= within_s

    def _note_answered(self, message: Incoming, now_s: float) -> None:
        key = (message.sender_id, message.room_id)
        self._spoken_to[key] = now_s
        self._spoken_to.move_to_end(key)
        if len(self._spoken_to) > _MOST_SPOKEN_TO:
            self._spoken_to.popitem(last=False)

    async def _hold_off(self, message: Incoming, over: Over) -> Drop:
        if over.tell:
            key: Phrase = "limited" if over.reason is Drop.PERSON_LIMIT else "room_limited"
            await self._say(message, Reply(text=self._phrase(key)))
        return over.reason

    async def _outcome(self, message: Incoming, heard: Heard, problem: Exception | None) -> tuple[str, Reply | None]:
        if problem is not None:
            return FAILED, self._apology(message, problem)
        try:
            reply = await self._reply(message, heard)
        except asyncio.CancelledError as exc:
            if (task := asyncio.current_task()) is None or task.cancelling():
                raise
            return FAILED, self._apology(message, exc)  # not we: something that the command waited for was cancelled
        except Exception as exc:  # noqa: BLE001  (whatever a command does, the next one is answered)
            return FAILED, self._apology(message, exc)
        return (HANDLED, reply) if reply else (Drop.NOT_ADDRESSED, None)

    def _apology(self, message: Incoming, problem: BaseException) -> Reply:
        """Log a failure without a word of what was said; return what tells the asker the id under which it is there."""
        error_id = new_id()[-_ID_LENGTH:]
        trace = "".join(traceback.format_tb(problem.__traceback__)[-_FRAMES:])
        _log.error("message.failed", error_id=error_id, message=message.id, conversation=shown_place(message),
                   error=type(problem).__name__, trace=trace)  # fmt: skip
        return Reply(text=self._phrase("failed", id=error_id))

    async def _reply(self, message: Incoming, heard: Heard) -> Reply | None:
        if len(heard.text) > MOST_TEXT:
            return Reply(text=self._phrase("too_long", most=MOST_TEXT)) if heard.addressed else None
        asked = Asked(
            text=well_formed(heard.text),
            room_id=message.room_id,
            contact_id=message.sender_id,
            contact_name=well_formed(message.sender_name),
            principal=await contact_principal(self._duty, message.sender_id),
            quote=message.quote,
            at=message.sent_at,
        )
        async with asyncio.timeout(COMMAND_S):
            reply = await self._answer(self._duty, asked)
        if reply is not None or not heard.addressed:
            return reply
        return await self._converse(asked)

    async def _converse(self, asked: Asked) -> Reply:
        dialogue = self._duty.ports.dialogue
        if dialogue is None:
            return Reply(text=self._phrase("no_chat"))
        async with asyncio.timeout(DIALOGUE_S):
            session = f"{quote(asked.room_id, safe='@')}:{asked.contact_id}"  # so that no two of any ids look alike
            return Reply(text=await dialogue.reply(session, asked.text))

    async def _say(self, message: Incoming, reply: Reply) -> bool:
        """Send a reply; tell whether it is out."""
        asker = {message.sender_id: message.sender_name} if reply.mention else {}
        mentions = list((asker | dict(reply.more)).items()) if message.room_id else []
        try:
            await self._sender.send(conversation_of(message), reply.text, mentions)
        except (DeliveryFailed, DeliveryUnknown) as exc:
            _log.warning("reply.lost", message=message.id, conversation=shown_place(message),
                         code=exc.code, reason=str(exc))  # fmt: skip
            return False
        return True

    def _phrase(self, key: Phrase, **values: object) -> str:
        return phrase(self._duty.config.bot.language, key, **values)
