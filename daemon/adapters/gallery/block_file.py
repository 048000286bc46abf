"""Files of named columns: written once, checksummed, mapped into memory, never changed.

    0    8 bytes   magic, with the version of the form
    8    8 bytes   length of the header, little-endian
    16             header: JSON (RFC 8259): what the block is of, and of each column its type, shape, place and digest
         16 bytes  BLAKE2b of the header (RFC 7693)
    ...            columns, each at a multiple of 64 bytes, little-endian

A file gets its name when all of it is on disk, so a name is a promise; whether the block counts is what the gallery's
database says.
"""

from __future__ import annotations

import hashlib
import mmap
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import prod
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from daemon.adapters.sql.files import file_fault
from daemon.errors import StoreCorrupt

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIX: Final = ".block"
PART: Final = ".part"
_MAGIC: Final = b"ZHBLOCK1"
_ALIGNED: Final = 64
_DIGEST_BYTES: Final = 16
_LARGEST_HEADER: Final = 1 << 24
#: Bytes that are checked at a time.
_STRETCH: Final = 1 << 22


class Column(msgspec.Struct, frozen=True, array_like=True):
    """Where one column is. dtype: as numpy writes it; digest: BLAKE2b of its bytes, hexadecimal."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    digest: str = "0" * (2 * _DIGEST_BYTES)

    @property
    def size(self) -> int:
        """Bytes."""
        return prod(self.shape) * np.dtype(self.dtype).itemsize


class Header(msgspec.Struct, frozen=True):
    """What a block is of, told by `about`, and its columns."""

    about: msgspec.Raw
    columns: tuple[Column, ...]


class Draft(msgspec.Struct, frozen=True):
    """A column to be written. chunks: arrays of its type that together fill its shape, made when they are asked for."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    chunks: Callable[[], Iterable[NDArray[Any]]]

    @classmethod
    def of(cls, name: str, values: NDArray[Any]) -> Draft:
        """Return a column that is in memory."""
        return cls(name, values.dtype.newbyteorder("<").str, values.shape, lambda: (values,))


def write_columns(path: Path, about: Any, drafts: Sequence[Draft]) -> int:
    """Write a file that is whole and on disk before it gets its name; return its bytes.

    Raises StoreFull and Unavailable; then nothing of it is left.
    """
    part = path.with_suffix(PART)
    try:
        with new_private(part) as file:
            size = _fill(file, msgspec.Raw(msgspec.json.encode(about)), drafts)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        sync_folder(path.parent)
    except BaseException as error:
        for left in (part, path):
            left.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise file_fault(path, error) from error
        raise
    return size


def new_private(path: Path) -> IO[bytes]:
    """Make a file for its owner alone."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w+b")


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class BlockFile:
    """A file mapped into memory; its columns are read-only arrays over the map, which lives as long as one of them.

    Opening looks at the header and the length only. Raises StoreCorrupt, naming the file, for a file that is none,
    is cut short or has a damaged header; Unavailable when it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self.size = os.fstat(file.fileno()).st_size
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self.size else b""
        except FileNotFoundError as error:
            raise StoreCorrupt(f"{path}: the block's file is gone") from error
        except OSError as error:
            raise file_fault(path, error) from error
        header = self._header()
        self.about = header.about
        self._columns = {column.name: column for column in header.columns}
        end = max((column.offset + column.size for column in header.columns), default=0)
        if end > self.size:
            raise StoreCorrupt(f"{path}: {self.size} bytes; its columns end at {end}: it was cut short")

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def column(self, name: str) -> NDArray[Any]:
        """Return a column, without reading it."""
        column = self._columns[name]
        dtype = np.dtype(column.dtype)
        if 0 in column.shape:
            return np.empty(column.shape, dtype)
        flat = np.frombuffer(self._map, dtype, prod(column.shape), column.offset)
        return flat.reshape(column.shape)

    def faults(self) -> Iterator[str]:
        """Read all of it and name each column whose bytes are not those that were written."""
        for column in self._columns.values():
            digest = _digest()
            end = column.offset + column.size
            for start in range(column.offset, end, _STRETCH):
                digest.update(memoryview(self._map)[start : min(start + _STRETCH, end)])
            if digest.hexdigest() != column.digest:
                yield f"{self.path}: column {column.name!r}: its checksum is not that of its bytes"

    def _header(self) -> Header:
        length = int.from_bytes(self._map[8:16], "little")
        if self._map[:8] != _MAGIC or length > min(_LARGEST_HEADER, self.size):
            raise StoreCorrupt(f"{self.path}: no block, or one of another version: it does not begin with {_MAGIC!r}")
        raw = self._map[16 : 16 + length]
        digest = self._map[16 + length : 16 + length + _DIGEST_BYTES]
        if _digest(raw).digest() != digest:
            raise StoreCorrupt(f"{self.path}: header: its checksum is not that of its bytes")
        return msgspec.json.decode(raw, type=Header)


def _fill(file: IO[bytes], about: msgspec.Raw, drafts: Sequence[Draft]) -> int:
    placed = _placed(about, drafts)
    digests = {}
    for column, draft in zip(placed, drafts, strict=True):
        file.seek(column.offset)
        digest, written = _digest(), 0
        for chunk in draft.chunks():
            content = np.ascontiguousarray(chunk, np.dtype(column.dtype)).reshape(-1).view(np.uint8).data
            digest.update(content)
            written += file.write(content)
        if written != column.size:
            raise AssertionError(f"column {column.name!r}: {written} bytes written, {column.size} announced")
        digests[column.name] = digest.hexdigest()
    end = max((column.offset + column.size for column in placed), default=0)
    file.truncate(max(end, file.tell()))
    file.seek(0)
    file.write(_encoded(about, placed, digests))
    return end


def _placed(about: msgspec.Raw, drafts: Sequence[Draft]) -> tuple[Column, ...]:
    """Return the columns with their places; the header is as long as it will be, for digests have one length."""
    offset, room = 0, 0
    for _ in range(4):  # the offsets' digits make the header longer, until they do not
        offset = _aligned(room)
        columns = []
        for draft in drafts:
            columns.append(Column(draft.name, draft.dtype, draft.shape, offset))
            offset = _aligned(offset + columns[-1].size)
        needed = len(_encoded(about, tuple(columns), {}))
        if needed <= room:
            break
        room = needed + _ALIGNED
    return tuple(columns)


def _encoded(about: msgspec.Raw, columns: tuple[Column, ...], digests: Mapping[str, str]) -> bytes:
    told = tuple(msgspec.structs.replace(c, digest=digests.get(c.name, c.digest)) for c in columns)
    raw = msgspec.json.encode(Header(about, told))
    return _MAGIC + len(raw).to_bytes(8, "little") + raw + _digest(raw).digest()


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGNED) * _ALIGNED


def _digest(content: bytes = b"") -> hashlib.blake2b:
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES)
