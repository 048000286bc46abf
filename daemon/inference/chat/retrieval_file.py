"""The one file of a retrieval index: a header in JSON, then whole numbers and text, each block packed by LZMA.

    8 bytes   magic "ZBANSWER"
    2 bytes   version, little endian, as all numbers here
    4 bytes   length of the header
    32 bytes  SHA-256 of all that follows
    header    {"blocks": [{"name", "packed", "size"}], "facts": {...}}, sizes in bytes
    blocks    one after another, in the order of the header

Numbers are kept as differences of one from the next, the lowest bytes of all first, then the next higher ones: what
changes little packs to little.
"""

from __future__ import annotations

import hashlib
import lzma
import struct
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import UnreadableFile

MAGIC: Final = b"ZBANSWER"
VERSION: Final = 1
#: Stands for the utterance before, where there was none.
NOBODY: Final = -1
_START: Final = struct.Struct("<8sHI32s")
_MOST_BYTES: Final = 1 << 30  # of a block, unpacked
_LZMA: Final = [{"id": lzma.FILTER_LZMA2, "preset": 6, "lc": 3, "lp": 0, "pb": 0}]

Numbers = NDArray[np.int64]


class _Block(msgspec.Struct, frozen=True):
    name: str
    packed: int
    size: int


class _Header(msgspec.Struct, frozen=True):
    blocks: tuple[_Block, ...]
    facts: dict[str, Any]


class Contents(msgspec.Struct, frozen=True):
    """What a file holds. blocks: bytes by name; facts: what else is said of them."""

    blocks: Mapping[str, bytes]
    facts: Mapping[str, Any]


def packed(contents: Contents) -> bytes:
    """Return a file."""
    bodies = {name: lzma.compress(raw, lzma.FORMAT_RAW, filters=_LZMA) for name, raw in contents.blocks.items()}
    blocks = tuple(_Block(name, len(body), len(contents.blocks[name])) for name, body in bodies.items())
    header = msgspec.json.encode(_Header(blocks, dict(contents.facts)))
    rest = header + b"".join(bodies.values())
    return _START.pack(MAGIC, VERSION, len(header), hashlib.sha256(rest).digest()) + rest


def unpacked(data: bytes) -> Contents:
    """Return what a file holds. Raises UnreadableFile for one that is foreign, newer or damaged."""
    if len(data) < _START.size or not data.startswith(MAGIC):
        raise UnreadableFile("not a retrieval index: it does not begin with ZBANSWER and a header")
    _, version, length, digest = _START.unpack_from(data)
    if version != VERSION:
        raise UnreadableFile(f"a retrieval index of version {version}; this program reads version {VERSION}")
    rest = memoryview(data)[_START.size :]
    if hashlib.sha256(rest).digest() != digest:
        raise UnreadableFile("the retrieval index is damaged or cut short: its checksum is wrong")
    try:
        header = msgspec.json.decode(rest[:length], type=_Header)
        return Contents(_blocks(header, rest[length:]), header.facts)
    except (msgspec.MsgspecError, lzma.LZMAError, EOFError, ValueError) as exc:
        raise UnreadableFile(f"the retrieval index does not hold together: {exc}") from exc


def _blocks(header: _Header, rest: memoryview) -> dict[str, bytes]:
    blocks, place = {}, 0
    for block in header.blocks:
        if not 0 <= block.size <= _MOST_BYTES or block.packed < 0:
            raise ValueError(f"block {block.name} of {block.size} bytes")
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_LZMA)
        body = unpacker.decompress(rest[place : place + block.packed], max_length=block.size) if block.size else b""
        if len(body) != block.size:
            raise ValueError(f"block {block.name} has {len(body)} bytes, not {block.size}")
        blocks[block.name] = body
        place += block.packed
    return blocks


def spread(numbers: Numbers) -> bytes:
    """Return whole numbers below 2^31 as bytes, for `gathered`. numbers: [n]."""
    steps = np.diff(numbers, prepend=np.int64(0))
    zigzag = np.where(steps >= 0, steps * 2, -steps * 2 - 1).astype("<u4")
    return zigzag.view(np.uint8).reshape(-1, 4).T.tobytes()


def gathered(raw: bytes) -> Numbers:
    """Return the numbers, [n], that `spread` made bytes of. Raises ValueError for bytes of none."""
    planes = np.frombuffer(raw, np.uint8).reshape(4, -1)
    zigzag = np.ascontiguousarray(planes.T).view("<u4").ravel().astype(np.int64)
    return np.cumsum(np.where(zigzag & 1, -((zigzag + 1) >> 1), zigzag >> 1))
