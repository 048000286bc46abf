"""What each part of the seq2seq network is worth: bits per character of held-out replies, one variant against another.

Every variant is trained by the project's own trainer for equally many steps, on the same batches in the same order
(but the one with another seed), at as nearly the same number of parameters as an even width of its layers allows. The
rate falls to 0 with the last step and the weights of the last step are measured: nothing is chosen by the dialogues
that are measured. It takes about half an hour of one core. The corpora are two that come with the extra `train`.

CHAT_QUALITY_CORPORA: names of corpora, with commas between, to take instead; those that are no packages lie in
shared/data/chat. CHAT_QUALITY_PAIRS: so many are learned at most; steps are in proportion. CHAT_QUALITY_FOLDER: where
trainings are kept, so that a bench that was broken off goes on; else they are thrown away.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console

from daemon.cli.chat_training_needs import need_training, quiet_log
from daemon.errors import Unavailable
from tests.benchmarks.__main__ import versions

AREA: Final = "chat_quality"
DATA: Final = Path(__file__).parents[2] / ".." / "shared" / "data" / "chat"
#: Bits per token that a held-out reply must cost more when it is given the source of another: the issue's.
LISTENING: Final = 0.1
PACKAGES: Final = ("torch", "gensim", "numpy", "sentencepiece", "chitchat-dataset", "chatterbot-corpus")


class Found(NamedTuple):
    """bits, shuffled: of each held-out reply, [N]; the second with another's source. seconds: CPU time of training."""

    bits: Any
    shuffled: Any
    parameters: int
    hidden: int
    steps: int
    seconds: float


def rows() -> Iterator[dict[str, Any]]:
    """Train and measure all variants, and compare them."""
    try:
        need_training()
    except Unavailable as error:
        raise ImportError(str(error)) from error
    with quiet_log(), _folder() as folder:
        yield from _rows(folder)


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    from tests.benchmarks.chat_quality.dialogues import CORPORA, LEARNED, read_talk
    from tests.benchmarks.chat_quality.intervals import Dialogues
    from tests.benchmarks.chat_quality.variants import COMPARISONS, DEAF, SEED, VARIANTS

    console = Console(stderr=True)
    names = os.environ.get("CHAT_QUALITY_CORPORA", ",".join(CORPORA)).split(",")
    talk = read_talk(names, DATA, int(os.environ.get("CHAT_QUALITY_PAIRS", LEARNED)))
    pairs = talk.data(deaf=False).held_out
    tokens, characters = pairs.target_lengths - 1, talk.characters()
    dialogues = Dialogues(talk.dialogues, SEED)
    console.print(
        f"{len(talk.learned)} pairs learned; {len(talk.held_out)} replies of {talk.dialogues.max() + 1} dialogues "
        f"measured: {tokens.sum()} tokens, {characters.sum()} characters"
    )
    found: dict[str, Found] = {}
    for variant in VARIANTS:
        found[variant.name] = one = _found(variant, talk, folder)
        console.print(
            f"{variant.name}: {one.bits.sum() / characters.sum():.4f} bits a character, {one.parameters} parameters "
            f"of width {one.hidden}, {one.steps} steps in {one.seconds:.0f} s of CPU time", highlight=False,
        )  # fmt: skip
    common = {"seed": SEED, "versions": versions(*PACKAGES)}
    for told, ours, peer in COMPARISONS:
        first, second = found[ours], found[peer]
        yield common | {
            "name": told, "unit": "bits/character",
            "ours": float(first.bits.sum() / characters.sum()), "peer": float(second.bits.sum() / characters.sum()),
            "ratio": float(first.bits.sum() / second.bits.sum()), "met": None,
            "goal": f"none; ratio {dialogues.ratio(first.bits, second.bits)} (95 %)",
            "parameters": [first.parameters, second.parameters],
        }  # fmt: skip
    for variant in VARIANTS:
        if variant.name != DEAF:
            yield common | _listening(variant.name, found[variant.name], dialogues, tokens)


def _listening(name: str, one: Found, dialogues: Any, tokens: Any) -> dict[str, Any]:
    """Return what the wrong sources cost."""
    right, wrong = one.bits.sum() / tokens.sum(), one.shuffled.sum() / tokens.sum()
    return {
        "name": f"right sources against shuffled ones: {name}", "unit": "bits/token",
        "ours": float(right), "peer": float(wrong), "ratio": float(right / wrong),
        "met": bool(wrong - right >= LISTENING),
        "goal": f"peer at least {LISTENING} more; {dialogues.gain(one.bits, one.shuffled, tokens)} (95 %)",
    }  # fmt: skip


def _found(variant: Any, talk: Any, folder: Path) -> Found:
    """Train a variant and measure the weights of its last step."""
    from daemon.inference.chat.network.weights import load_weights
    from daemon.inference.chat.training.trainer import BEST, train
    from tests.benchmarks.chat_quality.measuring import bits_of, others
    from tests.benchmarks.chat_quality.variants import SEED

    data, recipe = talk.data(deaf=variant.deaf), variant.recipe(talk.tokenizer.size)
    own = folder / variant.name.replace(", ", "-").replace(" ", "-")
    own.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    outcome = train(recipe, data, own)
    seconds = time.process_time() - began
    model, pairs = load_weights(own / BEST), data.held_out
    return Found(
        bits_of(model, pairs), bits_of(model, pairs, others(len(pairs), SEED)), model.shape.parameters(),
        model.shape.hidden, outcome.step, seconds,
    )  # fmt: skip


@contextmanager
def _folder() -> Iterator[Path]:
    if kept := os.environ.get("CHAT_QUALITY_FOLDER"):
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory(prefix="chat-quality-") as folder:
        yield Path(folder)
