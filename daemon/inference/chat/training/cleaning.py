"""Cleaning: what of a corpus is fit to be learned.

A turn that is unfit breaks its dialogue in two; runs of at least two fit turns are kept. All of it is decided from the
text alone, so that it is the same in any order and on any machine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from daemon.inference.chat.languages import language_of
from daemon.inference.chat.normalisation import normalised
from daemon.inference.chat.training.dialogues import Dialogue, key_of

_MARKUP: Final = re.compile(
    r"https?://|www\.|\b\w+\.(?:com|net|org|cn)\b|</?[a-zA-Z][^<>]{0,200}>|&[a-z]{2,8};|&#\d+;|\[/?[a-z]{1,10}\]|//@|"
    r"\bRT @|```|\*\*|\$\{|\{\{"
)
_EMOTICON: Final = re.compile(r"\[[\u4e00-\u9fff]{1,4}\]|<[a-z_]{1,20}>")  # [哈哈] of Weibo
_AGAIN: Final = re.compile(r"([^\d\s]{1,4}?)\1{3,}")
_WORD: Final = re.compile(r"\w")


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """longest_en, longest_zh: characters of a turn. most_turns: of a dialogue. held_out: the share of dialogues."""

    longest_en: int = 400
    longest_zh: int = 160
    most_turns: int = 500
    held_out: float = 0.02

    def longest(self, language: str) -> int:
        """Return how many characters a turn may have."""
        return self.longest_zh if language == "zh" else self.longest_en


class Cleaned(msgspec.Struct, frozen=True):
    """A run of fit turns. key: of the whole dialogue that it is from, the same for all runs of it."""

    dialogue: Dialogue
    key: int


class Cleaner:
    """Cleans dialogues and counts why turns or dialogues were left out or changed.

    unfit: returns why a turn must not be learned (profanity, personal data), "" where it may.
    """

    def __init__(self, limits: Limits, unfit: Callable[[str], str]) -> None:
        self.counts: Counter[str] = Counter()
        self._limits = limits
        self._unfit = unfit
        self._seen: set[int] = set()

    def clean(self, dialogues: Iterable[Dialogue]) -> Iterator[Cleaned]:
        """Iterate over what is fit, in order; of two equal dialogues the first."""
        for dialogue in dialogues:
            self.counts["dialogues read"] += 1
            turns = tuple(map(self._normal, dialogue.turns[: self._limits.most_turns]))
            key = key_of(turn.lower() for turn in turns)
            if key in self._seen:
                self.counts["duplicate dialogue"] += 1
                continue
            self._seen.add(key)
            for run in self._runs(turns, dialogue):
                self.counts["runs kept"] += 1
                self.counts["turns kept"] += len(run)
                yield Cleaned(Dialogue(run, dialogue.language, dialogue.corpus), key)

    def is_held_out(self, cleaned: Cleaned) -> bool:
        """Return whether a dialogue is for measuring: all runs of it, and all dialogues equal to it, are or are not."""
        return cleaned.key % 1_000_000 < self._limits.held_out * 1_000_000

    def _normal(self, turn: str) -> str:
        text = _EMOTICON.sub("", normalised(turn))
        shorter = _AGAIN.sub(r"\1\1\1", text)
        self.counts["repetition shortened"] += shorter != text
        return shorter.strip()

    def _runs(self, turns: Iterable[str], dialogue: Dialogue) -> Iterator[tuple[str, ...]]:
        run: list[str] = []
        for turn in (*turns, ""):
            if turn and not self._fault(turn, dialogue):
                run.append(turn)
                continue
            if len(run) > 1:
                yield tuple(run)
            elif run:
                self.counts["turn left alone"] += 1
            run = []

    def _fault(self, turn: str, dialogue: Dialogue) -> str:
        fault = self._told(turn, dialogue)
        if fault:
            self.counts[fault] += 1
        return fault

    def _told(self, turn: str, dialogue: Dialogue) -> str:
        if _MARKUP.search(turn):
            return "markup or address"
        if len(turn) > self._limits.longest(dialogue.language):
            return "too long"
        if not _WORD.search(turn):
            return "no words"
        if language_of(turn, dialogue.language) != dialogue.language:
            return "another language"
        return self._unfit(turn)
