"""How good a network is on held-out dialogues, as figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from daemon.errors import InvalidInput
from daemon.inference.chat.beam_search import BeamSearch
from daemon.inference.chat.network.reference import TorchSteps
from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.search_settings import Settings
from daemon.inference.chat.sources import joined
from daemon.inference.chat.steps import StepFunction
from daemon.inference.chat.tokenizer import BOS, EOS, UNK, Tokenizer
from daemon.inference.chat.training.batches import EncodedPairs, Sizes, encoded
from daemon.inference.chat.training.bland import is_bland
from daemon.inference.chat.training.pairs import Pair
from daemon.inference.chat.training.perplexity import bits, spread
from daemon.inference.chat.training.step_bits import step_bits

#: Requests that are decoded together.
TOGETHER = 16


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of some pairs.

    bits_per_token, bits_per_character: of the human replies (Brown et al. 1992, "An estimate of an upper bound for the
    entropy of English"); shuffled: bits per token when each reply gets another's source. bland: the share of bland
    replies. distinct_1, distinct_2: different words, and pairs of them, by all (Li et al. 2016, section 5.1). bleu: of
    the first reply, 0 to 100 (Papineni et al. 2002, by sacrebleu). length: mean tokens of a reply. human: the same
    figures of the human replies, so that one knows what to make of them.
    """

    pairs: int
    bits_per_token: float
    bits_per_character: float
    shuffled: float
    replies: int
    bland: float
    distinct_1: float
    distinct_2: float
    bleu: float
    length: float
    empty: float
    human_bland: float
    human_distinct_1: float
    human_distinct_2: float
    human_length: float

    @property
    def gain(self) -> float:
        """Return the bits per token that the right source saves: near 0, the encoder is ignored."""
        return self.shuffled - self.bits_per_token


#: Rows of a table of figures: what is measured, the field, and the field of the human replies.
ROWS: Final = (
    ("pairs", "pairs", ""),
    ("bits per token", "bits_per_token", ""),
    ("bits per character", "bits_per_character", ""),
    ("bits per token, sources shuffled", "shuffled", ""),
    ("replies decoded", "replies", ""),
    ("bland replies", "bland", "human_bland"),
    ("empty replies", "empty", ""),
    ("distinct-1", "distinct_1", "human_distinct_1"),
    ("distinct-2", "distinct_2", "human_distinct_2"),
    ("BLEU", "bleu", ""),
    ("tokens of a reply", "length", "human_length"),
)


def evaluate(
    model: Seq2Seq | StepFunction,
    tokenizer: Tokenizer,
    held_out: Sequence[Pair],
    *,
    sizes: Sizes,
    replies: int = 200,
    width: int = 5,
    check: Callable[[], None] = lambda: None,
) -> dict[str, Figures]:
    """Return figures for each language that there is. replies: so many are decoded for each, by beams of a width.

    model: a network in fp32, or what is served of it.
    check: called often; what it raises is passed on. Raises InvalidInput where there is nothing to measure, or where
    the vocabularies of model and tokenizer differ.
    """
    if tokenizer.size != (size := steps_of(model).size):
        raise InvalidInput(f"the tokenizer has {tokenizer.size} pieces, and the network {size}")
    by_language: dict[str, list[Pair]] = {}
    for pair in held_out:
        by_language.setdefault(pair.language, []).append(pair)
    measured = {
        language: _figures(model, tokenizer, pairs, sizes, replies, width, check)
        for language, pairs in sorted(by_language.items())
        if len(encoded(pairs, tokenizer, sizes, Counter()))
    }
    if not measured:
        raise InvalidInput("there is nothing to measure with: no held-out pair is short enough")
    return measured


def distinct(replies: Iterable[Sequence[str]], n: int) -> float:
    """Return how many of all runs of n tokens are different ones, 0 where there are none."""
    runs = [tuple(reply[place : place + n]) for reply in replies for place in range(len(reply) - n + 1)]
    return len(set(runs)) / len(runs) if runs else 0.0


def bleu(replies: Sequence[str], references: Sequence[str], language: str) -> float:
    """Return the BLEU of a corpus, 0 to 100; Chinese by characters, English as in WMT ("13a")."""
    from sacrebleu.metrics.bleu import BLEU  # noqa: PLC0415 of the extra train, for this alone

    score: float = (
        BLEU(tokenize="zh" if language == "zh" else "13a").corpus_score(list(replies), [list(references)]).score
    )
    return score


def steps_of(model: Seq2Seq | StepFunction) -> StepFunction:
    """Return a model as beam search asks it."""
    return TorchSteps(model) if isinstance(model, Seq2Seq) else model


def decoded(
    model: Seq2Seq | StepFunction,
    tokenizer: Tokenizer,
    pairs: Sequence[Pair],
    sizes: Sizes,
    width: int,
    check: Callable[[], None] = lambda: None,
) -> list[str]:
    """Return the network's best reply to each pair's context."""
    settings = Settings(begin=BOS, end=EOS, width=width, max_length=sizes.target, banned=frozenset({UNK}))
    search = BeamSearch(steps_of(model), settings)
    texts = []
    for start in range(0, len(pairs), TOGETHER):
        check()
        contexts = [pair.context[-sizes.turns :] for pair in pairs[start : start + TOGETHER]]
        sources = [joined([tokenizer.encode(turn) for turn in context], sizes.source) for context in contexts]
        texts += [tokenizer.decode(found[0].tokens) if found else "" for found in search.run(sources)]
    return texts


def _bits(
    model: Seq2Seq | StepFunction, pairs: EncodedPairs, check: Callable[[], None], shuffled: int | None = None
) -> float:
    if isinstance(model, Seq2Seq):
        return bits(model, pairs, shuffled=shuffled, check=check)
    return step_bits(model, pairs, shuffled=shuffled, check=check)


def _figures(
    model: Seq2Seq | StepFunction,
    tokenizer: Tokenizer,
    pairs: Sequence[Pair],
    sizes: Sizes,
    most: int,
    width: int,
    check: Callable[[], None],
) -> Figures:
    numbers = encoded(pairs, tokenizer, sizes, Counter())
    per_token = _bits(model, numbers, check)
    some = [pairs[place] for place in spread(len(pairs), most)]
    replies = decoded(model, tokenizer, some, sizes, width, check)
    own, human = _style(replies, tokenizer), _style([pair.reply for pair in some], tokenizer)
    return Figures(
        pairs=len(numbers),
        bits_per_token=per_token,
        bits_per_character=per_token * numbers.told / numbers.characters,
        shuffled=_bits(model, numbers, check, shuffled=1),
        replies=len(replies),
        bleu=bleu(replies, [pair.reply for pair in some], pairs[0].language),
        empty=sum(not reply for reply in replies) / len(replies),
        **own,
        **{f"human_{name}": figure for name, figure in human.items()},
    )


def _style(replies: Sequence[str], tokenizer: Tokenizer) -> Mapping[str, float]:
    pieces = [[str(token) for token in tokenizer.encode(reply)] for reply in replies]
    return {
        "bland": sum(map(is_bland, replies)) / len(replies),
        "distinct_1": distinct(pieces, 1),
        "distinct_2": distinct(pieces, 2),
        "length": sum(map(len, pieces)) / len(pieces),
    }
