"""From a recipe and corpora to numbers: reading, cleaning, vocabulary, held-out sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat.training.cleaning import Cleaner
from daemon.inference.chat.training.corpora import Corpus, corpus_named
from daemon.inference.chat.training.dialogues import Rejected, Rejections
from daemon.inference.chat.training.pairs import Pair, balanced, pairs_of, unknown
from daemon.inference.chat.training.perplexity import spread
from daemon.inference.chat.training.recipe import Ingredient, Recipe
from daemon.products.phrases import Language

BALANCE: Final = 3
FEW: Final = 1000


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known of a corpus that was learned from."""

    name: str
    licence: str
    source: str
    commit: str
    sha256: str
    redistributable: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the corpora: records, dialogues, turns and pairs by why they were left out; pairs by corpus."""

    sources: tuple[Source, ...]
    rejected: Mapping[str, int]
    first_rejected: tuple[Rejected, ...]
    counts: Mapping[str, int]
    learned: Mapping[str, int]
    held_out: Mapping[str, int]


class Prepared(NamedTuple):
    """learned: the pairs of an epoch, some of them several times. held_out: for measuring, none of them learned."""

    learned: list[Pair]
    held_out: list[Pair]
    report: Report


def prepare(recipe: Recipe, root: Path | None, unfit: Callable[[str], str]) -> Prepared:
    """Read and clean the corpora of a recipe. root: the folder of those that are no packages.

    Where nothing at all is held out, what is learned is measured: by heart.

    Raises InvalidInput for a recipe without corpora, NotFound and UnreadableFile for files that are not those meant.
    """
    if not recipe.corpora:
        raise InvalidInput(f"the recipe {recipe.name} names no corpora; name some")
    rejections, cleaner = Rejections(), Cleaner(recipe.cleaning, unfit)
    learned: list[Pair] = []
    held_out: list[Pair] = []
    corpora = [checked(one) for one in recipe.corpora]
    for ingredient, corpus in zip(recipe.corpora, corpora, strict=True):
        for cleaned in cleaner.clean(corpus.dialogues(root, rejections)):
            held = ingredient.held_out_only or cleaner.is_held_out(cleaned)
            (held_out if held else learned).extend(pairs_of(cleaned, recipe.batches.turns))
    kept = balanced(learned, recipe.balance, cleaner.counts)
    by_heart = not recipe.cleaning.held_out and not held_out
    fresh = kept if by_heart else unknown(held_out, kept, cleaner.counts)
    report = Report(
        sources=tuple(map(_source, corpora)),
        rejected=dict(rejections.reasons),
        first_rejected=tuple(rejections.first),
        counts=dict(cleaner.counts),
        learned=dict(Counter(pair.corpus for pair in kept)),
        held_out=dict(Counter(pair.corpus for pair in fresh)),
    )
    repeats = {corpus.name: one.repeat for one, corpus in zip(recipe.corpora, corpora, strict=True)}
    return Prepared([pair for pair in kept for _ in range(repeats[pair.corpus])], fresh, report)


def checked(ingredient: Ingredient) -> Corpus:
    """Return the corpus that a recipe means. Raises UnreadableFile where another was given by the same name."""
    corpus = corpus_named(ingredient.name)
    if ingredient.sha256 and corpus.sha256 != ingredient.sha256:
        raise UnreadableFile(f"corpus {corpus.name}: sha256 {corpus.sha256}, and the recipe means {ingredient.sha256}")
    return corpus


def lines_of(pairs: Iterable[Pair]) -> list[str]:
    """Return turns of pairs, once each: what a vocabulary is made of.

    No language gives more than BALANCE times as many as another of at least FEW, or it would get nearly all pieces;
    those of one that has more are spread evenly over it.
    """
    turns: dict[Language, dict[str, None]] = {}
    for pair in pairs:
        turns.setdefault(pair.language, {}).update(dict.fromkeys((*pair.context, pair.reply)))
    fewest = min((len(lines) for lines in turns.values() if len(lines) >= FEW), default=0)
    most = BALANCE * fewest or None
    return [
        line for lines in map(list, turns.values()) for line in (lines[place] for place in spread(len(lines), most))
    ]


def _source(corpus: Corpus) -> Source:
    return Source(
        name=corpus.name,
        licence=corpus.licence,
        source=corpus.source,
        commit=corpus.commit,
        sha256=corpus.sha256,
        redistributable=corpus.redistributable,
    )
