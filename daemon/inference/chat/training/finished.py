"""What a folder of a training says of itself, read whole before anything is made of it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import msgspec

from daemon.errors import NotFound, UnreadableFile
from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.network.weights import read_notes
from daemon.inference.chat.tokenizer import Tokenizer
from daemon.inference.chat.training.export import check_exportable
from daemon.inference.chat.training.folder import RECIPE, TOKENIZER, read_folder
from daemon.inference.chat.training.recipe import Recipe
from daemon.inference.chat.training.standing import Standing
from daemon.inference.chat.training.trainer import BEST, METRICS
from daemon.inference.checkpoints import read_standing


class Best(msgspec.Struct, frozen=True, kw_only=True):
    """The weights that were best on what was held out. bits_per_token: there; sha256: of their file."""

    step: int
    bits_per_token: float
    sha256: str


class Finished(NamedTuple):
    """A training that may be packaged, whether or not it could go on.

    vocabulary: the tokenizer's file; log: its metrics, JSON lines.
    """

    recipe: Recipe
    model: Seq2Seq
    tokenizer: Tokenizer
    vocabulary: bytes
    best: Best
    standing: Standing
    log: bytes


def read_finished(folder: Path) -> Finished:
    """Read a folder of a training.

    Raises NotFound for one that is none, or before its first evaluation; UnreadableFile and StoreCorrupt for files
    that are broken or not of one training; InvalidInput for a shape that cannot be served.
    """
    if not (folder / RECIPE).is_file():
        raise NotFound(f"{folder} is no folder of a training: there is no {RECIPE} in it")
    if not (folder / BEST).is_file():
        raise NotFound(f"{folder}: this training was not measured yet, so there are no best weights; go on with it")
    shape, notes = read_notes(folder / BEST)
    check_exportable(shape)
    model, tokenizer, recipe = read_folder(folder)
    if shape != recipe.shape_of(tokenizer.size):
        raise UnreadableFile(f"{folder / BEST}: its shape is not that of the recipe and the tokenizer beside it")
    vocabulary = (folder / TOKENIZER).read_bytes()
    best, standing = _best(folder / BEST, notes), _standing(folder, recipe)
    return Finished(recipe, model, tokenizer, vocabulary, best, standing, _log(folder))


def _best(path: Path, notes: dict[str, str]) -> Best:
    try:
        step, bits = int(notes["step"]), float(notes["bits_per_token"])
    except (KeyError, ValueError) as problem:
        raise UnreadableFile(f"{path}: it does not tell the step that it is of, and how good it was") from problem
    return Best(step=step, bits_per_token=bits, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def _standing(folder: Path, recipe: Recipe) -> Standing:
    standing = read_standing(folder, Standing)
    if standing is None:
        raise UnreadableFile(f"{folder}: no checkpoint is left that tells from which data it learned")
    if standing.recipe != recipe.sha256:
        raise UnreadableFile(f"{folder}: its checkpoint is of another recipe than {RECIPE}")
    return standing


def _log(folder: Path) -> bytes:
    path = folder / METRICS
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as problem:
        raise UnreadableFile(f"{path}: cannot be read: {problem.strerror}") from problem
    return b"".join(line for line in lines if line.endswith(b"}\n"))  # the last one may have been broken off
