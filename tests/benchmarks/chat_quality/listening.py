"""`python -m tests.benchmarks.chat_quality.listening FOLDER [MOST]`: by which way a trained network hears its source.

Of the folder of a training it takes the best weights and the held-out pairs, MOST of each language at most, and gives
the replies the sources of others: to the whole network, to the first state of the decoder alone, and to attention
alone. What that costs is how much each way carries. Intervals are of 95 %, by a paired bootstrap over dialogues.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.training.batches import EncodedPairs, encoded
from daemon.inference.chat.training.folder import HELD_OUT, read_folder, read_held_out, sizes_of
from daemon.inference.chat.training.pairs import Pair
from daemon.inference.chat.training.perplexity import spread
from tests.benchmarks.chat_quality.intervals import Dialogues
from tests.benchmarks.chat_quality.measuring import bits_of, others
from tests.benchmarks.chat_quality.variants import SEED

MOST: Final = 1_500


def dialogues_of(pairs: Sequence[Pair]) -> Any:
    """Return which dialogue each pair is of, [N]: one goes on where a pair's last turn is the reply before."""
    begun = [not place or pair.context[-1] != pairs[place - 1].reply for place, pair in enumerate(pairs)]
    return np.cumsum(begun) - 1


def ways(model: Seq2Seq, pairs: EncodedPairs) -> Iterator[tuple[str, Any]]:
    """Yield by which way sources are wrong, and the bits of each reply then; first of all by none."""
    own, wrong = np.arange(len(pairs)), others(len(pairs), SEED)
    yield "none", bits_of(model, pairs)
    yield "first state and attention", bits_of(model, pairs, wrong)
    yield "first state alone", bits_of(model, pairs, wrong, own)
    yield "attention alone", bits_of(model, pairs, own, wrong)


def main(folder: Path, most: int = MOST) -> None:
    """Measure and print."""
    torch.set_num_threads(1)  # more of them wait for each other where others work too
    model, tokenizer, recipe = read_folder(folder)
    sheet = Table(title=f"{folder}: sources of others given to")
    for heading in ("language", "by", "bits/character", "bits/token", "more", "95 %"):
        sheet.add_column(heading, justify="left" if heading in {"language", "by"} else "right")
    held_out = read_held_out(folder / HELD_OUT)
    for language in sorted({pair.language for pair in held_out}):
        some = [pair for pair in held_out if pair.language == language]
        fitting = [pair for pair in some if 0 < len(tokenizer.encode(pair.reply)) <= recipe.batches.target - 2]
        places = spread(len(fitting), most)
        pairs = encoded([fitting[place] for place in places], tokenizer, sizes_of(recipe), Counter())
        _, of = np.unique(dialogues_of(fitting)[places], return_inverse=True)
        dialogues, tokens = Dialogues(of, SEED), pairs.target_lengths - 1
        found = dict(ways(model, pairs))
        for way, bits in found.items():
            sheet.add_row(
                f"{language}, {len(pairs)} replies of {of.max() + 1} dialogues", way,
                f"{bits.sum() / pairs.characters:.4f}", f"{bits.sum() / pairs.told:.4f}",
                f"{(bits - found['none']).sum() / pairs.told:.4f}",
                str(dialogues.gain(found["none"], bits, tokens)),
            )  # fmt: skip
    Console(width=120).print(sheet)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
