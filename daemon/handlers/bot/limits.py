"""How many messages of a person and of a room are answered.

The policy: as many as a minute allows at once, and after that as many a minute. The first one over a limit is told
so, the others are dropped and counted, until the person or the room has been quiet for long enough to have it all
again. What is over the person's limit does not count against the room.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec

from daemon.config import BotSection
from daemon.forum.buckets import MOST_KEYS, Buckets
from daemon.handlers.bot.screening import Drop

_MOST_TOLD: Final = MOST_KEYS


class Over(msgspec.Struct, frozen=True):
    """A message is over a limit. tell: it is the first one of this time."""

    reason: Drop
    tell: bool


class Limits:
    """Counts what is answered. Memory is bounded, whoever writes."""

    def __init__(self) -> None:
        self._rates = (0, 0)
        self._people, self._rooms = Buckets.average(1), Buckets.average(1)
        self._told: OrderedDict[tuple[Drop, str], None] = OrderedDict()

    def take(self, person: str, room: str, now_s: float, section: BotSection) -> Over | None:
        """Count a message that came at a time of the monotonic clock; None: it may be answered. room "": private."""
        self._follow(section)
        if over := self._over(self._people, Drop.PERSON_LIMIT, person, now_s):
            return over
        if room and (over := self._over(self._rooms, Drop.ROOM_LIMIT, room, now_s)):
            return over
        self._people.take(person, now_s)
        if room:
            self._rooms.take(room, now_s)
        return None

    def _follow(self, section: BotSection) -> None:
        """Take the rates in force; after a reload that changed them, everybody starts anew."""
        rates = (section.per_person_per_minute, section.per_room_per_minute)
        if rates != self._rates:
            self._rates = rates
            self._people, self._rooms = (Buckets.average(rate) for rate in rates)

    def _over(self, buckets: Buckets, reason: Drop, key: str, now_s: float) -> Over | None:
        if buckets.wait_s(key, now_s) <= 0:
            if self._told and buckets.full(key, now_s):
                self._told.pop((reason, key), None)
            return None
        told = (reason, key) in self._told
        if not told:
            self._told[reason, key] = None
            if len(self._told) > _MOST_TOLD:
                self._told.popitem(last=False)
        return Over(reason, tell=not told)
