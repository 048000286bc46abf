"""What is remembered of each conversation: bounded, expiring, never that of somebody else.

Nothing of it is written anywhere: it is gone with the process, with time, or when the person asks for it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from daemon.inference.chat.films.suggestions import Suggestion
from daemon.inference.chat.wishes import Slots
from daemon.ports import Clock
from daemon.ports.films import Film
from daemon.products.phrases import Language

Mode: TypeAlias = Literal["chat", "films"]

#: Characters of a turn that are remembered.
MOST_OF_TURN: Final = 400
#: Replies that are not said again so soon, and films that are not shown again.
_REPLIES: Final = 6
_FILMS: Final = 200
_ANYTHING: Final = Slots()


@dataclass(slots=True)
class Session:
    """One conversation. person: whose it is, in every room; used_s: when last, on the monotonic clock.

    question: the wish that a film was offered for, while the answer is awaited. shown: films shown last, which "it"
    and "him" mean. focus: films asked about or chosen last, at the turn focus_at. away: turns in film mode that were
    about something else. declined: turns until films are offered again. forgotten: on request; a reply that was
    being made then leaves nothing behind.
    """

    key: str
    person: str
    language: Language
    turns: deque[str]
    used_s: float = 0.0
    count: int = 0
    mode: Mode = "chat"
    question: Slots | None = None
    wish: Slots = _ANYTHING
    shown: tuple[Suggestion, ...] = ()
    focus: tuple[Film, ...] = ()
    focus_at: int = 0
    away: int = 0
    declined: int = 0
    forgotten: bool = False
    replies: deque[str] = field(default_factory=lambda: deque(maxlen=_REPLIES))
    films: deque[str] = field(default_factory=lambda: deque(maxlen=_FILMS))
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def hear(self, text: str) -> None:
        """Remember what was said."""
        self.count += 1
        self.turns.append(text[:MOST_OF_TURN])

    def say(self, text: str) -> None:
        """Remember what was answered."""
        self.turns.append(text[:MOST_OF_TURN])
        self.replies.append(text)

    def forget(self) -> None:
        """Forget everything that was said; nothing more is kept."""
        self.forgotten = True
        self.turns.clear()
        self.replies.clear()
        self.films.clear()
        self.focus = ()
        self.leave_films()

    def leave_films(self) -> None:
        """Go back to plain talk."""
        self.mode, self.question, self.wish, self.shown, self.away = "chat", None, _ANYTHING, (), 0


class Sessions:
    """The conversations of a daemon. most: of them; turns: of each, both sides; idle_s: until one is forgotten."""

    def __init__(self, clock: Clock, *, most: int, turns: int, idle_s: float, language: Language) -> None:
        self._clock, self._language = clock, language
        self.most, self.turns, self.idle_s = most, turns, idle_s
        self._kept: OrderedDict[str, Session] = OrderedDict()

    def __len__(self) -> int:
        self.expire()
        return len(self._kept)

    def of(self, key: str, person: str) -> Session:
        """Return a conversation, a new one where there is none; the one not used for longest makes room for it."""
        self.expire()
        session = self._kept.get(key)
        if session is None:
            session = Session(key, person, self._language, deque(maxlen=self.turns))
            self._kept[key] = session
        session.used_s = self._clock.monotonic()
        self._kept.move_to_end(key)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)
        return session

    def forget(self, key: str) -> bool:
        """Forget one conversation; tell whether there was one."""
        session = self._kept.pop(key, None)
        if session is not None:
            session.forget()
        return session is not None

    def forget_person(self, person: str) -> int:
        """Forget every conversation of a person; return how many."""
        keys = [key for key, session in self._kept.items() if session.person == person]
        for key in keys:
            self.forget(key)
        return len(keys)

    def expire(self) -> None:
        """Forget what was not used within idle_s."""
        before_s = self._clock.monotonic() - self.idle_s
        while self._kept and next(iter(self._kept.values())).used_s <= before_s:
            self._kept.popitem(last=False)

    def bound(self, *, most: int, turns: int, idle_s: float) -> None:
        """Change the bounds; what is over them goes at once."""
        self.most, self.turns, self.idle_s = most, turns, idle_s
        for session in self._kept.values():
            session.turns = deque(session.turns, maxlen=turns)
        while len(self._kept) > most:
            self._kept.popitem(last=False)
