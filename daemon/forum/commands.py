"""What people type to the bot, taken apart: words, quoted words, and the valid word that is nearest to a wrong one.

Full-width forms, which Chinese keyboards make, are read as their ASCII twins (Unicode, block FF00); whatever cannot
be seen or stored counts as a space. Both keep the length, so that a part of the text can be had as it was typed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

#: C0, C1, zero-width and bidirectional characters, separators, surrogates, tags: none can be part of a command.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u115f\u1160\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_FULL_WIDTH: Final = {0x3000: 0x20} | {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
#: A word in quotes is bounded, so that a text full of opening quotes is read in linear time.
_WORD: Final = re.compile(
    r"""(?:"([^"]{1,200})"|“([^”]{1,200})”|「([^」]{1,200})」|'([^']{1,200})')(?=\s|$)|(\S+)""",
)
_AROUND: Final = ".,;:!?~#、。…"
#: Longer words are no slips of the finger.
_LONGEST_SLIP: Final = 40


class Word(NamedTuple):
    """One word, folded and without its quotes. start: where it begins in the text, quotes included."""

    text: str
    start: int
    quoted: bool = False


class Line(msgspec.Struct, frozen=True):
    """A text with its words."""

    text: str
    words: tuple[Word, ...]

    def rest(self, index: int) -> str:
        """Return the text from a word on, as it was typed; "" when there are not so many words."""
        return self.text[self.words[index].start :].strip() if index < len(self.words) else ""

    def without(self, count: int) -> Line:
        """Return the line without its first words."""
        return Line(self.text, self.words[count:])

    def split(self, length: int) -> Line:
        """Return the line with its first word cut in two after so many characters."""
        first, *others = self.words
        tail = Word(first.text[length:], first.start + length)
        return Line(self.text, (Word(first.text[:length], first.start), tail, *others))


def folded(text: str) -> str:
    """Return text of the same length in ASCII where a character has an ASCII twin, without what cannot be seen."""
    return _UNSEEN.sub(" ", text).translate(_FULL_WIDTH)


def parse(text: str) -> Line:
    """Take a text apart. Quotes hold a word with spaces together; one that is not closed is a character."""
    seen = folded(text)
    return Line(_UNSEEN.sub(" ", text), tuple(_word(found) for found in _WORD.finditer(seen)))


def _word(found: re.Match[str]) -> Word:
    bare = found[5]
    if bare is not None:
        return Word(bare, found.start())
    return Word(next(filter(None, found.groups())), found.start(), quoted=True)


def trimmed(word: str) -> str:
    """Return a word without the punctuation that a sentence leaves around it, in folded case."""
    return word.strip(_AROUND).casefold()


def nearest(word: str, valid: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the valid word that is nearest to a wrong one, "" when none is near. cutoff: similarity, 0 to 1."""
    if len(word) > _LONGEST_SLIP:
        return ""
    by_folded = {one.casefold(): one for one in valid}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=cutoff)
    return by_folded[close[0]] if close else ""
