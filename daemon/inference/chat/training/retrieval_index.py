"""How the index of a retrieval is built out of pairs of what was said and what was replied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import numpy as np

from daemon.errors import InvalidInput
from daemon.inference.chat.languages import language_of
from daemon.inference.chat.normalisation import normalised
from daemon.inference.chat.retrieval_file import NOBODY, Contents, Numbers, packed, spread
from daemon.inference.chat.retrieval_terms import ROWS, key_of, rows_of

#: The turns before a reply, oldest first, and the reply.
Pair: TypeAlias = tuple[Sequence[str], str]
#: Longer replies are no talk; pairs with them are left out. Characters.
LONGEST_REPLY: Final = 200


def build_index(pairs: Iterable[Pair]) -> bytes:
    """Return the file of an index, for Retrieval; the same pairs give the same bytes.

    Pairs that follow one another in a conversation take the least room. Those without a last turn to compare by, with
    an empty or too long reply, or told already are left out. Raises InvalidInput where none is left.
    """
    said: dict[str, int] = {}
    replies: dict[str, int] = {}
    earlier: dict[tuple[int, int], int] = {}  # what was said before, by the numbers of an utterance and its reply
    for turns, reply in pairs:
        text = normalised(reply, limit=LONGEST_REPLY + 1)
        keys = [key_of(turn) for turn in turns[-2:]]
        if not keys or not keys[-1] or not text or len(text) > LONGEST_REPLY:
            continue
        before = said.setdefault(keys[0], len(said)) if len(keys) > 1 and keys[0] else NOBODY
        pair = said.setdefault(keys[-1], len(said)), replies.setdefault(text, len(replies))
        earlier.setdefault(pair, before)
    if not earlier:
        raise InvalidInput("an index is built of pairs of an utterance and a reply; there are none")
    return packed(_contents(list(said), list(replies), earlier))


def _contents(said: list[str], replies: list[str], earlier: dict[tuple[int, int], int]) -> Contents:
    counts, columns = _postings(said)
    blocks = {
        "last": spread(np.array([last for last, _ in earlier], np.int64)),
        "reply": spread(np.array([reply for _, reply in earlier], np.int64)),
        "earlier": spread(np.array(list(earlier.values()), np.int64) - NOBODY),
        "counts": spread(counts),
        "columns": spread(columns),
        "chinese": np.packbits([language_of(text) == "zh" for text in replies]).tobytes(),
        "text": "\n".join(replies).encode(),
    }
    return Contents(blocks, {"said": len(said), "replies": len(replies), "rows": ROWS})


def _postings(said: list[str]) -> tuple[Numbers, Numbers]:
    """Return how many utterances each row has, [ROWS], and which, rows with few of them first, [all of them]."""
    found = [np.array(rows_of(text), np.int64) for text in said]
    rows = np.concatenate(found)
    columns = np.repeat(np.arange(len(said)), [len(one) for one in found])
    counts = np.bincount(rows, minlength=ROWS)
    # rows of like size side by side: their steps are alike, and pack well
    return counts, columns[np.lexsort((columns, rows, counts[rows]))]
