"""A conversation: what is said comes in, what is answered goes out; safe on both sides, in time, and never empty."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Final

import msgspec

from daemon.errors import Unavailable
from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.dialogue.choice import Choice
from daemon.inference.chat.dialogue.film_talk import FilmTalk
from daemon.inference.chat.dialogue.parts import Parts
from daemon.inference.chat.dialogue.sessions import Session, Sessions
from daemon.inference.chat.dialogue.talk import spoken
from daemon.inference.chat.dialogue.turns import Turn
from daemon.ports import Clock, FilmStore
from daemon.products.phrases import Language

#: Characters of what somebody says that are read.
MOST_READ: Final = 2_000
#: Share of the deadline that the speakers have.
_SPEAKERS: Final = 0.8
_READABLE: Final = re.compile(r"[0-9A-Za-z\u00c0-\u024f\u3400-\u9fff\U00020000-\U000323af]")
#: Turns about the talk itself, in the order in which they are looked for, each answered by the phrase of its name.
_ABOUT_ITSELF: Final = ("who", "abilities", "human", "remembers")
_OPENINGS: Final = ("hello", "morning")
_CLOSINGS: Final = ("night", "bye")


class Conversation:
    """All conversations over some parts. name: what the bot is called; deadline_s: for any answer.

    observe: told who spoke, for each answer. films: None where nothing of films is kept.
    """

    def __init__(
        self, parts: Parts, sessions: Sessions, films: FilmStore | None, clock: Clock, *, name: str, deadline_s: float,
        choice: Choice, observe: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._parts, self._sessions, self._choice = parts, sessions, choice
        self._name, self._deadline_s, self._observe = name, deadline_s, observe
        self._films = FilmTalk(parts, films, clock)

    async def reply(self, key: str, person: str, text: str, language: Language | None = None) -> Answer:
        """Answer what somebody said. key: of the conversation; person: whose it is; language: None finds it out.

        Raises Unavailable when all who could speak are busy; nothing is remembered of the turn then.
        """
        session = self._sessions.of(key, person)
        heard = self._parts.normalise(text[:MOST_READ])
        session.language = language or self._parts.language_of(heard, session.language)
        turn = Turn(session, heard, session.language)
        try:
            async with asyncio.timeout(self._deadline_s), session.lock:
                answer = await self._remembered(turn, too_long=len(text) > MOST_READ)
        except TimeoutError:
            answer = turn.answer_phrase("slow")
        self._observe(answer.source)
        return answer

    async def forget(self, key: str, person: str) -> bool:
        """Forget one conversation, and what the person said of films; tell whether there was anything.

        Raises Unavailable when what is kept of films cannot be deleted now.
        """
        known = self._sessions.forget(key)
        told = await self._films.forget(person)
        if told is None:
            raise Unavailable("what was said of films cannot be deleted just now; the conversation is forgotten")
        return known or told > 0

    async def _remembered(self, turn: Turn, *, too_long: bool) -> Answer:
        session = turn.session
        before = list(session.turns)
        refusal = "" if too_long else self._judged(turn)
        session.hear("" if refusal else turn.text)
        try:
            answer = turn.answer_phrase("too_long") if too_long else await self._answer(turn, refusal)
        except (Unavailable, asyncio.CancelledError):
            session.turns.clear()
            session.turns.extend(before)
            raise
        session.say(answer.text)
        return answer

    def _judged(self, turn: Turn) -> str:
        """Return what is answered to a text that is not talked about, "" for any other; mask what is personal in it."""
        found = self._parts.incoming(turn.text)
        if found is None:
            return ""
        turn.notes.append(f"found: {found.kind}")
        if found.blocks:
            return found.reply
        turn.text = found.text
        return ""

    async def _answer(self, turn: Turn, refusal: str) -> Answer:
        if unread := _unreadable(turn.text):
            return turn.answer_phrase(unread)
        if refusal:
            return turn.answer(refusal)
        if answer := await self._about_itself(turn):
            return answer
        if self._parts.detect is not None:
            turn.intent = self._parts.detect(turn.text)
            turn.notes.append(f"intent: {turn.intent.label} by {turn.intent.rule}")
            if answer := await self._films.answer(turn, turn.intent):
                return answer
        return self._courtesy(turn) or await self._spoken(turn)

    async def _about_itself(self, turn: Turn) -> Answer | None:
        if turn.says("forget"):
            return await self._forgotten(turn)
        for cue in _ABOUT_ITSELF:
            if turn.says(cue):
                key = "abilities_no_films" if cue == "abilities" and self._parts.adviser is None else cue
                return turn.answer_phrase(key, name=self._name)
        return None

    async def _forgotten(self, turn: Turn) -> Answer:
        session: Session = turn.session
        self._sessions.forget_person(session.person)
        session.forget()
        done = await self._films.forget(session.person) is not None
        return msgspec.structs.replace(turn.answer_phrase("forgotten" if done else "not_forgotten"), forgot=True)

    def _courtesy(self, turn: Turn) -> Answer | None:
        for cue in (*_OPENINGS, *_CLOSINGS):
            if turn.says(cue):
                if cue in _CLOSINGS:
                    turn.session.leave_films()
                return turn.answer_phrase(cue)
        return turn.answer_phrase("welcome") if turn.says("thanks") else None

    async def _spoken(self, turn: Turn) -> Answer:
        within_s = self._deadline_s * _SPEAKERS
        return await spoken(turn, self._parts.speakers, self._choice, self._parts.outgoing, within_s)


def _unreadable(text: str) -> str:
    """Return the phrase that answers what has no word in it that could be read, "" where it has."""
    if not text.strip():
        return "empty"
    if _READABLE.search(text):
        return ""
    return "other_language" if any(char.isalnum() for char in text) else "wordless"
