"""Clauses: parts of an utterance that say one thing each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from daemon.inference.chat.intent.tokens import Token

_MARKS: Final = frozenset(".!?;:,…。！？；，、~～()（）—|/\n")
#: Words that begin a clause of their own when at least two words stand before them.
_TURNS: Final = frozenset(
    {"but", "because", "so", "cause", "cuz", "coz", "although", "however", "while"}
    | {"但", "但是", "可是", "不过", "所以", "然后", "因为", "结果", "如果"}
)
_LONGEST: Final = 60


def clauses(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the clauses of an utterance without their punctuation, none longer than 60 words."""
    clause: list[Token] = []
    for token in tokens:
        ends = token.kind == "mark"
        if (ends and token.text in _MARKS) or (token.text in _TURNS and len(clause) > 1) or len(clause) >= _LONGEST:
            if clause:
                yield clause
            clause = []
        if not ends:
            clause.append(token)
    if clause:
        yield clause
