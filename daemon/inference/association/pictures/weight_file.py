"""A file of weights and its manifest, read once and found whole."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Final, NamedTuple

from daemon.errors import InvalidInput, NotFound, UnreadableFile
from daemon.inference.association.pictures.manifest import ENDINGS, Manifest, manifest_of, read_manifest

ONNX: Final = ".onnx"
TORCH: Final = (".safetensors", ".pth", ".pt", ".tar")
MOST_BYTES: Final = 1 << 30


class WeightFile(NamedTuple):
    """content: the very bytes that the checksum is of, so that nobody changes them in between."""

    path: Path
    manifest: Manifest
    content: bytes


def read_weight_file(path: Path) -> WeightFile:
    """Read the weights at a path, or beside a manifest at a path, or the only ones in a folder, ONNX before others.

    Raises NotFound, UnreadableFile for a file without a manifest, InvalidInput where manifest and file contradict.
    """
    weights, beside = _located(path)
    manifest = read_manifest(beside)
    content = read_content(weights)
    found = hashlib.sha256(content).hexdigest()
    if found != manifest.sha256:
        raise InvalidInput(f"{weights}: its sha256 is {found}, and {beside.name} tells of {manifest.sha256}")
    return WeightFile(weights, manifest, content)


def read_content(path: Path) -> bytes:
    """Read a regular file of at most MOST_BYTES. Raises UnreadableFile."""
    try:
        # a pipe would never end
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnreadableFile(f"{path}: no regular file")
            content = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise UnreadableFile(f"{path}: cannot be read: {problem.strerror}") from problem
    if not 0 < len(content) <= MOST_BYTES:
        raise UnreadableFile(f"{path}: a file of weights has from 1 to {MOST_BYTES} bytes")
    return content


def _located(path: Path) -> tuple[Path, Path]:
    if path.is_dir():
        return _located(_only_one(path))
    if not path.exists():
        raise NotFound(f"{path}: there is no such file of weights")
    if path.suffix not in ENDINGS:
        return path, manifest_of(path)
    stem = path.with_suffix("")
    candidates = [stem, *(Path(f"{stem}{ending}") for ending in (ONNX, *TORCH))]
    for weights in candidates:
        if weights.is_file() and _is_weights(weights):
            return weights, path
    raise NotFound(f"{path}: a manifest without weights beside it: no {', '.join(one.name for one in candidates)}")


def _only_one(folder: Path) -> Path:
    for endings in ((ONNX,), TORCH):
        found = sorted(one for one in folder.iterdir() if one.suffix in endings and one.is_file())
        if len(found) > 1:
            names = ", ".join(one.name for one in found)
            raise InvalidInput(f"{folder}: there are several files of weights, name one of them: {names}")
        if found:
            return found[0]
    raise NotFound(f"{folder}: there are no weights in it, no *{', *'.join((ONNX, *TORCH))}")


def _is_weights(path: Path) -> bool:
    return path.suffix in (ONNX, *TORCH)
