"""Dialogues to learn and dialogues to measure, as tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import numpy as np

from daemon.inference.chat.tokenizer import Tokenizer
from daemon.inference.chat.training.batches import EncodedPairs, Sizes, encoded
from daemon.inference.chat.training.cleaning import Cleaner, Limits
from daemon.inference.chat.training.corpora import all_dialogues, corpus_named
from daemon.inference.chat.training.dialogues import Rejections
from daemon.inference.chat.training.fitness import unfit
from daemon.inference.chat.training.pairs import Balance, Pair, balanced, pairs_of, unknown
from daemon.inference.chat.training.perplexity import spread
from daemon.inference.chat.training.preparation import lines_of
from daemon.inference.chat.training.trainer import Data
from daemon.inference.chat.training.vocabulary import train_vocabulary
from tests.benchmarks.chat_quality.variants import BATCHES, SEED, VOCABULARY

T = TypeVar("T")
#: Both of PyPI, English.
CORPORA: Final = ("chitchat", "chatterbot-english")
HELD_OUT: Final = 0.06
#: Pairs that are learned at most and replies that are measured, spread evenly over all that there are.
LEARNED: Final = 90_000
MEASURED: Final = 3_000
SIZES: Final = Sizes(BATCHES.turns, BATCHES.source, BATCHES.target)


class Talk(NamedTuple):
    """learned: an epoch's pairs, in a fixed order. dialogues: which one each held-out pair is of, from 0 on."""

    learned: tuple[Pair, ...]
    held_out: tuple[Pair, ...]
    dialogues: Any
    tokenizer: Tokenizer

    def data(self, *, deaf: bool) -> Data:
        """Return what is learned and measured. deaf: every source is the same."""
        return Data(self._encoded(self.learned, deaf), self._encoded(self.held_out, deaf), self.tokenizer.size)

    def characters(self) -> Any:
        """Return the characters of each held-out reply, [N]."""
        return np.array([len(pair.reply) for pair in self.held_out])

    def _encoded(self, pairs: Sequence[Pair], deaf: bool) -> EncodedPairs:
        heard = [msgspec.structs.replace(pair, context=(".",)) for pair in pairs] if deaf else pairs
        return encoded(heard, self.tokenizer, SIZES, Counter())


def read_talk(names: Sequence[str] = CORPORA, root: Path | None = None, most: int = LEARNED) -> Talk:
    """Read and clean corpora as a training does. most: pairs that are learned. Raises as Corpus.paths does."""
    cleaner = Cleaner(Limits(held_out=HELD_OUT), unfit)
    learned: list[Pair] = []
    held: list[tuple[int, Pair]] = []
    for one in cleaner.clean(all_dialogues(map(corpus_named, names), root, Rejections())):
        pairs = pairs_of(one, SIZES.turns)
        if cleaner.is_held_out(one):
            held += [(one.key, pair) for pair in pairs]
        else:
            learned += pairs
    kept = balanced(learned, Balance(), Counter())
    tokenizer = Tokenizer(train_vocabulary(lines_of(kept), VOCABULARY, seed=SEED))
    fresh = {id(pair) for pair in unknown((pair for _, pair in held), kept, Counter())}
    measured = _some([(key, pair) for key, pair in held if id(pair) in fresh and _fits(pair, tokenizer)], MEASURED)
    _, dialogues = np.unique([key for key, _ in measured], return_inverse=True)
    taken = _some([pair for pair in kept if _fits(pair, tokenizer)], most)
    return Talk(tuple(taken), tuple(pair for _, pair in measured), dialogues, tokenizer)


def _some(things: Sequence[T], most: int) -> list[T]:
    return [things[place] for place in spread(len(things), most)]


def _fits(pair: Pair, tokenizer: Tokenizer) -> bool:
    """Return whether `encoded` keeps a pair, so that its rows are those of the pairs."""
    return 0 < len(tokenizer.encode(pair.reply)) <= SIZES.target - 2
