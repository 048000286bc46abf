"""The folder of a training: what is in it, and how it comes there.

recipe.json, corpora.json (what became of the corpora), tokenizer.model, held-out.jsonl, metrics.jsonl, two checkpoints,
best.safetensors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from daemon.errors import Conflict, UnreadableFile
from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.network.weights import load_weights
from daemon.inference.chat.tokenizer import Tokenizer
from daemon.inference.chat.training.batches import Sizes, encoded
from daemon.inference.chat.training.pairs import Pair
from daemon.inference.chat.training.preparation import Prepared, lines_of
from daemon.inference.chat.training.recipe import Recipe
from daemon.inference.chat.training.trainer import BEST, Data
from daemon.inference.chat.training.vocabulary import train_vocabulary
from daemon.inference.checkpoints import replace_file

RECIPE: Final = "recipe.json"
CORPORA: Final = "corpora.json"
TOKENIZER: Final = "tokenizer.model"
HELD_OUT: Final = "held-out.jsonl"


def furnish(recipe: Recipe, prepared: Prepared, folder: Path) -> Data:
    """Write what a training needs into a folder, and return its data. A vocabulary that is there is taken.

    Raises Conflict where the folder is of another recipe, StoreFull, UnreadableFile for a broken vocabulary.
    """
    claim(recipe, folder)
    if not (folder / TOKENIZER).exists():
        model = train_vocabulary(lines_of(prepared.learned), recipe.vocabulary, seed=recipe.seed)
        replace_file(folder / TOKENIZER, model)
    tokenizer = read_tokenizer(folder)
    counts: Counter[str] = Counter()
    sizes = sizes_of(recipe)
    data = Data(
        encoded(prepared.learned, tokenizer, sizes, counts),
        encoded(prepared.held_out, tokenizer, sizes, Counter()),
        tokenizer.size,
    )
    report = msgspec.structs.replace(prepared.report, counts={**prepared.report.counts, **counts})
    replace_file(folder / CORPORA, msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    replace_file(folder / HELD_OUT, b"".join(msgspec.json.encode(pair) + b"\n" for pair in prepared.held_out))
    return data


def claim(recipe: Recipe, folder: Path) -> None:
    """Make a folder that of a recipe. Raises Conflict where it is of another, OSError where it cannot be made."""
    folder.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.format(msgspec.json.encode(recipe)) + b"\n"
    path = folder / RECIPE
    if path.exists() and path.read_bytes() != content:
        raise Conflict(f"{folder} holds a training of another recipe; choose another folder, or delete it")
    replace_file(path, content)


def read_folder(folder: Path) -> tuple[Seq2Seq, Tokenizer, Recipe]:
    """Return the best network of a training, with its tokenizer and recipe. Raises UnreadableFile, InvalidInput."""
    path = folder / RECIPE
    try:
        recipe = msgspec.json.decode(path.read_bytes(), type=Recipe)
    except (OSError, msgspec.DecodeError) as error:
        raise UnreadableFile(f"{path}: not the recipe of a training: {error}") from error
    return load_weights(folder / BEST), read_tokenizer(folder), recipe


def read_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer of a training. Raises UnreadableFile."""
    path = folder / TOKENIZER
    try:
        return Tokenizer(path.read_bytes())
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be read: {error.strerror}") from error
    except UnreadableFile as error:
        raise UnreadableFile(f"{path}: {error}") from error


def read_held_out(path: Path) -> list[Pair]:
    """Return the pairs that a training left for measuring. Raises UnreadableFile, with the line."""
    return list(_pairs(path))


def sizes_of(recipe: Recipe) -> Sizes:
    """Return how long sources and replies of a recipe are."""
    return Sizes(recipe.batches.turns, recipe.batches.source, recipe.batches.target)


def _pairs(path: Path) -> Iterator[Pair]:
    decoder = msgspec.json.Decoder(Pair)
    try:
        lines: Sequence[bytes] = path.read_bytes().splitlines()
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        try:
            yield decoder.decode(line)
        except msgspec.DecodeError as error:
            raise UnreadableFile(f"{path}, line {number}: not a pair: {error}") from error
