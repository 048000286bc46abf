"""What the network reads of a conversation: the same in training and in a chat."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from daemon.inference.chat.tokenizer import EOS, Tokenizer

#: So many turns are read, the last ones; and so many tokens, those that were said last.
TURNS: Final = 3
TOKENS: Final = 48


def source_of(
    tokenizer: Tokenizer, turns: Sequence[str], *, most_turns: int = TURNS, longest: int = TOKENS
) -> list[int]:
    """Return tokens of turns, oldest first, an end symbol between two; never none."""
    return joined([tokenizer.encode(turn) for turn in turns[-most_turns:]], longest)


def joined(turns: Sequence[Sequence[int]], longest: int) -> list[int]:
    """Return the last tokens of turns, with an end symbol between two; the symbol alone where there are no tokens."""
    tokens: list[int] = []
    for before, turn in pairwise([(), *turns]):
        tokens += [*([EOS] if before else []), *turn]
    return tokens[-longest:] or [EOS]
