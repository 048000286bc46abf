"""What a conversation is made of; any of it may be missing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from daemon.inference.chat.films.suggestions import Suggestions
from daemon.inference.chat.replies import Speaker
from daemon.inference.chat.safety import Finding
from daemon.inference.chat.wishes import Intent, Slots
from daemon.ports.films import Feedback, Film
from daemon.products.phrases import Language

#: Takes one utterance for a wish, for none, or for half of one.
Detector: TypeAlias = Callable[[str], Intent]
#: Returns what is wrong with a text and what is answered instead, None where it may pass.
Judge: TypeAlias = Callable[[str], Finding | None]


def _nothing_named(_: str) -> Slots:
    return Slots()


class FilmAdviser(Protocol):
    """Whoever knows films."""

    async def recommend(
        self,
        wish: Slots,
        feedback: Mapping[str, Feedback],
        shown: Collection[str],
        language: Language,
        count: int,
        seed: str = "",
        latest: Slots = Slots(),  # noqa: B008 frozen
    ) -> Suggestions:
        """Return up to `count` films for a wish, best first, none of those that were shown.

        feedback: what the person said of films so far, by film. seed: what chance goes by where films are about as
        good. latest: the parts of the wish that were named last. Raises Unavailable when it is busy.
        """

    def named(self, title: str) -> Sequence[Film]:
        """Return the films of exactly a title, in no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts that there are. normalise: returns text in the one form that all of them expect.

    language_of: returns the language of a text, the second argument where the text tells none.
    slots_in: returns what an utterance names, be it a wish or not.
    """

    normalise: Callable[[str], str]
    language_of: Callable[[str, Language], Language]
    incoming: Judge
    outgoing: Judge
    detect: Detector | None = None
    slots_in: Callable[[str], Slots] = _nothing_named
    adviser: FilmAdviser | None = None
    speakers: tuple[Speaker, ...] = ()
