"""A model as one file, or as a folder of the same files: what it is, and everything that it needs to speak.

Nothing of it is ever unpickled or executed: JSON, ONNX, the vocabulary of sentencepiece, numbers in the order that
the card tells: embeddings.bin holds those of a table, row by row, little endian.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np

from daemon.errors import InvalidInput, UnreadableFile
from daemon.inference.chat.network.shape import Shape

FORMAT: Final = 1
CARD: Final = "model.json"
#: What every model has; any other file is one of a part that asks for it by name.
NEEDED: Final = ("tokenizer.model", "encoder.onnx", "step.onnx", "embeddings.bin")
MOST_FILES: Final = 16
MOST_BYTES: Final = 512 << 20
_MOST_CARD: Final = 1 << 20
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}(\.[a-z0-9]{1,10}){1,2}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_BROKEN: Final = (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError)


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is. sha256: in hexadecimal, of each file beside this. training: facts to be shown, as they come."""

    format: Literal[1] = FORMAT
    name: str
    shape: Shape
    precision: Literal["int8", "float32"]
    languages: tuple[Literal["en", "zh"], ...]
    licence: str
    training: dict[str, Any] = {}
    sha256: dict[str, str] = {}


class ModelFiles(msgspec.Struct, frozen=True):
    """A card and the files that it names, read and found whole."""

    card: Card
    contents: Mapping[str, bytes]

    def embeddings(self) -> np.ndarray[Any, Any]:
        """Return the table that both graphs share. Raises UnreadableFile for one that is not of the card's shape."""
        rows, columns = self.card.shape.vocabulary, self.card.shape.embedding
        kind, content = np.dtype(self.card.precision).newbyteorder("<"), self.contents["embeddings.bin"]
        if len(content) != rows * columns * kind.itemsize:
            wanted = f"{rows} by {columns} {self.card.precision} that {CARD} tells of"
            raise UnreadableFile(f"embeddings.bin: {len(content)} bytes are not the {wanted}")
        return np.frombuffer(content, kind).reshape(rows, columns)


def read_model(path: Path) -> ModelFiles:
    """Read a model from a file or a folder, every byte of it checked against its card.

    Raises UnreadableFile for one that is absent, broken, cut short, changed, too large, newer, or something else.
    """
    try:
        if not (path.is_dir() or path.is_file()):
            raise UnreadableFile(f"{path}: there is no such file or folder")
        if path.is_dir():
            return _read(path, lambda name, most: _from_folder(path, name, most))
        with zipfile.ZipFile(path) as archive:
            return _read(path, lambda name, most: _from_archive(archive, name, most))
    except _BROKEN as problem:
        raise UnreadableFile(f"{path}: no model can be read from it: {problem}") from problem


def write_model(path: Path, card: Card, contents: Mapping[str, bytes]) -> Card:
    """Write a model as one file, the same bytes for the same content; return its card with the hashes.

    Killed in the middle, it leaves what was there. Raises InvalidInput for contents that could not be read again.
    """
    missing = [name for name in NEEDED if name not in contents]
    wrong = [name for name in contents if not _NAME.fullmatch(name) or name == CARD]
    if missing or wrong or len(contents) >= MOST_FILES or sum(map(len, contents.values())) > MOST_BYTES:
        told = f"missing: {', '.join(missing) or 'none'}; names that cannot be: {', '.join(wrong) or 'none'}"
        raise InvalidInput(f"no model can be made of {len(contents)} files; {told}")
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}
    card = msgspec.structs.replace(card, sha256=hashes)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, CARD, msgspec.json.format(msgspec.json.encode(card)))
        for name in hashes:
            _put(archive, name, contents[name])
    _replace(path, written.getvalue())
    return card


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name)  # of 1980, so that the bytes do not depend on the day
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content, compresslevel=9)


def _read(path: Path, content: Callable[[str, int], bytes]) -> ModelFiles:
    card = _card(path, content(CARD, _MOST_CARD))
    contents, left = {}, MOST_BYTES
    for name, expected in card.sha256.items():
        contents[name] = content(name, left)
        left -= len(contents[name])
        if hashlib.sha256(contents[name]).hexdigest() != expected:
            raise UnreadableFile(f"{path}: {name} is damaged or was changed: its SHA-256 is not the one in {CARD}")
    return ModelFiles(card, contents)


def _card(path: Path, content: bytes) -> Card:
    try:
        version = msgspec.json.decode(content, type=_Version).format
        if version > FORMAT:
            raise UnreadableFile(f"{path}: a model of format {version}; this program reads up to {FORMAT}")
        card = msgspec.json.decode(content, type=Card)
    except (msgspec.DecodeError, InvalidInput, RecursionError) as problem:
        raise UnreadableFile(f"{path}: {CARD} is not that of a model: {problem}") from problem
    missing = [name for name in NEEDED if name not in card.sha256]
    wrong = [name for name, found in card.sha256.items() if not (_NAME.fullmatch(name) and _SHA256.fullmatch(found))]
    if missing or wrong or len(card.sha256) >= MOST_FILES:
        told = f"missing: {missing or 'none'}; that cannot be: {wrong[:5] or 'none'}"
        raise UnreadableFile(f"{path}: {CARD} names files that are not those of a model; {told}")
    return card


class _Version(msgspec.Struct):
    format: int


def _from_folder(path: Path, name: str, most: int) -> bytes:
    # a link could lead anywhere, and a pipe would never end
    handle = os.open(path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(f"{name} is no regular file")
        return _bounded(name, file.read(most + 1), most)


def _from_archive(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    try:
        with archive.open(name) as file:
            return _bounded(name, file.read(most + 1), most)
    except KeyError as problem:
        raise ValueError(f"it has no {name}") from problem


def _bounded(name: str, content: bytes, most: int) -> bytes:
    if len(content) > most:
        raise ValueError(f"{name} has more than the {most} bytes that it may have")
    return content


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
