"""Pairs as numbers, and batches of them whose order is told by seed and epoch alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from daemon.errors import InvalidInput
from daemon.inference.chat.sources import joined
from daemon.inference.chat.tokenizer import BOS, EOS, PAD, Tokenizer
from daemon.inference.chat.training.pairs import Pair

Numbers: TypeAlias = NDArray[np.int32]
Places: TypeAlias = NDArray[np.int64]
#: So many batches' worth of pairs are sorted by length together: little padding, and still much chance.
POOL: Final = 64


class Batch(NamedTuple):
    """source: [B, S] int64; lengths: [B]; target: [B, T], begin to end symbol; target_lengths: [B]."""

    source: Tensor
    lengths: Tensor
    target: Tensor
    target_lengths: Tensor


class Sizes(NamedTuple):
    """The most turns before a reply, and the most tokens of a source and of a reply; longer replies are left out."""

    turns: int
    source: int
    target: int


class EncodedPairs:
    """Tokens of pairs one behind the other, so that a million of them fit into memory. characters: of the replies."""

    def __init__(self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], characters: int = 0) -> None:
        self.source_lengths = np.array([len(one) for one in sources], dtype=np.int64)
        self.target_lengths = np.array([len(one) for one in targets], dtype=np.int64)
        self._sources = _flat(sources)
        self._targets = _flat(targets)
        self._source_starts = _starts(self.source_lengths)
        self._target_starts = _starts(self.target_lengths)
        self.characters = characters

    def __len__(self) -> int:
        return len(self.source_lengths)

    @property
    def told(self) -> int:
        """Return how many tokens a network has to tell: all of the replies but their begin symbols."""
        return int(self.target_lengths.sum()) - len(self)

    @property
    def sha256(self) -> str:
        """Return one hash of all tokens."""
        digest = hashlib.sha256()
        for part in (self.source_lengths, self._sources, self.target_lengths, self._targets):
            digest.update(part.tobytes())
        return digest.hexdigest()

    def batch(self, which: Places, sources: Places | None = None) -> Batch:
        """Return some pairs, padded. sources: the pairs whose sources are taken instead."""
        source, lengths = self._rows(self._sources, self._source_starts, which if sources is None else sources)
        target, target_lengths = self._rows(self._targets, self._target_starts, which)
        return Batch(source, lengths, target, target_lengths)

    def source(self, number: int) -> list[int]:
        """Return the source of a pair."""
        return [int(token) for token in self._sources[self._source_starts[number] : self._source_starts[number + 1]]]

    @staticmethod
    def _rows(flat: Numbers, starts: Places, which: Places) -> tuple[Tensor, Tensor]:
        lengths = starts[which + 1] - starts[which]
        rows = np.full((len(which), int(lengths.max())), PAD, dtype=np.int64)
        for row, number in enumerate(which):
            rows[row, : lengths[row]] = flat[starts[number] : starts[number + 1]]
        return torch.from_numpy(rows), torch.from_numpy(lengths)


def encoded(pairs: Iterable[Pair], tokenizer: Tokenizer, sizes: Sizes, counts: Counter[str]) -> EncodedPairs:
    """Return pairs as tokens. Those whose replies are too long are left out and counted."""
    known: dict[str, list[int]] = {}
    sources, targets, characters = [], [], 0
    for pair in pairs:
        turns = [_tokens(turn, tokenizer, known) for turn in (*pair.context[-sizes.turns :], pair.reply)]
        if not 0 < len(turns[-1]) <= sizes.target - 2:
            counts["reply of too many tokens"] += 1
            continue
        sources.append(joined(turns[:-1], sizes.source))
        targets.append([BOS, *turns[-1], EOS])
        characters += len(pair.reply)
    return EncodedPairs(sources, targets, characters)


def batches(pairs: EncodedPairs, most_tokens: int, seed: int, epoch: int) -> list[Places]:
    """Return the batches of an epoch as numbers of pairs: each pair once, those of like lengths together.

    most_tokens: of the replies of a batch, padding included; a longer reply is a batch of its own.
    """
    if not len(pairs):
        raise InvalidInput("there is nothing to learn: no pair is left after cleaning")
    chance = np.random.default_rng([seed, epoch])
    order = chance.permutation(len(pairs))
    mean = max(1, most_tokens // max(1, int(pairs.target_lengths.mean())))
    made: list[Places] = []
    for start in range(0, len(order), mean * POOL):
        pool = order[start : start + mean * POOL]
        by_length = pool[np.lexsort((pairs.source_lengths[pool], pairs.target_lengths[pool]))]
        made += _cut(by_length, pairs.target_lengths, most_tokens)
    return [made[place] for place in chance.permutation(len(made))]


def in_order(pairs: EncodedPairs, most_tokens: int, which: Places) -> list[Places]:
    """Return batches of some pairs by length, for measuring."""
    order = which[np.lexsort((pairs.source_lengths[which], pairs.target_lengths[which]))]
    return _cut(order, pairs.target_lengths, most_tokens)


def _cut(order: Places, lengths: Places, most_tokens: int) -> list[Places]:
    made, start = [], 0
    for place in range(len(order)):
        if place > start and (place - start + 1) * int(lengths[order[place]]) > most_tokens:
            made.append(order[start:place])
            start = place
    return [*made, order[start:]] if len(order) else made


def _tokens(text: str, tokenizer: Tokenizer, known: dict[str, list[int]]) -> list[int]:
    """Return the tokens of a text; a turn is a reply once and before replies several times."""
    if (tokens := known.get(text)) is None:
        if len(known) > 100_000:
            known.clear()
        tokens = known[text] = tokenizer.encode(text)
    return tokens


def _flat(rows: Sequence[Sequence[int]]) -> Numbers:
    return np.fromiter((token for row in rows for token in row), dtype=np.int32, count=sum(map(len, rows)))


def _starts(lengths: Places) -> Places:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)])
