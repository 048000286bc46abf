"""Finding the words of a list in texts: compatibility forms and case do not hide them, other words do not contain them.

Both sides are compared after Unicode normalisation form KC and case folding (UAX 15, UAX 21). Where words are
written with spaces between them, a listed word counts only as a word of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Final, TypeAlias

from ahocorasick_rs import BytesAhoCorasick, MatchKind

#: What `finder` makes.
Finder: TypeAlias = Callable[[bytes], Sequence[object]]

#: Scripts that write words without spaces between them: Thai to Khmer, kana, Han.
_SPACELESS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"
)
_NO_WORD_BEFORE: Final = f"(?<![^\\W{_SPACELESS}])"
_NO_WORD_AFTER: Final = f"(?![^\\W{_SPACELESS}])"
#: Code points of planes without a character that normalisation or case folding changes are not gone through.
_PLANES_FOLDED: Final = range(0, 0x30000, 0x100)
_ASTRAL: Final = 0x10000
_ASTRAL_BYTE: Final = 0xF0  # with which all characters from there on that folding changes begin in UTF-8


def folded(text: str) -> str:
    """Return a text in the form in which words are compared; a curled apostrophe is a straight one there."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("\u2019", "'")


def lowered(text: str) -> bytes:
    """Return a text as UTF-8 with ASCII letters in lower case; unpaired surrogates as three bytes."""
    return text.encode("utf-8", "surrogatepass").lower()


class WordList:
    """A list of words, with phrases in which they are allowed. Make it by `word_list`, which keeps made ones."""

    def __init__(self, words: Sequence[str], allow: Sequence[str]) -> None:
        known = dict.fromkeys(word for given in words if (word := folded(given).strip()))
        self._words = finder(map(lowered, known))
        self._pattern = _any_of(known)
        self._allowed = _any_of({folded(phrase) for phrase in allow} - {""})
        self._known = frozenset("".join(known))

    def found_in(self, text: str) -> list[str]:
        """Return the listed words that a text holds, each once, in their order there."""
        return list(dict.fromkeys(self._pattern.findall(self._allowed.sub("\x00", folded(text)))))

    def may_be_in(self, text: str, data: bytes) -> bool:
        """Tell whether a text can hold a listed word at all; far cheaper than to look, and seldom wrong.

        data: the text as `lowered` returns it. A word stands there as it is listed, unless one of its characters is
        in disguise.
        """
        if not text.isascii() and self._disguised(text, data):
            data = lowered(folded(text))
        return bool(self._words(data))

    def _disguised(self, text: str, data: bytes) -> bool:
        near, far = self._disguises
        return bool(near.search(text) or (_ASTRAL_BYTE in data and far(data)))

    @cached_property
    def _disguises(self) -> tuple[re.Pattern[str], Finder]:
        """What finds the characters that a listed word could be written with instead of its own.

        A pattern for those below U+10000, where sets of characters are fast; above, the blocks of 64 that they are in.
        One that folds to a character of a word, and one that composes with the character before it to one. A mark that
        stands by itself in a word can come out of any character that is written with it.
        """
        if any(map(unicodedata.combining, self._known)):
            return re.compile(""), finder(())
        tails = {mark for character in self._known for mark in unicodedata.normalize("NFD", character)[1:]}
        wanted = self._known | tails
        found = {character for character, fold in _folds().items() if not wanted.isdisjoint(fold)} | tails
        near = _members(character for character in found if ord(character) < _ASTRAL)
        blocks = {character.encode()[:3] for character in found if ord(character) >= _ASTRAL}
        return re.compile(f"[{near}]" if near else r"(?!)"), finder(blocks)


def finder(words: Iterable[bytes]) -> Finder:
    """Return a function that finds which of some words stand in bytes, in one pass over them however many they are."""
    return BytesAhoCorasick(list(words), matchkind=MatchKind.LeftmostFirst).find_matches_as_indexes


@lru_cache(maxsize=1)
def _folds() -> Mapping[str, str]:
    """Return what every character becomes that folding changes, those of ASCII left out; takes 15 ms."""
    found: dict[str, str] = {}
    for start in _PLANES_FOLDED:
        block = "".join(map(chr, range(start, start + _PLANES_FOLDED.step)))
        if folded(block) != block:
            found |= {c: fold for c in block if not c.isascii() and (fold := folded(c)) != c}
    return found


def _any_of(words: Collection[str]) -> re.Pattern[str]:
    """Return a pattern for a whole word of these, the longest that is there."""
    if not words:
        return re.compile(r"(?!)")
    first = _members({word[0] for word in words})
    return re.compile(f"(?=[{first}])(?:{'|'.join(map(_bounded, sorted(words, key=len, reverse=True)))})")


def _members(characters: Iterable[str]) -> str:
    return "".join(map(re.escape, sorted(characters)))


def _bounded(word: str) -> str:
    before = _NO_WORD_BEFORE if re.match(f"[^\\W{_SPACELESS}]", word) else ""
    after = _NO_WORD_AFTER if re.match(f"[^\\W{_SPACELESS}]", word[-1]) else ""
    return before + re.escape(word) + after


@lru_cache(maxsize=16)
def word_list(words: tuple[str, ...], allow: tuple[str, ...]) -> WordList:
    """Return the list of these words and allowed phrases."""
    return WordList(words, allow)
