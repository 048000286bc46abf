"""Small talk in words of our own, from phrases/smalltalk_*.toml, which people may edit.

What is said is compared with the examples of each topic; where none is alike, patterns tell at least what kind of
thing is said (Weizenbaum 1966), so that it is answered as such.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Final, NamedTuple
from zlib import crc32

import msgspec

from daemon.errors import ConfigError
from daemon.inference.chat.dialogue.cues import plain
from daemon.inference.chat.dialogue.echoes import taken_up
from daemon.inference.chat.dialogue.likeness import Likeness
from daemon.inference.chat.dialogue.phrases import FOLDER
from daemon.inference.chat.replies import Candidate
from daemon.products.phrases import Language

#: Topics whose replies are offered.
_TOPICS: Final = 2
#: What a topic gains that goes on with what we just said.
_GOES_ON: Final = 0.35
#: Characters of what a pattern may take up into a reply.
_LONGEST_THING: Final = 30
#: What the likeness of one of several sentences counts as against that of all that was said: the last one tells most.
_LAST: Final = 0.95
_EARLIER: Final = 0.6
_ENDS: Final = re.compile(r"(?<=[.!?。！？…])\s*")
_AFTER_THING: Final = re.compile(r"(?: (?:very much|so much|a lot|too|as well|now|today|at all|better|more|best))+$")
_PLACE: Final = re.compile(r"\{(?:thing|echo)\}")

_Lines = tuple[Annotated[str, msgspec.Meta(min_length=1)], ...]


class Words(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """said: examples; patterns: regular expressions found in small letters; reply: variants of the answer."""

    said: _Lines = ()
    patterns: _Lines = ()
    reply: Annotated[_Lines, msgspec.Meta(min_length=1)]


class Topic(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """after: topics that it goes on with; where there are any, it is talked of after them alone.

    worth: the score of a pattern that is found.
    """

    en: Words | None = None
    zh: Words | None = None
    after: tuple[str, ...] = ()
    worth: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.5

    def words(self, language: Language) -> Words | None:
        """Return what it is in a language, None where it is nothing."""
        return self.zh if language == "zh" else self.en


class _Found(NamedTuple):
    topic: str
    score: float
    thing: str = ""


class SmallTalk:
    """A Speaker. Raises ConfigError for topics that cannot be used, naming them."""

    def __init__(self, topics: Mapping[str, Topic]) -> None:
        self.topics = topics
        if strangers := {name for topic in topics.values() for name in topic.after} - topics.keys():
            raise ConfigError(f"small talk goes on with topics that there are not: {', '.join(sorted(strangers))}")
        self._sides = {language: _Side(topics, language) for language in _LANGUAGES}

    @classmethod
    def read(cls, folder: Path = FOLDER) -> SmallTalk:
        """Read the files of a folder. Raises ConfigError, naming the file."""
        topics: dict[str, Topic] = {}
        for path in sorted(folder.glob("smalltalk_*.toml")):
            try:
                topics |= msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), dict[str, Topic])
            except (msgspec.ValidationError, ValueError) as exc:
                raise ConfigError(f"{path}: {exc}") from exc
        return cls(topics)

    async def candidates(self, turns: Sequence[str], language: Language) -> Sequence[Candidate]:
        """Return replies to the last of some turns, best topic first, another variant each time.

        A score is how alike the nearest example is, or what the pattern is worth, from 0 to 1.
        """
        return self.replies(turns, language)

    def replies(self, turns: Sequence[str], language: Language) -> list[Candidate]:
        """Return what `candidates` does."""
        return list(self._replies(turns, language))

    def _replies(self, turns: Sequence[str], language: Language) -> Iterator[Candidate]:
        if not turns:
            return
        before = self._sides[language].spoken_of(turns[-2]) if len(turns) > 1 else ""
        start = len(turns) + crc32("\n".join(turns).encode("utf-8", "replace"))
        for found in self._sides[language].found(turns[-1], before):
            words = self.topics[found.topic].words(language)
            variants = words.reply if words else ()
            for step, variant in enumerate(_ordered(variants, start)):
                text = taken_up(variant, turns[-1], found.thing, language)
                if not text:
                    continue
                # variants in their order, should the first have been said lately
                score = max(0.0, found.score - 0.001 * step)
                yield Candidate(text=text, score=score, speaker="smalltalk", notes=(f"topic {found.topic}",))


_LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")


class _Side:
    """All topics in one language."""

    def __init__(self, topics: Mapping[str, Topic], language: Language) -> None:
        self._after = {name: frozenset(topic.after) for name, topic in topics.items()}
        self._worth = {name: topic.worth for name, topic in topics.items()}
        kept = {name: words for name, topic in topics.items() if (words := topic.words(language))}
        self._likeness = Likeness({name: words.said for name, words in kept.items() if words.said}, language)
        self._patterns = [(name, _compiled(name, one)) for name, words in kept.items() for one in words.patterns]
        self._ours = {
            plain(reply): name for name, words in kept.items() for reply in words.reply if not _PLACE.search(reply)
        }
        self._templates = [
            (name, re.compile(" ?.{1,80} ?".join(map(re.escape, map(plain, _PLACE.split(reply))))))
            for name, words in kept.items() for reply in words.reply if _PLACE.search(reply)
        ]  # fmt: skip

    def spoken_of(self, reply: str) -> str:
        """Return which topic a reply is of, "" for one that is not ours."""
        bare = plain(reply)
        return self._ours.get(bare) or next((name for name, one in self._templates if one.fullmatch(bare)), "")

    def found(self, text: str, before: str) -> list[_Found]:
        """Return the topics that a text is of, best first."""
        sentences = [one for one in _ENDS.split(text) if one]
        alike = self._alike(text, before)
        for place, sentence in enumerate(sentences if len(sentences) > 1 else ()):
            counts = _LAST if place == len(sentences) - 1 else _EARLIER
            for name, score in self._alike(sentence, before).items():
                alike[name] = max(alike.get(name, 0.0), counts * score)
        found = [_Found(name, score) for name, score in sorted(alike.items(), key=lambda one: (-one[1], one[0]))]
        pattern = self._by_pattern([*sentences[-1:], text, *sentences[-2::-1]], before)
        return sorted([*found[:_TOPICS], *pattern], key=lambda one: -one.score)

    def _alike(self, text: str, before: str) -> dict[str, float]:
        return {
            name: min(1.0, score + _GOES_ON if self._after[name] else score)
            for name, score in self._likeness.of(text).items() if self._may_follow(name, before)
        }  # fmt: skip

    def _may_follow(self, name: str, before: str) -> bool:
        return not self._after[name] or before in self._after[name]

    def _by_pattern(self, texts: Sequence[str], before: str) -> list[_Found]:
        """Return the first that is found, in any of some texts, the first of them first."""
        plain = [" ".join(text.casefold().replace("’", "'").split()) for text in texts]
        for text in plain:
            for name, pattern in self._patterns:
                if self._may_follow(name, before) and (match := pattern.search(text)):
                    thing = _AFTER_THING.sub("", match.groupdict().get("thing") or "").strip(" ,，")
                    if len(thing) <= _LONGEST_THING:
                        return [_Found(name, self._worth[name], thing)]
        return []


def _ordered(variants: Sequence[str], start: int) -> list[str]:
    """Return variants beginning with another one each time, first those that take up what was said."""
    turned = [variants[(start + step) % len(variants)] for step in range(len(variants))]
    return sorted(turned, key=lambda one: _PLACE.search(one) is None)


@cache
def _compiled(name: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as exc:
        raise ConfigError(f"small talk, {name}: {pattern!r} is no regular expression: {exc}") from exc
