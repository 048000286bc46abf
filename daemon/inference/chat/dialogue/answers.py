"""What a conversation answers."""

from __future__ import annotations

import msgspec

from daemon.inference.chat.dialogue.sessions import Mode
from daemon.inference.chat.films.suggestions import Suggestion
from daemon.inference.chat.wishes import Intent
from daemon.products.phrases import Language


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A reply and how it came about.

    source: who speaks: "smalltalk", "retrieval", "generator", "films", "phrase" or "fallback".
    intent: None where nobody asked for it. notes: what `--explain` shows, a line each. forgot: whether the conversation
    was forgotten because the person wished it.
    """

    text: str
    language: Language
    mode: Mode
    source: str
    intent: Intent | None = None
    films: tuple[Suggestion, ...] = ()
    notes: tuple[str, ...] = ()
    forgot: bool = False
