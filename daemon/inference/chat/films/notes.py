"""What is said beside films that are only near to a wish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from daemon.inference.chat.films.suggestions import Suggestions
from daemon.inference.chat.films.words import country_word, genre_word, mood_word
from daemon.products.phrases import Language

_NONE: Final = ("I have no film left that fits.", "没有合适的电影可以推荐了。")
_NEAREST: Final = (
    "I know no film that fits all of that; nearest, leaving aside {parts}:",
    "没有完全符合的电影；不考虑{parts}的话，最接近的是：",
)
_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "genres": ("that it is {}", "“{}”"), "not_genres": ("that it is not {}", "“不要{}”"),
    "moods": ('"{}"', "“{}”"), "not_moods": ('"not {}"', "“不要{}”"),
    "people": ("{}", "{}"), "not_people": ("that it is without {}", "“不要{}”"),
    "countries": ("that it is from {}", "“{}”"), "not_countries": ("that it is not from {}", "“不要{}的”"),
    "years": ("the years {}", "年份（{}）"), "like": ("{}, which I do not know", "没听说过的《{}》"),
    "not_like": ("{}, which I do not know", "没听说过的《{}》"), "newer": ("that it is newer", "“更新的”"),
    "older": ("that it is older", "“更老的”"),
}  # fmt: skip


def note(suggestions: Suggestions, language: Language) -> str:
    """Return what to say of a wish that could not be fulfilled whole, "" for one that was."""
    place = int(language == "zh")
    parts = ("、" if place else ", ").join(_told(part, language) for part in suggestions.dropped)
    if not suggestions.films:
        return _NONE[place]
    return _NEAREST[place].format(parts=parts) if parts else ""


def _told(part: str, language: Language) -> str:
    field, _, value = part.partition(":")
    word = _WORDS.get(field.removeprefix("not_"))
    told = ", ".join(_known(word, one, language) for one in value.split(",")) if word else value
    return _FIELDS[field][language == "zh"].format(told)


def _known(word: Callable[[str, Language], str], value: str, language: Language) -> str:
    try:
        return word(value, language)
    except KeyError:
        return value


_WORDS: Final[Mapping[str, Callable[[str, Language], str]]] = {
    "genres": genre_word, "moods": mood_word, "countries": country_word,
}  # fmt: skip
