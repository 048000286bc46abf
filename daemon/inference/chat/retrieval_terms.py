"""The terms that utterances are compared by."""

from __future__ import annotations

import re
from typing import Final
from zlib import crc32

from daemon.inference.chat.languages import HAN
from daemon.inference.chat.tokenizer import prepared

#: Terms are told apart by this many rows, so that no list of terms has to be kept (feature hashing, Weinberger et al.
#: 2009); of 60,000 terms every ninth shares its row with another.
ROWS: Final = 1 << 18
#: Of a long utterance the last so many terms count, since what is asked comes last.
MOST_TERMS: Final = 64

_TERM = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+|[\u2600-\u27bf\U0001f300-\U0001faff]")
_IS_HAN = re.compile(f"[{HAN}]")


def key_of(text: str) -> str:
    """Return what utterances have in common that differ in nothing but case, spaces, width, marks and script."""
    return " ".join(_TERM.findall(prepared(text).casefold()))


def rows_of(text: str) -> list[int]:
    """Return the rows of an utterance's terms, each once, in order: words; Chinese characters and pairs of them."""
    terms: list[str] = []
    for run in _TERM.findall(prepared(text).casefold()):
        if _IS_HAN.match(run):
            terms += [*run, *(run[place : place + 2] for place in range(len(run) - 1))]
        else:
            terms.append(run)
    return sorted({crc32(term.encode()) % ROWS for term in terms[-MOST_TERMS:]})
