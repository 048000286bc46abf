"""One form for one text, whoever typed it: what training saw is what a chat sees.

Full-width forms become plain ones (Unicode Standard Annex 15, form NFKC), traditional characters simplified ones
(OpenCC's t2s), and what cannot be seen goes, but for what holds an emoji together (Unicode Technical Standard 51).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import accumulate
from typing import Final, Protocol

from wcwidth import iter_graphemes

#: Characters kept of a text.
LIMIT: Final = 2000
#: A text may lose much before it is cut; of what goes on for longer than this many times the limit, no more is read.
LOOKED_AT: Final = 50
#: Marks over one letter. More are no writing, and sorting them costs NFKC the square of their number.
MARKS: Final = 8
#: What one step makes may be work for another (a mark meets its letter); two rounds are the rule, more have no case.
ROUNDS: Final = 8

_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_JOINER = "\u200d"
_TAGS = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
_PARTS = re.compile("[\u200d\U000e0020-\U000e007f]")


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


def normalised(text: str, *, limit: int = LIMIT) -> str:
    """Return at most `limit` characters of a text in its one form, cut between what a reader sees as characters.

    Never raises, whatever the characters; doing it twice changes nothing. Time: linear, and bounded by the limit.
    """
    text = text[: max(0, limit) * LOOKED_AT]
    for _ in range(ROUNDS):
        before, text = text, _once(text, limit)
        if text == before:
            break
    return text


def _once(text: str, limit: int) -> str:
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text)[: max(0, limit)].strip()
    text = _few_marks(_visible(_SURROGATES.sub("", text)))
    text = _SPACES.sub(" ", unicodedata.normalize("NFKC", text))
    return simplified(cut(text.strip(), limit).strip())


def cut(text: str, limit: int) -> str:
    """Return the beginning of a text, no longer than a limit and no grapheme broken (but for one longer than that)."""
    if len(text) <= limit:
        return text
    end = 0
    # a grapheme that reaches over the limit ends where the text is cut, so more of the text need not be looked at
    for reached in accumulate(len(one) for one in iter_graphemes(text[: max(0, limit) + 64])):
        if reached > limit:
            break
        end = reached
    return text[: end or max(0, limit)]


def simplified(text: str) -> str:
    """Return a text without lone surrogates with its traditional characters simplified."""
    return text if text.isascii() else _converter().convert(text)


@cache
def _converter() -> _Converter:
    from opencc import OpenCC  # noqa: PLC0415 of the extra chat, loaded with the first text that needs it

    converter: _Converter = OpenCC("t2s")
    return converter


def _visible(text: str) -> str:
    """Return a text without control and format characters; those that are white space become spaces."""
    if text.isprintable():
        return text
    kept = {place for found in _TAGS.finditer(text) for place in range(found.start() + 1, found.end())}
    return "".join(
        " " if char.isspace() else char
        for place, char in enumerate(text)
        if char.isspace() or place in kept or not _unseen(char) or _joins(text, place)
    )


def _unseen(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cn", "Co"}


def _joins(text: str, place: int) -> bool:
    """Say whether the character here is a joiner between two pictures."""
    if text[place] != _JOINER or place + 1 == len(text):
        return False
    left = place - 1
    while left >= max(0, place - 2) and (text[left] == "\ufe0f" or "\U0001f3fb" <= text[left] <= "\U0001f3ff"):
        left -= 1
    return left >= 0 and _picture(text[left]) and _picture(text[place + 1])


def _picture(char: str) -> bool:
    return unicodedata.category(char) == "So"


def _few_marks(text: str) -> str:
    """Return a text with at most MARKS combining marks in a row."""
    if text.isascii():
        return text
    kept, row = [], 0
    for char in text:
        row = row + 1 if unicodedata.combining(char) else 0
        if row <= MARKS:
            kept.append(char)
    return "".join(kept)
