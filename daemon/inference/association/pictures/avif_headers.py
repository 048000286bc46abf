"""How large the coded pictures in an AVIF file are: its decoder goes by them, and not by the size that the file states.

Boxes: ISO/IEC 14496-12, sections 4.2 and 8; items: ISO/IEC 23008-12 and "AV1 Image File Format"; coded pictures: "AV1
Bitstream & Decoding Process Specification", sections 5.3 (units) and 5.5 (sequence header).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_SEQUENCE_HEADER: Final = 1
_MOST_UNITS: Final = 10_000
_LOOKED_AT: Final = 2**20  # bytes of a track, whose sequence header comes first
_CHUNKS: Final = {b"stco": 4, b"co64": 8}
_NESTED: Final = (b"trak", b"mdia", b"minf", b"stbl")


def coded_sizes(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield width and height of each sequence of coded pictures. Raises ValueError where the file is damaged."""
    for kind, body in _boxes(content):
        if kind == b"meta":
            yield from _of_items(content, dict(_boxes(body[4:])))
        elif kind == b"moov":
            for offset in _chunk_offsets(body):
                yield from _of_track(content[offset : offset + _LOOKED_AT])


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(content):
        size, kind, head = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        size = size or len(content) - at
        if size < head or at + size > len(content):
            raise ValueError(f"box {kind!r} reaches beyond what it is in")
        yield kind, content[at + head : at + size]
        at += size


def _chunk_offsets(body: bytes) -> Iterator[int]:
    """Yield where the first pictures of each track are."""
    for kind, inner in _boxes(body):
        if kind in _NESTED:
            yield from _chunk_offsets(inner)
        elif kind in _CHUNKS and int.from_bytes(inner[4:8], "big"):
            yield int.from_bytes(inner[8 : 8 + _CHUNKS[kind]], "big")


def _of_track(start: bytes) -> Iterator[tuple[int, int]]:
    sizes = list(_of_units(start))
    if not sizes:
        raise ValueError("a track begins without a sequence header")
    yield from sizes


def _of_items(content: bytes, boxes: dict[bytes, bytes]) -> Iterator[tuple[int, int]]:
    for method, extents in _locations(boxes.get(b"iloc", b"")):
        source = boxes.get(b"idat", b"") if method == 1 else content
        parts = [source[start : start + length] if length else source[start:] for start, length in extents]
        if sum(map(len, parts)) > len(content):
            raise ValueError("an item is longer than the file")
        yield from _of_units(b"".join(parts))


def _locations(body: bytes) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield of each item whether it lies in the file (0) or beside its description (1), and where."""
    if not body:
        return
    bits = Bits(body)
    version, _ = bits.take(8), bits.take(24)
    offset, length, base, index = (8 * bits.take(4) for _ in range(4))
    for _ in range(bits.take(32 if version == 2 else 16)):
        bits.take(32 if version == 2 else 16)
        method = bits.take(16) & 15 if version else 0
        bits.take(16)
        start, extents = bits.take(base), []
        for _ in range(bits.take(16)):
            bits.take(index if version else 0)
            extents.append((start + bits.take(offset), bits.take(length)))
        yield method, extents


def _of_units(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield what sequence headers say, up to the first byte that begins no unit: other items are no coded pictures."""
    at = 0
    for _ in range(_MOST_UNITS):
        if at >= len(data) or data[at] & 0x81:  # bits that are never set
            return
        kind, has_extension, has_size = data[at] >> 3 & 15, data[at] >> 2 & 1, data[at] >> 1 & 1
        at += 1 + has_extension
        size = len(data) - at
        if has_size:
            size, at = _leb128(data, at)
        if kind == _SEQUENCE_HEADER:
            yield _sequence_size(Bits(data[at : at + size]))
        at += size
    raise ValueError(f"a picture of more than {_MOST_UNITS} units")


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift, byte in enumerate(data[at : at + 8]):
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, at + shift + 1
    return len(data), at


def _sequence_size(bits: Bits) -> tuple[int, int]:
    bits.take(4)
    if bits.take(1):  # reduced_still_picture_header
        bits.take(5)
    else:
        _skip_operating_points(bits, _skip_timing(bits))
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1


def _skip_timing(bits: Bits) -> int:
    """Return how many bits a buffer delay has, 0 where there is no decoder model."""
    if not bits.take(1):
        return 0
    bits.take(64)
    if bits.take(1):
        zeros = next((count for count in range(32) if bits.take(1)), 32)
        bits.take(zeros)
    if not bits.take(1):
        return 0
    delay = bits.take(5) + 1
    bits.take(42)
    return delay


def _skip_operating_points(bits: Bits, delay: int) -> None:
    display_delays = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay and bits.take(1):
            bits.take(2 * delay + 1)
        if display_delays and bits.take(1):
            bits.take(4)


class Bits:
    """Numbers out of bytes, the highest bit first."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> int:
        """Return the number in the next bits. Raises ValueError beyond the end."""
        end = self._at + count
        if end > 8 * len(self._data):
            raise ValueError("it ends within a header")
        first, last = self._at // 8, (end + 7) // 8
        number = int.from_bytes(self._data[first:last], "big") >> (8 * last - end)
        self._at = end
        return number & ((1 << count) - 1)
