"""Checkpoints: all that a training needs to go on as if nothing had happened.

A checkpoint is a file of tensors and then a JSON file that names it with its hash, each put in place at once: without
its JSON there is none. Two are kept, so that one is left whatever becomes of the newest.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from daemon.errors import StoreCorrupt, StoreFull

KEPT: Final = 2
VERSION: Final = 1
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Standing(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Where a training stands; each kind of training adds what it has to know. step: made so far."""

    step: int = 0
    version: int = VERSION


S = TypeVar("S", bound=Standing)


class _File(msgspec.Struct, Generic[S], kw_only=True, forbid_unknown_fields=True):
    standing: S
    tensors: str
    sha256: str


def save_checkpoint(folder: Path, standing: Standing, tensors: Mapping[str, Tensor]) -> Path:
    """Write a checkpoint, and delete all but the newest ones. Return its JSON file.

    Raises StoreFull where there is no room; what was there is kept.
    """
    content = save({name: tensor.contiguous() for name, tensor in tensors.items()})
    stem = folder / f"checkpoint-{standing.step:09d}"
    told = _File(standing=standing, tensors=f"{stem.name}.safetensors", sha256=hashlib.sha256(content).hexdigest())
    replace_file(stem.with_suffix(".safetensors"), content)
    replace_file(stem.with_suffix(".json"), msgspec.json.format(msgspec.json.encode(told)) + b"\n")
    for old in _newest_first(folder)[KEPT:]:
        old.unlink(missing_ok=True)
        old.with_suffix(".safetensors").unlink(missing_ok=True)
    return stem.with_suffix(".json")


def load_checkpoint(folder: Path, kind: type[S]) -> tuple[S, dict[str, Tensor]] | None:
    """Return the newest checkpoint of a kind of training, None where there is none.

    Raises StoreCorrupt for one that is broken; it says which file to delete to go on from the one before.
    """
    found = _newest_first(folder)
    if not found:
        return None
    told, hint = _told(found, kind)
    return told.standing, _tensors(folder / Path(told.tensors).name, told.sha256, hint)


def read_standing(folder: Path, kind: type[S]) -> S | None:
    """Return where a training stands by its newest checkpoint, None where there is none. Raises StoreCorrupt."""
    found = _newest_first(folder)
    return _told(found, kind)[0].standing if found else None


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in place at once: killed in the middle, what was there stays. Raises StoreFull, OSError."""
    with with_room(path), tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


@contextmanager
def with_room(path: Path) -> Iterator[None]:
    """Raise StoreFull where the disk, the quota or the longest file has no room for what is written to a path."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFull(f"{path}: there is no room for it ({error.strerror}); what was there is kept") from error
        raise


def optimiser_tensors(model: torch.nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return the state of an optimiser by the names of the weights."""
    return {
        f"optimiser.{name}.{key}": torch.as_tensor(value)
        for name, weight in model.named_parameters()
        for key, value in optimiser.state[weight].items()
    }


def restore_optimiser(model: torch.nn.Module, optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimiser the state that it had."""
    for name, weight in model.named_parameters():
        prefix = f"optimiser.{name}."
        state = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        if state:
            optimiser.state[weight] = state


def _tensors(path: Path, sha256: str, hint: str) -> dict[str, Tensor]:
    try:
        content = path.read_bytes()
        if (found := hashlib.sha256(content).hexdigest()) != sha256:
            raise StoreCorrupt(f"{path}: it is broken: its sha256 is {found}, and {sha256} was written; {hint}")
        return load(content)
    except (OSError, SafetensorError) as error:
        raise StoreCorrupt(f"{path}: it cannot be read: {error}; {hint}") from error


def _told(found: list[Path], kind: type[S]) -> tuple[_File[S], str]:
    """Return what the newest of some checkpoints says, and what to do where it is broken."""
    path = found[0]
    before = f"go on from {found[1].name}" if found[1:] else "begin anew"
    hint = f"delete {path.name} to {before}"
    try:
        told: _File[S] = msgspec.json.decode(path.read_bytes(), type=_File[kind])  # type: ignore[valid-type] # a type at run time
    except msgspec.DecodeError as error:
        raise StoreCorrupt(f"{path}: not a checkpoint: {error}; {hint}") from error
    if told.standing.version > VERSION:
        raise StoreCorrupt(f"{path}: written by a newer program, in version {told.standing.version}; {hint}")
    return told, hint


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("checkpoint-*.json"), reverse=True)
