"""What corpora hold, and what of them could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Final

import msgspec

from daemon.products.phrases import Language

#: So many rejected records are told with their place; of all others only the number for each reason.
TOLD: Final = 20


class Dialogue(msgspec.Struct, frozen=True):
    """What two or more people said in turn, oldest first. corpus: the name of the corpus that it is from."""

    turns: tuple[str, ...]
    language: Language
    corpus: str


class Rejected(msgspec.Struct, frozen=True):
    """A record that is left out. place: "line 3" or "record 3", counted from 1."""

    file: str
    place: str
    reason: str


class Rejections:
    """Records that were left out, counted by reason; the first of them with their places."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        self.first: list[Rejected] = []

    def add(self, file: str, place: str, reason: str) -> None:
        """Count a record."""
        self.reasons[reason] += 1
        if len(self.first) < TOLD:
            self.first.append(Rejected(file, place, reason))

    @property
    def count(self) -> int:
        """How many records were left out."""
        return self.reasons.total()


def fault_of(turns: Sequence[object]) -> str:
    """Return why turns are no dialogue, "" where they are one."""
    if not all(isinstance(turn, str) for turn in turns):
        return "a turn is no text"
    if not all(str(turn).strip() for turn in turns):
        return "a turn is blank"
    if any(_is_damaged(str(turn)) for turn in turns):
        return "not UTF-8, or damaged before: it holds lone surrogates or U+FFFD"
    return "fewer than two turns" if len(turns) < 2 else ""


def key_of(turns: Iterable[str]) -> int:
    """Return 64 bits that stand for turns, the same on every machine."""
    digest = blake2b(digest_size=8)
    for turn in turns:
        digest.update(turn.encode("utf-8", "surrogatepass") + b"\0")
    return int.from_bytes(digest.digest(), "big")


def _is_damaged(text: str) -> bool:
    return "\ufffd" in text or any("\ud800" <= char <= "\udfff" for char in text)
