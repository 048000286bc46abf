"""One turn of a conversation while it is being answered."""

from __future__ import annotations

from dataclasses import dataclass, field

from daemon.inference.chat.dialogue import cues
from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.dialogue.phrases import phrase
from daemon.inference.chat.dialogue.sessions import Session
from daemon.inference.chat.films.suggestions import Suggestion
from daemon.inference.chat.wishes import Intent
from daemon.products.phrases import Language


@dataclass(slots=True)
class Turn:
    """What was said, in its normal form, and to whom it belongs. notes: how it was answered, a line each."""

    session: Session
    text: str
    language: Language
    intent: Intent | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def short(self) -> bool:
        """Whether it is hardly more than a few words, which mean what was talked about before."""
        bare = cues.plain(self.text)
        return len(bare) <= 14 or (bare.isascii() and len(bare.split()) <= 7 and len(bare) <= 60)

    def says(self, cue: str) -> bool:
        """Tell whether it is a turn of a kind."""
        return cues.said(cue, self.text)

    def phrase(self, key: str, **values: object) -> str:
        """Return a phrase of our own, none that was said lately where there is a choice."""
        session = self.session
        return phrase(key, self.language, turn=session.count, who=session.key, avoid=session.replies, **values)

    def answer(self, text: str, source: str = "phrase", films: tuple[Suggestion, ...] = ()) -> Answer:
        """Return a text as the answer."""
        return Answer(
            text=text, language=self.language, mode=self.session.mode, source=source, intent=self.intent, films=films,
            notes=tuple(self.notes),
        )  # fmt: skip

    def answer_phrase(self, key: str, **values: object) -> Answer:
        """Return a phrase as the answer."""
        self.notes.append(f"phrase: {key}")
        return self.answer(self.phrase(key, **values), "fallback" if key == "fallback" else "phrase")
