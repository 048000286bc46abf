"""Finding the words of a list in texts: compatibility forms and case do not hide them, other words do not contain them.

Both sides are compared after Unicode normalisation form KC and case folding (UAX 15, UAX 21). Where words are
written with spaces between them, a listed word counts only as a word of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

#: Scripts that write words without spaces between them: Thai to Khmer, kana, Han.
_SPACELESS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"
)
_NO_WORD_BEFORE: Final = f"(?<![^\\W{_SPACELESS}])"
_NO_WORD_AFTER: Final = f"(?![^\\W{_SPACELESS}])"
#: Characters whose folded form may be part of a word though they are not: ligatures, full-width letters and digits,
#: letters in circles and of mathematics, radicals, letters with marks of their own. Full-width punctuation is left
#: out: it is what nearly every Chinese text would be normalised in vain for.
_DISGUISED: Final = re.compile(
    "[\u00a0\u00aa\u00b2\u00b3\u00b5\u00b9\u00ba\u00bc-\u00be\u0132\u0133\u013f\u0140\u0149\u017f\u01c4-\u01cc\u01f1-\u01f3"
    "\u02b0-\u02b8\u02e0-\u02e4\u1d2c-\u1d6a\u1d78\u1d9b-\u1dbf\u1e9a\u1e9b\u2002-\u200a\u2070-\u209f\u2100-\u218f\u2460-\u24ff"
    "\u2c7c\u2c7d\u2e80-\u2fdf\u3000\u3038-\u303a\u309f\u30ff\u3130-\u318f\u3200-\u33ff\uf900-\ufaff\ufb00-\ufb4f\ufe57-\ufe6b"
    "\uff05\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff65-\uffdc\U0001d400-\U0001d7ff\U0001f100-\U0001f169\U0002f800-\U0002fa1f]"
)
#: Combining marks, which change the letter before them.
_MARKS: Final = re.compile("[\u0300-\u036f\u3099\u309a]")


def folded(text: str) -> str:
    """Return a text in the form in which words are compared; a curled apostrophe is a straight one there."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("\u2019", "'")


def _undisguised(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0])


class WordList:
    """A list of words, with phrases in which they are allowed. Make it by `word_list`, which keeps made ones."""

    def __init__(self, words: Sequence[str], allow: Sequence[str]) -> None:
        known = dict.fromkeys(word for given in words if (word := folded(given).strip()))
        self._ascii_words = tuple(word for word in known if word.isascii())
        wide = "|".join(re.escape(word) for word in known if not word.isascii())
        self._wide_words = re.compile(wide or r"(?!)")
        self._pattern = re.compile("|".join(map(_bounded, sorted(known, key=len, reverse=True))) or r"(?!)")
        allowed = sorted({folded(phrase) for phrase in allow} - {""}, key=len, reverse=True)
        self._allowed = re.compile("|".join(map(_bounded, allowed)) or r"(?!)")

    def found_in(self, text: str) -> list[str]:
        """Return the listed words that a text holds, each once, in their order there."""
        return list(dict.fromkeys(self._pattern.findall(self._allowed.sub("\x00", folded(text)))))

    def may_be_in(self, text: str) -> bool:
        """Tell whether a text can hold a listed word at all; far cheaper than to look, and seldom wrong."""
        plain = text.lower() if text.isascii() else _plain(text)
        for word in self._ascii_words:
            if word in plain:
                return True
        return not text.isascii() and bool(self._wide_words.search(plain))


def _plain(text: str) -> str:
    if _MARKS.search(text):
        return folded(text)
    return _DISGUISED.sub(_undisguised, text).casefold().replace("\u2019", "'")


def _bounded(word: str) -> str:
    before = _NO_WORD_BEFORE if re.match(f"[^\\W{_SPACELESS}]", word) else ""
    after = _NO_WORD_AFTER if re.match(f"[^\\W{_SPACELESS}]", word[-1]) else ""
    return before + re.escape(word) + after


@lru_cache(maxsize=16)
def word_list(words: tuple[str, ...], allow: tuple[str, ...]) -> WordList:
    """Return the list of these words and allowed phrases."""
    return WordList(words, allow)
