"""What can be measured: the folder of a training, or a packaged model."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.errors import UnreadableFile
from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.serving.model_files import CARD
from daemon.inference.chat.serving.models import load_model
from daemon.inference.chat.sources import TOKENS, TURNS
from daemon.inference.chat.steps import StepFunction
from daemon.inference.chat.tokenizer import Tokenizer
from daemon.inference.chat.training.batches import Sizes
from daemon.inference.chat.training.folder import RECIPE, read_folder, sizes_of
from daemon.inference.chat.training.recipe import Recipe

_TARGET = 32


class Measurable(NamedTuple):
    """A model, and how long the sources and replies are that it was trained with."""

    model: Seq2Seq | StepFunction
    tokenizer: Tokenizer
    sizes: Sizes


def read_measurable(path: Path) -> Measurable:
    """Read a folder of a training, or else a model. Raises UnreadableFile, InvalidInput."""
    if is_training(path):
        network, tokenizer, recipe = read_folder(path)
        return Measurable(network, tokenizer, sizes_of(recipe))
    if path.is_dir() and not (path / CARD).exists():
        raise UnreadableFile(f"{path} is neither the folder of a training, with a {RECIPE}, nor a model, with a {CARD}")
    model = load_model(path)
    return Measurable(model.steps, model.tokenizer, _sizes(model.card.training.get("recipe")))


def is_training(path: Path) -> bool:
    """Tell whether a path is the folder of a training."""
    return (path / RECIPE).is_file()


def _sizes(recipe: object) -> Sizes:
    """Return the sizes of the recipe that a card tells of, the usual ones where it tells of none."""
    try:
        return sizes_of(msgspec.convert(recipe, Recipe))
    except msgspec.ValidationError:
        return Sizes(TURNS, TOKENS, _TARGET)
