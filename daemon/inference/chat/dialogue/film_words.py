"""How recommended films are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.dialogue.phrases import joined, part_name
from daemon.inference.chat.dialogue.turns import Turn
from daemon.inference.chat.films.suggestions import Suggestion, Suggestions
from daemon.inference.chat.wishes import Slots
from daemon.products.phrases import Language

_NOTHING_NAMED: Final = Slots()


def list_of(films: Sequence[Suggestion], language: Language) -> str:
    """Return films as lines, numbered where there are several."""
    lines = [_line(one, language) for one in films]
    return "\n".join(lines if len(lines) == 1 else [f"{place}. {line}" for place, line in enumerate(lines, 1)])


def with_suggestions(turn: Turn, found: Suggestions, lines: str, *, again: bool) -> Answer:
    """Return films as an answer: what is special about them, and how the wish could be said better."""
    key = "more_films" if again else "film" if len(found.films) == 1 else "films"
    intro = turn.phrase(key)
    if found.dropped:
        names = [_dropped(part, turn.language) for part in found.dropped]
        intro = turn.phrase("nearest", dropped=joined(names, turn.language))
    hint = [turn.phrase("hint")] if found.wish == _NOTHING_NAMED and not again else []
    return turn.answer("\n".join([intro, lines, *hint]), "films", found.films)


def _dropped(part: str, language: Language) -> str:
    """Return what a part of a wish is called: "genres:horror" by the genre, "people:Nolan" by the name."""
    field, _, value = part.partition(":")
    if field in {"genres", "not_genres", "moods", "not_moods"} or (value and field in {"people", "like"}):
        return part_name(value, language)
    return part_name(field, language)


def _line(one: Suggestion, language: Language) -> str:
    film = one.film
    if language == "zh":
        year = f"（{film.year}）" if film.year else ""
        return f"《{film.title(language)}》{year}：{one.reason}"
    year = f" ({film.year})" if film.year else ""
    return f"{film.title(language)}{year}: {one.reason}"
