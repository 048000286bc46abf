"""The words that the rules go by, read once from the files in lexicon/."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

from daemon.errors import ConfigError
from daemon.products.phrases import Language

#: Classes that no list of words makes: any other word, one with a capital letter, what stands in quotation marks, a
#: number, and what `head` makes of noun phrases.
OPEN_CLASSES: Final = (
    "x", "name", "title", "num", "film", "goodfilm", "praised", "thefilm", "yourfilm", "favfilm", "myfilm", "bestfilm",
    "factfilm", "genre", "gadj", "theme", "kind", "kindfilm", "mood", "country", "person", "thing", "plan",
)  # fmt: skip
_VALUED: Final = {"moods": "mood", "countries": "country"}


class Meaning(NamedTuple):
    """What a word is. value: the genre, mood, country, name or title that it stands for, "" for none."""

    kind: str
    value: str = ""


class Lexicon(NamedTuple):
    """The words of a language. spelling: what is written for what is meant. classes: in their order."""

    spelling: Mapping[str, str]
    words: Mapping[str, Meaning]
    classes: tuple[str, ...]


@cache
def lexicon(language: Language) -> Lexicon:
    """Return the words of a language. Raises ConfigError for a file that cannot be understood."""
    own = read(f"lexicon/{language}.toml")
    words: dict[str, Meaning] = {}
    classes = [*own["words"], *OPEN_CLASSES]
    listed = [*_listed(own["words"]), *_genres(language), *_valued(language), *_names(language)]
    for word, meaning in listed:
        words.setdefault(word, meaning)
    if language == "zh":
        _add_kinds_of_film(words)
    return Lexicon(own.get("spelling", {}), words, tuple(dict.fromkeys(classes)))


def read(name: str) -> dict[str, Any]:
    """Return what a data file beside this module says. Raises ConfigError when it is no TOML."""
    try:
        return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigError(f"intent/{name}: {exc}") from exc


def _listed(words: Mapping[str, list[str]]) -> Iterator[tuple[str, Meaning]]:
    for kind, members in words.items():
        for word in members:
            yield word, Meaning(kind)


def _genres(language: Language) -> Iterator[tuple[str, Meaning]]:
    for genre, by_language in read("lexicon/genres.toml").items():
        own = by_language[language]
        for word in own.get("films", ()):
            yield word, Meaning("genre", genre)
        for word in own.get("words", ()):
            yield word, Meaning("gadj", genre)
        for word in own.get("themes", ()):
            yield word, Meaning("theme", genre)


def _valued(language: Language) -> Iterator[tuple[str, Meaning]]:
    for file, kind in _VALUED.items():
        for value, by_language in read(f"lexicon/{file}.toml").items():
            for word in by_language.get("films", {}).get(language, ()):
                yield word, Meaning("film", f"{kind}:{value}")
            for word in by_language[language]:
                if language == "en" or len(word) > 1 or kind == "mood":
                    yield word, Meaning(kind, value)


def _names(language: Language) -> Iterator[tuple[str, Meaning]]:
    names = read("lexicon/names.toml")
    for kind, members in (("person", names["people"]), ("title", names["titles"])):
        for name in members:
            if (language == "zh") == bool(re.search("[\u4e00-\u9fff]", name)):
                yield name, Meaning(kind, name)


def _add_kinds_of_film(words: dict[str, Meaning]) -> None:
    """Add the words that Chinese makes of a kind or a country and 片."""
    for word, meaning in list(words.items()):
        if meaning.kind in {"gadj", "theme", "mood"}:
            words[word + "片"] = Meaning("kindfilm", f"{meaning.kind}:{meaning.value}")
    for value, by_language in read("lexicon/countries.toml").items():
        for word in by_language["zh"]:
            words[word + "片"] = Meaning("kindfilm", f"country:{value}")
            if len(word) == 1:
                words[word + "影"] = Meaning("kindfilm", f"country:{value}")
