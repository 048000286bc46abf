"""Patterns over the classes of words, read from patterns/: regular expressions whose letters are whole words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from daemon.errors import ConfigError
from daemon.inference.chat.intent.lexicon import lexicon, read
from daemon.inference.chat.intent.tokens import Token
from daemon.products.phrases import Language

_MACRO: Final = re.compile(r"\$([a-z_]+)")
_CLASS: Final = re.compile(r"[a-z][a-z_]*")
_FIRST_LETTER: Final = 0x100


class Grammar(NamedTuple):
    """The patterns of a language. letters: the character that stands for each class."""

    letters: Mapping[str, str]
    features: Mapping[str, re.Pattern[str]]


@cache
def grammar(language: Language) -> Grammar:
    """Return the patterns of a language. Raises ConfigError for a class, macro or pattern that is not one."""
    name = f"patterns/{language}.toml"
    data = read(name)
    letters = {kind: chr(_FIRST_LETTER + i) for i, kind in enumerate(lexicon(language).classes)}
    groups = {name: "[" + "".join(letters[kind] for kind in kinds) + "]" for name, kinds in data["group"].items()}
    features = {}
    for feature, patterns in data["features"].items():
        where = f"intent/{name}: {feature}"
        features[feature] = _compiled(patterns, data["macro"], {**letters, **groups}, where)
    return Grammar(letters, features)


def features_of(clause: Sequence[Token], language: Language) -> frozenset[str]:
    """Return the features that a clause has."""
    own = grammar(language)
    line = "".join(own.letters[token.kind] for token in clause if token.kind in own.letters)
    return frozenset(feature for feature, pattern in own.features.items() if pattern.search(line))


def _compiled(
    patterns: list[str], macros: Mapping[str, str], letters: Mapping[str, str], where: str
) -> re.Pattern[str]:
    parts = []
    for pattern in patterns:
        try:
            spelt = _MACRO.sub(lambda found: macros[found[1]], pattern)
            spelt = _MACRO.sub(lambda found: macros[found[1]], spelt)
            parts.append("".join(_CLASS.sub(lambda found: letters[found[0]], spelt).split()))
        except KeyError as exc:
            raise ConfigError(f"{where}: there is no class or macro {exc}: {pattern!r}") from exc
    try:
        return re.compile("|".join(parts))
    except re.error as exc:
        raise ConfigError(f"{where}: {exc}") from exc
