"""A text as it is meant, whatever was put between its letters or in their place."""

from __future__ import annotations

import re
from typing import Final

from daemon.inference.chat.languages import HAN

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*|[.!?;。\n]")
_ENDS = frozenset(".!?;。\n")
_SPELLED = re.compile(r"(?<![a-z0-9'])(?:[a-z0-9@$][ .\-_*~|]{1,2}){2,}[a-z0-9@$]\.?(?![a-z0-9'])")
_BETWEEN = re.compile(r"[ .\-_*~|]")
_REPEATED = re.compile(r"([a-z])\1{2,}")
#: Digits and signs that stand for letters they look like.
_LOOKALIKES: Final = str.maketrans(
    {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"}
)
_DISGUISED = re.compile(r"(?<![\w@$])(?=[a-z0-9@$!]*[a-z])(?=[a-z]*[0-9@$!])[a-z0-9@$!]*[a-z0-9@$](?![\w@$])")
_STARRED = re.compile(r"(?<![a-z*])([a-z]+)[*#]([a-z]+)(?![a-z*])")
_NOISE = re.compile(f"(?<=[{HAN}])[ .\\-_*~|/+'\"^·]+(?=[{HAN}])|(?<=[{HAN}])[ *._-]+(?=[a-z](?![a-z]))")


def english_views(text: str) -> tuple[str, ...]:
    """Return readings of a text in its one form, as words with one space between, " . " where a sentence ends.

    As it stands; with letters spelled apart, repeated, starred out or replaced by look-alikes put right.
    """
    text = text.casefold().replace("’", "'")
    plain = _words(text)
    right = _SPELLED.sub(lambda found: _BETWEEN.sub("", found[0]), text)
    right = _DISGUISED.sub(lambda found: found[0].translate(_LOOKALIKES), right)
    right = _REPEATED.sub(r"\1", right)
    starred = [_STARRED.sub(rf"\1{vowel}\2", right) for vowel in "aeiou"] if _STARRED.search(right) else []
    return tuple(dict.fromkeys([plain, *map(_words, [right, *starred])]))


def chinese_view(text: str) -> str:
    """Return a text in its one form in lower case, with nothing between Chinese characters but sentence marks."""
    return _NOISE.sub("", text.casefold())


def _words(text: str) -> str:
    return " ".join("." if word in _ENDS else word for word in _WORD.findall(text))
