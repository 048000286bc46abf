"""The one way that messages go into rooms: split, in order, paced, and not repeated where they may have arrived."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from math import inf
from typing import Final
from weakref import WeakValueDictionary

import structlog

from daemon.config import BotSection
from daemon.errors import DeliveryFailed, DeliveryUnknown
from daemon.forum.buckets import Buckets
from daemon.forum.rooms import Outgoing, Sent
from daemon.forum.splitting import size_of, split, well_formed
from daemon.ports import Clock, Messenger

_log = structlog.get_logger()

#: How often one part is tried that the service clearly did not take.
TRIES: Final = 4
#: Seconds before the second try; each further one waits twice as long.
BACKOFF_S: Final = 1.0
#: Nobody waits longer than this for one try, in seconds: what is asked to wait longer is given back to the caller.
MOST_WAIT_S: Final = 60.0
#: Seconds after which a send that did not return is given up as unknown; adapters have closer deadlines of their own.
DEADLINE_S: Final = 30.0
#: Notices, which may wait, leave this share of what may go out at once to answers, which should not.
RESERVE: Final = 1 / 3
#: A wait below this, in seconds, is none: sums of times are not exact.
_ROUNDING_S: Final = 0.001
#: Every wait is longer by at most this share of the interval between two messages, at random.
JITTER: Final = 0.25
#: Characters shown of a name that is mentioned, and the least bytes of a part that are left for the text.
_NAME: Final = 64
_LEAST: Final = 40


class RoomSender:
    """Sends for everybody who says something in rooms: one a messenger, so that its limits hold for all together.

    section: asked anew for each message, so that a reload takes hold. observe: told "sent", "failed" or "unknown" of
    each try.
    """

    def __init__(
        self,
        messenger: Messenger,
        clock: Clock,
        section: Callable[[], BotSection],
        *,
        observe: Callable[[str], None] = lambda _result: None,
        rng: random.Random | None = None,
    ) -> None:
        self._messenger, self._clock, self._section, self._observe = messenger, clock, section, observe
        self._rng = rng or random.Random()  # noqa: S311 spreads load, guards nothing
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._rates = (0, 0)
        self._all, self._rooms = Buckets.strict(1), Buckets.strict(1)
        self._held_until_s = 0.0

    async def send(
        self,
        conversation_id: str,
        text: str,
        mentions: Sequence[tuple[str, str]] = (),
        *,
        patience_s: float | None = None,
        beforehand: Callable[[], Awaitable[None]] | None = None,
    ) -> tuple[Sent, ...]:
        """Send a text of any length in as many messages as it needs; return these, () for a blank text.

        mentions: contact ids with the names to show, on the first message. patience_s: for how long all of it may
        wait for its turn or to be tried again; None: as long as it takes. beforehand: awaited when the turn has come,
        and nothing was sent so far. Raises DeliveryFailed when nothing arrived, with retry_after_s where it was not
        this one's turn, and DeliveryUnknown when all or a part of it may have.
        """
        named = tuple((contact, _shown(name)) for contact, name in mentions)
        parts = list(self._parts(text, named))
        sent: list[Sent] = []
        until_s = self._clock.monotonic() + (inf if patience_s is None else patience_s)
        if patience_s is not None:
            await self._leave_room(conversation_id, len(parts), until_s)
        async with self._turn(conversation_id, len(parts), patience_s):
            for part in parts:
                try:
                    message = Outgoing(conversation_id=conversation_id, text=part, mentions=() if sent else named)
                    sent.append(Sent(await self._send(message, until_s, None if sent else beforehand), part))
                except DeliveryFailed as exc:
                    if not sent:
                        raise
                    raise DeliveryUnknown(f"only {len(sent)} of {len(parts)} parts were taken: {exc}") from exc
        return tuple(sent)

    def _parts(self, text: str, mentions: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Yield what there is to read; the first part leaves room for those whom the messenger puts before it."""
        limit = self._section().message_bytes
        text = well_formed(text).strip("\r\n")
        first = max(_LEAST, limit - sum(size_of(name) + 4 for _, name in mentions)) if mentions else limit
        head = split(text, first)[:1]
        rest = text[len(head[0]) :] if head else ""
        for part in (*head, *split(rest, limit)):
            if shown := part.rstrip():
                yield shown

    async def _leave_room(self, conversation_id: str, parts: int, until_s: float) -> None:
        """Wait until a text that has patience would leave a share of the pace to whoever is answered meanwhile."""
        while (wait_s := self._wait_s(conversation_id, parts, reserve=RESERVE)) > _ROUNDING_S:
            if self._clock.monotonic() + wait_s > until_s:
                raise DeliveryFailed("too many messages were sent just now", retry_after_s=wait_s)
            await self._clock.sleep(wait_s)

    @asynccontextmanager
    async def _turn(self, conversation_id: str, parts: int, patience_s: float | None) -> AsyncIterator[None]:
        """Keep the parts of one text together, and texts in the order in which they were given."""
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        try:
            async with asyncio.timeout(patience_s):
                await lock.acquire()
        except TimeoutError:
            raise DeliveryFailed("others are still speaking there", retry_after_s=patience_s) from None
        try:
            wait_s = self._wait_s(conversation_id, parts)
            if patience_s is not None and wait_s > patience_s:
                raise DeliveryFailed("too many messages were sent just now", retry_after_s=wait_s)
            yield
        finally:
            lock.release()

    async def _send(self, message: Outgoing, until_s: float, beforehand: Callable[[], Awaitable[None]] | None) -> str:
        for tried in range(1, TRIES + 1):
            await self._pace(message.conversation_id)
            if beforehand and tried == 1:
                await beforehand()
            try:
                return await self._hand_over(message)
            except DeliveryFailed as exc:
                wait_s = self._back_off(tried, exc)
                is_late = wait_s > min(MOST_WAIT_S, until_s - self._clock.monotonic())
                if exc.permanent or tried == TRIES or is_late:
                    raise
                await self._clock.sleep(wait_s)
        raise AssertionError  # the last try has returned or raised

    async def _hand_over(self, message: Outgoing) -> str:
        result = "unknown"
        try:
            async with asyncio.timeout(DEADLINE_S):
                message_id = await self._messenger.send(message)
            result = "sent"
        except DeliveryFailed:
            result = "failed"
            raise
        except TimeoutError:
            raise DeliveryUnknown(f"no answer within {DEADLINE_S:g} s") from None
        except DeliveryUnknown:
            raise
        except Exception as exc:
            raise DeliveryUnknown(f"the messenger broke off: {type(exc).__name__}") from exc
        finally:
            self._observe(result)
        return message_id

    def _back_off(self, tried: int, problem: DeliveryFailed) -> float:
        """Return how many seconds to wait before the next try; who is told to wait makes all others wait too."""
        wait_s = BACKOFF_S * 2.0 ** (tried - 1) * (1 + self._rng.uniform(0, JITTER))
        if problem.retry_after_s is not None:
            wait_s = max(wait_s, problem.retry_after_s)
            self._held_until_s = max(self._held_until_s, self._clock.monotonic() + min(wait_s, MOST_WAIT_S))
        _log.warning("send.refused", reason=str(problem), tried=tried, wait_s=round(wait_s, 1))
        return wait_s

    async def _pace(self, conversation_id: str) -> None:
        self._wait_s(conversation_id)
        now_s = self._clock.monotonic()
        due_s = self._held_until_s - now_s
        for buckets, key in ((self._all, ""), (self._rooms, conversation_id)):
            if (wait_s := buckets.take(key, now_s)) > 0:
                due_s = max(due_s, wait_s + self._rng.uniform(0, JITTER) * buckets.interval_s)
        if due_s > 0:
            await self._clock.sleep(due_s)

    def _wait_s(self, conversation_id: str, count: int = 1, *, reserve: float = 0.0) -> float:
        """Return in how many seconds messages to a conversation would be due, by the rates in force.

        reserve: the share of what may go out at once that has to be left after them.
        """
        section = self._section()
        rates = (section.sends_per_minute, section.room_sends_per_minute)
        if rates != self._rates:
            self._rates = rates
            self._all, self._rooms = (Buckets.strict(rate) for rate in rates)
        now_s = self._clock.monotonic()
        paced_s = max(
            buckets.wait_s(key, now_s, count + int(reserve * buckets.burst))
            for buckets, key in ((self._all, ""), (self._rooms, conversation_id))
        )
        return max(0.0, self._held_until_s - now_s, paced_s)


def _shown(name: str) -> str:
    """Return a name as it can stand in a line."""
    return " ".join(well_formed(name).split())[:_NAME]
