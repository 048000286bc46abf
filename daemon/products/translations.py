"""Messages of rules, checks and refusals in the language of their readers.

Messages are made, compared and stored in English; they are put into words of another language only where they are
shown. A template such as "has {count:number} digits" matches what was made after it, and the text that belongs to it
is filled with the values found. Kinds of places, text that is kept as it is where none is given:

- number: digits with marks, sign and percent
- word: a word, or one of those that are known, in the other language where that is known
- field: the name of a field, in the other language
- path: any text without a semicolon
- names, choice: names in a row, parted by commas; amounts parted by "or"
- message, messages: another message; several of them, parted by semicolons, as which a whole message is tried last

A message of no known template stays as it is. A template has at most two places that take any text, so that the time
of a match never grows with more than the square of the length, and what is longer than any message is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from string import Formatter
from typing import Final, NamedTuple

from daemon.products import check_messages_zh, refusal_messages_zh, rule_messages_zh, shop_messages_zh
from daemon.products.phrases import Language, field_name
from daemon.products.rule_messages_zh import WORDS

#: What each language other than English is made of. Frames come first: they show at the ends of what they hold.
CATALOGUES: Final[Mapping[Language, tuple[Mapping[str, str], ...]]] = {
    "zh": (
        rule_messages_zh.FRAMES, check_messages_zh.FRAMES, shop_messages_zh.FRAMES,
        rule_messages_zh.MESSAGES, check_messages_zh.MESSAGES, shop_messages_zh.MESSAGES, refusal_messages_zh.MESSAGES,
    ),
}  # fmt: skip
_LONGEST: Final = 2_000
#: How many messages may stand inside one another.
_DEEPEST: Final = 6
_ANY: Final = "(.*)"
_PATTERNS: Final[Mapping[str, str]] = {
    "number": r"([-+]?[0-9][0-9.,]*(?:E[-+]?[0-9]+)?%?)",
    "word": "(" + "|".join(map(re.escape, WORDS)) + r"|[\w+#-]+)",
    "field": r"(\w+)",
    "path": "([^;]*)",
}
#: Fields whose values are words.
_WORDED: Final = frozenset({"availability", "status"})


class _Template(NamedTuple):
    """head, tail: the text before the first place and after the last. filled: the other language's text."""

    template: str
    head: str
    tail: str
    filled: str

    @classmethod
    def of(cls, template: str, filled: str) -> _Template:
        parts = list(Formatter().parse(template))
        return cls(template, parts[0][0], parts[-1][0] if parts[-1][1] is None else "", filled)

    def values(self, message: str) -> Iterator[tuple[str, str, str]] | None:
        """Iterate over (name, kind, text) of each place; None where the message is not of this template."""
        if not (message.startswith(self.head) and message.endswith(self.tail)):
            return None
        pattern, places = _compiled(self.template)
        match = pattern.fullmatch(message)
        return match and ((*place, text) for place, text in zip(places, match.groups(), strict=True))


@lru_cache(maxsize=1024)
def _compiled(template: str) -> tuple[re.Pattern[str], tuple[tuple[str, str], ...]]:
    """Return a pattern with a group for each place, and the places' (name, kind)."""
    pattern, places = "", []
    for literal, name, kind, _ in Formatter().parse(template):
        pattern += re.escape(literal)
        if name is not None:
            pattern += _PATTERNS.get(kind or "", _ANY)
            places.append((name, kind or ""))
    return re.compile(pattern, re.DOTALL), tuple(places)


def translated(message: str, language: Language) -> str:
    """Return a message in a language; as it is in English, and where no template is known for it."""
    if language not in CATALOGUES or len(message) > _LONGEST:
        return message
    return _found(message, language, _DEEPEST) or _row(message, language) or message


def translated_value(field: str, value: str, language: Language) -> str:
    """Return the value of a field in a language, where it is one of the words that the field has for values."""
    return WORDS.get(value, value) if language in CATALOGUES and field in _WORDED else value


def check_title(rule: str, language: Language) -> str:
    """Return what an incident of the checks is called; its rule id in English, and where it has no other name."""
    kind, _, name = rule.partition(":")
    title = check_messages_zh.TITLES.get(kind) if language in CATALOGUES else None
    if title is None:
        return rule
    return f"{title}（{name}）" if name else title


@lru_cache(maxsize=len(CATALOGUES))
def _templates(language: Language) -> tuple[_Template, ...]:
    return tuple(_Template.of(*row) for catalogue in CATALOGUES[language] for row in catalogue.items())


def _found(message: str, language: Language, depth: int) -> str | None:
    """Return a message in a language, None where no template fits. depth: how many more may stand inside it."""
    if not depth:
        return None
    for template in _templates(language):
        if (values := template.values(message)) is not None:
            told = {name: _value(text, kind, language, depth) for name, kind, text in values}
            return template.filled.format(**told)
    return None


def _row(text: str, language: Language) -> str | None:
    """Return messages in a row, None where one of them is of no known template."""
    told = []
    for _, known in _parted(text, language, _DEEPEST):
        if known is None:
            return None
        told.append(known)
    return "；".join(told)


def _value(value: str, kind: str, language: Language, depth: int) -> str:
    if kind == "message":
        return _found(value, language, depth - 1) or value
    if kind == "messages":
        return "；".join(known or part for part, known in _parted(value, language, depth - 1))
    simple: Mapping[str, Callable[[], str]] = {
        "word": lambda: WORDS.get(value, value),
        "field": lambda: field_name(value, language),
        "names": lambda: value.replace(", ", "、"),
        "choice": lambda: value.replace(" or ", " 或 "),
    }
    return simple[kind]() if kind in simple else value


def _parted(text: str, language: Language, depth: int) -> Iterator[tuple[str, str | None]]:
    """Iterate over messages in a row, each with what is known for it; one of them may hold a semicolon itself."""
    parts = text.split("; ")
    while parts:
        part, taken = parts[0], 1
        known = _found(part, language, depth)
        if known is None and (known := _found("; ".join(parts[:2]), language, depth)):
            taken = 2
        yield part, known
        parts = parts[taken:]
