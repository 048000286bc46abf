"""What is not said here: found in what people say and in what we would say, with what to answer instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from daemon.errors import ConfigError
from daemon.inference.chat.disguises import chinese_view, english_views
from daemon.inference.chat.languages import language_of
from daemon.inference.chat.normalisation import normalised
from daemon.inference.chat.personal_data import deidentified, masked
from daemon.products.phrases import Language

__all__ = ["Finding", "Kind", "deidentified", "judge_incoming", "judge_outgoing"]

Kind: TypeAlias = Literal[
    "self_harm", "others_talk", "violence", "hate", "sexual", "insult", "profanity", "personal"
]  # fmt: skip

#: Edited by people; its head says how entries are written.
LEXICON: Final = Path(__file__).with_name("safety.toml")
_GAPS: Final = {"en": ("... ", "(?:[a-z0-9']+ ){0,4}"), "zh": ("...", ".{0,8}?")}
_ANY_ENDING = re.compile(r"(?<=[a-z])\*")


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a text. reply: what to answer, in the language of the text.

    blocks: the text goes no further. Where it does not, `text` may: its personal data are masked.
    """

    kind: Kind
    reply: str
    blocks: bool
    text: str = ""


class _Entries(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    en: Sequence[str] = ()
    zh: Sequence[str] = ()
    reply: Mapping[Language, Annotated[str, msgspec.Meta(min_length=1)]] = {}
    ours: bool = False
    asked: Mapping[Language, Sequence[str]] = {}


class _Rule(msgspec.Struct, frozen=True):
    kind: Kind
    reply: Mapping[Language, str]
    ours: bool
    patterns: Mapping[Language, re.Pattern[str]]
    asked: Mapping[Language, re.Pattern[str]]


class Lexicon:
    """The entries of a file such as safety.toml. Raises ConfigError for one that cannot be used, naming the entry."""

    def __init__(self, path: Path = LEXICON) -> None:
        try:
            kinds = msgspec.toml.decode(path.read_bytes(), type=dict[Literal["innocent"] | Kind, _Entries])
        except (OSError, msgspec.MsgspecError, ValueError) as exc:
            raise ConfigError(f"{path}: {exc}") from exc
        innocent = kinds.pop("innocent", _Entries())
        self._innocent = {"en": _pattern(path, "en", innocent.en), "zh": _pattern(path, "zh", innocent.zh)}
        self._rules = tuple(_rule(path, kind, entries) for kind, entries in kinds.items() if kind != "innocent")

    def find(self, text: str, *, ours: bool) -> Finding | None:
        """Return the first kind of which something is in a text of any form; ours: that we would say."""
        views = tuple(self._views(normalised(text)))
        for rule in self._rules:
            if rule.ours and not ours:
                continue
            if rule.kind == "personal":
                without = masked(text)
                if without != normalised(text):
                    return Finding(kind="personal", reply=rule.reply[language_of(text)], blocks=False, text=without)
            elif _any(rule.patterns, views) or (not ours and _any(rule.asked, views)):
                return Finding(kind=rule.kind, reply=rule.reply[language_of(text)], blocks=True)
        return None

    def _views(self, text: str) -> Iterator[tuple[Language, str]]:
        yield "zh", self._innocent["zh"].sub("。", chinese_view(text))
        for view in english_views(text):
            yield "en", self._innocent["en"].sub(" . ", view)


@cache
def lexicon() -> Lexicon:
    """Return the lexicon that is shipped, read once."""
    return Lexicon()


def judge_incoming(text: str) -> Finding | None:
    """Return what is to be answered to a text instead of talking on, None where nothing is; never raises."""
    return lexicon().find(text, ours=False)


def judge_outgoing(text: str) -> Finding | None:
    """Return why a reply is not to be sent as it is, None where it may be; stricter than with what people say."""
    return lexicon().find(text, ours=True)


def _rule(path: Path, kind: Kind, entries: _Entries) -> _Rule:
    if set(entries.reply) != {"en", "zh"}:
        raise ConfigError(f"{path}: {kind}: reply: expected one in each language, en and zh")
    either, asked = _patterns(path, {"en": entries.en, "zh": entries.zh}), _patterns(path, entries.asked)
    return _Rule(kind, entries.reply, entries.ours, either, asked)


def _any(patterns: Mapping[Language, re.Pattern[str]], views: Sequence[tuple[Language, str]]) -> bool:
    return any(patterns[language].search(view) for language, view in views)


def _patterns(path: Path, entries: Mapping[Language, Sequence[str]]) -> dict[Language, re.Pattern[str]]:
    return {"en": _pattern(path, "en", entries.get("en", ())), "zh": _pattern(path, "zh", entries.get("zh", ()))}


def _pattern(path: Path, language: Language, entries: Sequence[str]) -> re.Pattern[str]:
    if not entries:
        return re.compile(r"(?!)")
    joined = "|".join(_expression(entry, language) for entry in entries)
    try:
        return re.compile(f"(?<![a-z0-9'])(?:{joined})(?![a-z0-9'])" if language == "en" else joined)
    except re.error:
        raise ConfigError(f"{path}: {_fault(language, entries)}") from None


def _expression(entry: str, language: Language) -> str:
    gap, words = _GAPS[language]
    entry = entry.replace(gap, words)
    return f"(?:{_ANY_ENDING.sub('[a-z]*', entry)})" if language == "en" else f"(?:{entry})"


def _fault(language: Language, entries: Sequence[str]) -> str:
    for entry in entries:
        try:
            re.compile(_expression(entry, language))
        except re.error as exc:
            return f"{language}: {entry!r} is no regular expression: {exc}"
    return f"{language}: the entries cannot stand side by side"
