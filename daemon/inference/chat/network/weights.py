"""Files of weights: safetensors, with the shape of the network in their metadata. Nothing of them is ever executed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat.network.seq2seq import Seq2Seq
from daemon.inference.chat.network.shape import Shape

FORMAT: Final = "zhiban.seq2seq"
VERSION: Final = 1


def save_weights(model: Seq2Seq, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a network, with whatever else is to be known of it. Killed in the middle, it leaves what was there.

    Raises InvalidInput for weights that are not finite, OSError where the file cannot be written.
    """
    tensors = {name: weight.detach().contiguous() for name, weight in model.state_dict().items()}
    lost = [name for name, weight in tensors.items() if not bool(torch.isfinite(weight).all())]
    if lost:
        raise InvalidInput(f"{', '.join(lost)}: numbers that are not finite, so this network is not written")
    own = {"format": FORMAT, "version": str(VERSION), "shape": msgspec.json.encode(model.shape).decode()}
    _replace(path, save(tensors, {**(notes or {}), **own}))


def load_weights(path: Path) -> Seq2Seq:
    """Read a network, ready to reply: without dropout.

    Raises UnreadableFile for a file that is absent, broken, of something else, of a newer version, or whose weights are
    not of the shape that it names.
    """
    try:
        with safe_open(path, framework="pt") as file:
            shape = _shape(path, file.metadata() or {})
            with torch.device("meta"):  # nothing is allocated before the file is known to fit
                model = Seq2Seq(shape)
            expected = {name: tuple(weight.shape) for name, weight in model.state_dict().items()}
            _check_names(path, expected, set(file.keys()))
            tensors = {name: _tensor(path, name, file.get_tensor(name), size) for name, size in expected.items()}
    except (OSError, SafetensorError) as problem:
        raise UnreadableFile(f"{path}: no weights can be read from it: {problem}") from problem
    model.load_state_dict(tensors, assign=True)
    return model.eval()


def read_notes(path: Path) -> tuple[Shape, dict[str, str]]:
    """Read the shape, and what else is to be known, without the weights. Raises UnreadableFile."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
    except (OSError, SafetensorError) as problem:
        raise UnreadableFile(f"{path}: no weights can be read from it: {problem}") from problem
    shape = _shape(path, metadata)
    return shape, {name: note for name, note in metadata.items() if name not in {"format", "version", "shape"}}


def _shape(path: Path, metadata: Mapping[str, str]) -> Shape:
    if metadata.get("format") != FORMAT:
        raise UnreadableFile(f"{path}: weights of something else: its format is {metadata.get('format')!r}")
    version = metadata.get("version", "")
    if not (version.isascii() and version.isdigit()):
        raise UnreadableFile(f"{path}: its version is {version!r}, and must be a number")
    if int(version) > VERSION:
        raise UnreadableFile(f"{path}: written in version {version}; this program reads up to {VERSION}")
    try:
        return msgspec.json.decode(metadata.get("shape", ""), type=Shape)
    except (msgspec.DecodeError, InvalidInput) as problem:
        raise UnreadableFile(f"{path}: the shape that it names cannot be: {problem}") from problem


def _check_names(path: Path, expected: Mapping[str, tuple[int, ...]], found: set[str]) -> None:
    wrong = sorted(found ^ set(expected))
    if wrong:
        raise UnreadableFile(f"{path}: weights that are missing or in excess: {', '.join(wrong[:5])}")


def _tensor(path: Path, name: str, tensor: Tensor, size: tuple[int, ...]) -> Tensor:
    if tuple(tensor.shape) != size or tensor.dtype != torch.float32:
        found = f"{list(tensor.shape)} {tensor.dtype}".replace("torch.", "")
        raise UnreadableFile(f"{path}: {name} is {found} where {list(size)} float32 is needed")
    if not bool(torch.isfinite(tensor).all()):
        raise UnreadableFile(f"{path}: {name} holds numbers that are not finite")
    return tensor.clone()


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
