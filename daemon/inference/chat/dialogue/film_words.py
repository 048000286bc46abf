"""How recommended films are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from zlib import crc32

from daemon.inference.chat.dialogue.answers import Answer
from daemon.inference.chat.dialogue.phrases import joined, part_name, table
from daemon.inference.chat.dialogue.turns import Turn
from daemon.inference.chat.films.suggestions import Suggestion, Suggestions
from daemon.inference.chat.films.words import country_word
from daemon.inference.chat.wishes import Slots
from daemon.products.phrases import Language

_NOTHING_NAMED: Final = Slots()


def film_phrase(turn: Turn, key: str, **values: object) -> str:
    """Return a phrase about films, another one each turn."""
    variants: list[str] = table("film_talk")["phrases"][key][turn.language]
    place = (turn.session.count + crc32(key.encode())) % len(variants)
    return variants[place].format_map(values)


def list_of(films: Sequence[Suggestion], language: Language) -> str:
    """Return films as lines, numbered where there are several."""
    lines = [_line(one, language) for one in films]
    return "\n".join(lines if len(lines) == 1 else [f"{place}. {line}" for place, line in enumerate(lines, 1)])


def with_suggestions(
    turn: Turn, found: Suggestions, lines: str, *, again: bool, without: Sequence[str] = (), untold: Sequence[str] = ()
) -> Answer:
    """Return films as an answer: what is special about them, and how the wish could be said better.

    without: names of people who are left out now; untold: keys of what was asked for that nothing is known of.
    """
    key = "more_films" if again else "film" if len(found.films) == 1 else "films"
    told = [film_phrase(turn, "without_them", names=joined(without, turn.language))] if without else []
    intro = "\n".join([*told, *_aside(turn, found)]) or turn.phrase(key)
    hint = [turn.phrase("hint")] if found.wish == _NOTHING_NAMED and not (again or untold) else []
    honest = [film_phrase(turn, "aside", what=cannot_words(untold, turn.language))] if untold else []
    return turn.answer("\n".join([intro, lines, *honest, *hint]), "films", found.films)


def cannot_words(keys: Sequence[str], language: Language) -> str:
    """Return what nothing is known of, as a list in a sentence."""
    return joined([str(table("film_talk")["cannot"][key][language]) for key in keys], language)


def _aside(turn: Turn, found: Suggestions) -> list[str]:
    """Return what is said of what is left aside: what is unknown here, and parts that no film fits."""
    language = turn.language
    dropped = [_dropped(part, language) for part in found.dropped if part not in found.unknown]
    told = []
    for kind, key in (("like", "unknown_film"), ("not_like", "unknown_film"), ("people", "unknown_person")):
        if names := [_quoted(part, language) for part in found.unknown if part.partition(":")[0] == kind]:
            told.append(film_phrase(turn, key, names=joined(names, language)))
    if dropped:
        parts = joined(dropped, language)
        nearest = (
            film_phrase(turn, "used_up", dropped=parts) if found.used_up else turn.phrase("nearest", dropped=parts)
        )
        told.append(nearest)
    return told


def _quoted(part: str, language: Language) -> str:
    name = part.partition(":")[2]
    return f"“{name}”" if language == "zh" else f'"{name}"'


def _dropped(part: str, language: Language) -> str:
    """Return what a part of a wish is called: "genres:horror" by the genre, "people:Nolan" by the name."""
    field, _, value = part.partition(":")
    if field in _TOLD and value:
        return _TOLD[field](value, language)
    if value and field in {"genres", "moods", "people", "like"}:
        return part_name(value, language)
    return part_name(field, language)


def _form(key: str, language: Language, **values: object) -> str:
    return str(table("film_talk")["forms"][key][language]).format_map(values)


def _without(value: str, language: Language) -> str:
    return _form("without", language, value=part_name(value, language))


def _countries(value: str, language: Language) -> str:
    return joined([country_word(one, language) for one in value.split(",")], language)


def _years(value: str, language: Language) -> str:
    first, last = value.split("-")[-2:]
    span = _form("one_year" if first == last else "between", language, first=first, last=last)
    return _form("time", language, value=span)


def _minutes(value: str, language: Language) -> str:
    first, last = value.split("-")
    bound = _form("at_most" if int(first) <= 1 else "at_least", language, first=first, last=last)
    return _form("length", language, value=bound)


_TOLD: Final[Mapping[str, Callable[[str, Language], str]]] = {
    "not_genres": _without, "not_moods": _without, "not_people": _without, "countries": _countries,
    "not_countries": lambda value, language: _form("without", language, value=_countries(value, language)),
    "years": _years, "minutes": _minutes,
}  # fmt: skip


def _line(one: Suggestion, language: Language) -> str:
    film = one.film
    if language == "zh":
        year = f"（{film.year}）" if film.year else ""
        return f"《{film.title(language)}》{year}：{one.reason}"
    year = f" ({film.year})" if film.year else ""
    return f"{film.title(language)}{year}: {one.reason}"
