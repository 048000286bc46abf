"""A corpus that is learned in seconds, and a recipe for it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from daemon.inference.chat.tokenizer import Tokenizer
from daemon.inference.chat.training.batches import Sizes, encoded
from daemon.inference.chat.training.fitness import unfit
from daemon.inference.chat.training.folder import furnish
from daemon.inference.chat.training.pairs import Pair
from daemon.inference.chat.training.preparation import Prepared, prepare
from daemon.inference.chat.training.recipe import Recipe
from daemon.inference.chat.training.trainer import Data, train
from daemon.inference.chat.training.vocabulary import train_vocabulary

TALK = {
    "hello there": "hi, how are you?",
    "what is your name": "they call me zhiban.",
    "do you like tea": "i prefer coffee in the morning.",
    "where do you live": "on a server, somewhere cold.",
    "can you sing": "only when nobody listens.",
    "what do you do": "i watch the shop all night.",
    "are you tired": "never, but the fans are.",
    "good night": "sleep well!",
    "你好": "你好呀!",
    "你叫什么名字": "名字写在门上。",
    "你喜欢喝茶吗": "早上我更喜欢咖啡。",
    "你住在哪里": "住在一台服务器上。",
    "你会唱歌吗": "没人听的时候才唱。",
    "你在做什么": "整夜看着店铺。",
    "你累吗": "不累,风扇才累。",
    "晚安": "好梦!",
}
PAIRS = [Pair((said,), reply, "en" if said.isascii() else "zh", "own") for said, reply in TALK.items()]
SHAPE = {"embedding": 32, "hidden": 64, "encoder_layers": 1, "decoder_layers": 1, "dropout": 0.1}


def vocabulary() -> Tokenizer:
    return Tokenizer(train_vocabulary([text for pair in TALK.items() for text in pair], 420, kind="bpe"))


def data(tokenizer: Tokenizer) -> Data:
    """Data that is measured with what is learned: nothing but the learning itself is tried."""
    pairs = encoded(PAIRS, tokenizer, Sizes(3, 48, 32), Counter())
    return Data(pairs, pairs, tokenizer.size)


def recipe(**changes: dict[str, Any]) -> Recipe:
    parts: dict[str, Any] = {
        "name": "small",
        "seed": 5,
        "shape": SHAPE,
        "batches": {"tokens": 64},
        "optimisation": {"learning_rate": 0.01, "warmup": 10, "smoothing": 0.0, "decay": "constant"},
        "course": {"epochs": 4, "evaluate_every": 5, "checkpoint_every": 7, "log_every": 1, "patience": 100},
    }
    for name, change in changes.items():
        parts[name] = {**parts.get(name, {}), **change}
    return msgspec.convert(parts, Recipe)


def contents(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def trained(folder: Path, corpus: Path, steps: int = 10, **changes: Any) -> tuple[Recipe, Prepared]:
    """Write TALK into a corpus and train on it for some steps, in a folder as a person has it afterwards."""
    corpus.write_text("\n".join(json.dumps({"context": said, "reply": reply}) for said, reply in TALK.items()))
    given = {"cleaning": {"held_out": 0.0}, "balance": {"most_of_one": 1.0}, "vocabulary": 420, **changes}
    how = msgspec.convert({**msgspec.to_builtins(recipe()), "corpora": [{"name": str(corpus)}], **given}, Recipe)
    prepared = prepare(how, None, unfit)
    train(how, furnish(how, prepared, folder), folder, steps=steps)
    return how, prepared
