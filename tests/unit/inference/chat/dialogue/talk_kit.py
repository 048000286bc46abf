"""Conversations with the real detector and the real films, and speakers that say what a test tells them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from daemon.adapters.memory import FakeClock, MemoryStores
from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.dialogue.choice import Choice, Scale
from daemon.inference.chat.dialogue.conversation import Conversation
from daemon.inference.chat.dialogue.parts import Parts
from daemon.inference.chat.dialogue.sessions import Sessions
from daemon.inference.chat.films.adviser import Adviser
from daemon.inference.chat.films.recommender import Recommender
from daemon.inference.chat.films.seed import seed_films
from daemon.inference.chat.intent.detector import detect
from daemon.inference.chat.languages import language_of
from daemon.inference.chat.loading import slots_in
from daemon.inference.chat.normalisation import normalised
from daemon.inference.chat.replies import Candidate, Speaker
from daemon.inference.chat.safety import judge_incoming, judge_outgoing
from daemon.products.phrases import Language
from tests.house import Inline

CHOICE = Choice(0.5, {"retrieval": Scale(1.0, 0.0), "generator": Scale(1.0, 0.0)})


@cache
def recommender() -> Recommender:
    return Recommender.fitted(seed_films())


@dataclass
class Scripted:
    """A speaker. replies: made from the turns heard; heard: all turns that it was given."""

    replies: Callable[[Sequence[str]], Sequence[Candidate]]
    heard: list[tuple[str, ...]] = field(default_factory=list)

    async def candidates(self, turns: Sequence[str], language: Language) -> Sequence[Candidate]:
        self.heard.append(tuple(turns))
        return self.replies(turns)


def saying(text: str, score: float = 1.0, speaker: str = "retrieval") -> Scripted:
    return Scripted(lambda _: [Candidate(text=text, score=score, speaker=speaker)])


@dataclass
class Talk:
    conversation: Conversation
    sessions: Sessions
    clock: FakeClock
    stores: MemoryStores
    counted: Counter[str]

    async def say(self, text: str, key: str = "k", person: str = "", language: Language | None = None) -> Answer:
        return await self.conversation.reply(key, person or key, text, language)


def talk(*speakers: Speaker, films: bool = True, most: int = 1000, turns: int = 12, idle_s: float = 1800.0,
         deadline_s: float = 5.0, **parts: Any) -> Talk:  # fmt: skip
    clock, stores = FakeClock(), MemoryStores()
    sessions = Sessions(clock, most=most, turns=turns, idle_s=idle_s, language="en")
    given: dict[str, Any] = {
        "normalise": normalised, "language_of": language_of, "incoming": judge_incoming, "outgoing": judge_outgoing,
        "detect": detect, "slots_in": slots_in, "speakers": speakers,
        "adviser": Adviser(recommender(), Inline()) if films else None,
    }  # fmt: skip
    counted: Counter[str] = Counter()
    conversation = Conversation(
        Parts(**(given | parts)), sessions, stores.films, clock, name="zhiban", deadline_s=deadline_s, choice=CHOICE,
        observe=lambda source: counted.update([source]),
    )  # fmt: skip
    return Talk(conversation, sessions, clock, stores, counted)
