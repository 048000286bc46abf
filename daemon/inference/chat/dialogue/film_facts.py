"""What is known of films, told in a few words; what is not known is said to be so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from daemon.inference.chat.dialogue.film_questions import ASKED, Question
from daemon.inference.chat.dialogue.phrases import table
from daemon.inference.chat.films.words import country_word, genre_word, mood_word, moods_of
from daemon.inference.chat.wishes import Slots
from daemon.ports.films import Film, Person
from daemon.products.phrases import Language

#: Moods and genres that films for children lack.
_GRIM: Final = ("scary", "violent", "dark")
_GRIM_GENRES: Final = ("horror", "war", "crime")
_CAST: Final = 6


def facts_told(question: Question, films: Sequence[Film], language: Language) -> str:
    """Return what is asked of films, a line each, numbered where there are several."""
    lines = [
        _form("line", language, title=film.title(language), told=_told(question, film, language)) for film in films
    ]
    return "\n".join(lines if len(lines) == 1 else [f"{place}. {line}" for place, line in enumerate(lines, 1)])


def _told(question: Question, film: Film, language: Language) -> str:
    parts = [_fact(kind, film, question.slots, language).rstrip("。.") for kind in question.kinds]
    return ("；" if language == "zh" else "; ").join(parts) + ("。" if language == "zh" else ".")


def _fact(kind: str, film: Film, slots: Slots, language: Language) -> str:
    if kind == "kids":
        return _for_children(film, language)
    if kind == ASKED:
        return _whether(film, slots, language)
    values = _values(kind, film, language)
    return _word("facts" if values else "unknown", kind, language, **values)


def _values(kind: str, film: Film, language: Language) -> dict[str, Any]:
    """Return what a sentence about a kind of fact is filled with, nothing where it is not known."""
    if kind == "minutes":
        if not film.minutes:
            return {}
        hours, minutes = divmod(film.minutes, 60)
        return {"value": film.minutes, "hours": _form("hours", language, hours=hours, minutes=minutes)}
    value = _value(kind, film, language)
    return {"value": value} if value else {}


def _value(kind: str, film: Film, language: Language) -> str:
    if kind == "cast":
        return _names(film.cast[:_CAST], language)
    if kind == "director":
        return _names(film.directors, language)
    if kind == "about":
        summaries = (film.summary_zh, film.summary_en)
        return next(filter(None, summaries if language == "zh" else summaries[::-1]), "")
    if kind == "year":
        return str(film.year or "")
    if kind == "country":
        return _form("and", language).join(country_word(country, language) for country in film.countries)
    if kind == "genre":
        return _form("comma", language).join(genre_word(genre, language) for genre in film.genres)
    others = [one for one in (film.title_en, film.title_zh, *film.other_titles) if one and one != film.title(language)]
    return _form("comma", language).join(_form("quoted", language, title=one) for one in others)


def _for_children(film: Film, language: Language) -> str:
    if "children" in film.genres:
        return _word("kids", "yes", language)
    grim = [mood_word(mood, language) for mood in _GRIM if mood in moods_of(film)]
    grim += [genre_word(genre, language) for genre in _GRIM_GENRES if genre in film.genres]
    if grim:
        return _word("kids", "no", language, value=_form("comma", language).join(grim))
    return _word("kids", "maybe" if "family" in film.genres else "open", language)


def _whether(film: Film, slots: Slots, language: Language) -> str:
    """Return whether a film is what is asked, and what it is where it is not."""
    asked = (
        (slots.moods, moods_of(film), mood_word), (slots.genres, film.genres, genre_word),
        (slots.countries, film.countries, country_word),
    )  # fmt: skip
    for wanted, has, word in asked:
        if wanted:
            fits = [one for one in wanted if one in has]
            told = _form("comma", language).join(word(one, language) for one in fits or has)
            if told:
                return _word("asked", "yes" if fits else "no", language, value=told)
    return _word("asked", "nothing", language)


def _names(people: Sequence[Person], language: Language) -> str:
    names = [(one.zh or one.en) if language == "zh" else (one.en or one.zh) for one in people]
    if len(names) < 2:
        return "".join(names)
    return _form("and", language).join((_form("comma", language).join(names[:-1]), names[-1]))


def _word(part: str, key: str, language: Language, **values: object) -> str:
    return str(table("film_talk")[part][key][language]).format_map(values)


def _form(key: str, language: Language, **values: object) -> str:
    return _word("forms", key, language, **values)
