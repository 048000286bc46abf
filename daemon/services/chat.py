"""What people say that is no command, and what is answered: the one way in for the API, the bot and a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
import structlog

from daemon.config import ChatSection
from daemon.errors import NotFound, TooMany, Unavailable
from daemon.forum.buckets import Buckets
from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.dialogue.choice import Choice
from daemon.inference.chat.dialogue.conversation import Conversation
from daemon.inference.chat.dialogue.phrases import phrase
from daemon.inference.chat.dialogue.sessions import Sessions
from daemon.inference.chat.languages import language_of
from daemon.inference.chat.loading import Loaded, Loader
from daemon.inference.chat.normalisation import normalised
from daemon.metrics import Metrics
from daemon.ports import Actor, Ports
from daemon.products.phrases import Language
from daemon.services.duty import Duty

_log = structlog.get_logger()
#: The conversation of somebody who names none.
DEFAULT_SESSION: Final = "main"
#: Share of the deadline that the network has for a reply.
_NETWORK: Final = 0.6
_CLOSE_S: Final = 0.4
#: Characters of a text that tell its language.
_TELLS: Final = 400


class ChatStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How the chat system is: "loading" until it answers, then "on". problems: what it does without, by part."""

    state: str
    since: datetime
    problems: dict[str, str]


class ChatSystem:
    """Port Dialogue, and the conversations behind it. section: in force, asked anew for each turn."""

    def __init__(self, ports: Ports, section: Callable[[], ChatSection], name: Callable[[], str], language: Language,
                 metrics: Metrics) -> None:  # fmt: skip
        self._ports, self._section, self._name, self._metrics = ports, section, name, metrics
        self._language = language
        bounds = section()
        self._sessions = Sessions(
            ports.clock, most=bounds.sessions, turns=bounds.turns, idle_s=bounds.idle, language=language
        )
        self._rate, self._buckets = bounds.per_person_per_minute, Buckets.average(bounds.per_person_per_minute)
        self._loader = Loader(ports.films, ports.offload)
        self._loaded: Loaded | None = None
        self._talk: Conversation | None = None
        self._since = ports.clock.now()
        self._again = asyncio.Event()
        metrics.chat_sessions.set_function(lambda: len(self._sessions))

    @property
    def standing(self) -> ChatStanding:
        """Return how it is."""
        problems = dict(self._loaded.problems) if self._loaded else {}
        return ChatStanding(state="on" if self._talk else "loading", since=self._since, problems=problems)

    async def run(self) -> None:
        """Load, and again whenever `reload` was called, until cancelled."""
        try:
            while True:
                self._again.clear()
                await self.load()
                await self._again.wait()
        finally:
            await self.close()

    async def close(self) -> None:
        """Give up replies that are being made."""
        await self._loader.close(_CLOSE_S)

    def reload(self) -> None:
        """Take the configuration in force, and have the models loaded anew; replies go on with the old ones so long."""
        section = self._section()
        self._sessions.bound(most=section.sessions, turns=section.turns, idle_s=section.idle)
        self._again.set()

    async def load(self) -> None:
        """Load what conversations are made of and swap it in between two replies."""
        began_s = self._ports.clock.monotonic()
        section = self._section()
        loaded = await self._loader.load(
            section.model, self._loaded, queue=section.queue, deadline_s=section.deadline * _NETWORK
        )
        self._talk = Conversation(
            loaded.parts, self._sessions, self._ports.films, self._ports.clock, name=self._name(),
            deadline_s=section.deadline, choice=Choice.read(), observe=self._observe,
        )  # fmt: skip
        self._loaded, self._since = loaded, self._ports.clock.now()
        speakers = sorted(loaded.speakers)
        took_s = round(self._ports.clock.monotonic() - began_s, 3)
        films, problems = loaded.parts.adviser is not None, sorted(loaded.problems)
        _log.info("chat.loaded", speakers=speakers, films=films, problems=problems, duration_s=took_s)

    async def answer(self, key: str, person: str, text: str, language: Language | None = None) -> Answer:
        """Answer a turn of a conversation. Raises Unavailable when it is busy, or not loaded yet."""
        began_s = self._ports.clock.monotonic()
        answer = await self._ready().reply(key, person, text, language)
        self._metrics.chat_seconds.observe(self._ports.clock.monotonic() - began_s)
        return answer

    async def reply(self, session: str, text: str) -> str:
        """Answer what was said to the bot; that it is busy is an answer too."""
        try:
            return (await self.answer(f"bot/{session}", _bot_person(session), text)).text
        except Unavailable:
            language = language_of(normalised(text[:_TELLS]), self._language)
            return phrase("busy", language, turn=0, who=session)

    async def forget(self, key: str, person: str) -> bool:
        """Forget a conversation and what the person said of films; tell whether there was one. Raises Unavailable."""
        return await self._ready().forget(key, person)

    def take(self, person: str) -> None:
        """Count a turn of a person. Raises TooMany when it is one too many in this minute."""
        rate = self._section().per_person_per_minute
        if rate != self._rate:
            self._rate, self._buckets = rate, Buckets.average(rate)
        now_s = self._ports.clock.monotonic()
        if wait_s := self._buckets.wait_s(person, now_s):
            raise TooMany(f"more than {rate} turns in a minute", retry_after_s=wait_s)
        self._buckets.take(person, now_s)

    def _ready(self) -> Conversation:
        if self._talk is None:
            raise Unavailable("the chat system is being loaded")
        return self._talk

    def _observe(self, source: str) -> None:
        self._metrics.chat_replies.labels(source).inc()


async def reply(duty: Duty, actor: Actor, text: str, *, session: str = "", language: Language | None = None) -> Answer:
    """Answer what somebody says in one of their own conversations. Raises NotFound, TooMany, Unavailable."""
    system = _system(duty)
    system.take(actor.id)
    key = own_session(actor, session)
    return await system.answer(key, key, text, language)


async def forget(duty: Duty, actor: Actor, session: str) -> None:
    """Forget one of somebody's own conversations, and what was said of films in it. Raises NotFound, Unavailable."""
    key = own_session(actor, session)
    if not await _system(duty).forget(key, key):
        raise NotFound(f"there is no conversation {session!r} of yours")


def own_session(actor: Actor, session: str) -> str:
    """Return the key of a conversation; nobody can name one that is another's.

    A program may speak for many people over one token: who it speaks for is told by the session.
    """
    return f"http/{actor.id}/{session or DEFAULT_SESSION}"


def _system(duty: Duty) -> ChatSystem:
    if duty.chat is None:
        raise NotFound('there is no chat system in this daemon: [chat] kind is not "on"')
    return duty.chat


def _bot_person(session: str) -> str:
    """Return who speaks in a conversation of the bot, "room:contact": the same in every room.

    A contact's id may have a colon in it, the room's is quoted.
    """
    return f"bot/{session.partition(':')[2]}"
