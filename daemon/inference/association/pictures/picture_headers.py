"""What of a picture is read before a decoder sees it: decoders set memory or time aside by numbers found in there."""

from __future__ import annotations

import re
import struct
from typing import Final

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.avif_headers import coded_sizes

#: Programs write about ten scans for a progressive JPEG; each of them goes over all pixels.
MAX_SCANS: Final = 64
#: Bytes of lists in the directory of a TIFF, most of all the places of its strips: each becomes an object.
MAX_DIRECTORY_BYTES: Final = 2**20

_TILE_WIDTH, _TILE_LENGTH, _COMPRESSION = 322, 323, 259
#: None, CCITT, LZW, JPEG, Deflate (twice), PackBits.
_COMPRESSIONS: Final = frozenset({1, 2, 3, 4, 5, 7, 8, 32773, 32946})
#: Bytes of a value by its type, TIFF 6.0 section 2.
_TYPE_BYTES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SVG: Final = re.compile(rb"^\s*<(?:\?xml|!DOCTYPE svg|svg|!--)", re.IGNORECASE)
_OTHERS: Final = (
    (b"%PDF-", "a PDF document"),
    (b"%!PS", "PostScript"),
    (b"8BPS", "a Photoshop document"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip"),
)
_BRANDS: Final = {b"hei": "HEIC", b"hev": "HEIC", b"mif": "HEIC", b"msf": "HEIC", b"avi": "a damaged AVIF"}


def check_headers(content: bytes, max_pixels: int) -> None:
    """Raise InvalidInput for numbers that would make a decoder take memory or time out of proportion."""
    if content.startswith(b"\xff\xd8"):
        _check_scans(content)
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        _check_canvas(content, max_pixels)
    elif content[4:8] == b"ftyp":
        _check_coded(content, max_pixels)
    elif content[:4] in {b"II*\x00", b"MM\x00*"}:
        _check_directory(content, max_pixels)
    elif content[:4] in {b"II+\x00", b"MM\x00+"}:
        raise InvalidInput("the picture is a BigTIFF; plain TIFF was expected")


def name_of_other(content: bytes) -> str:
    """Return what a file is that no decoder took, as far as its first bytes tell, else ""."""
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:11], "a video")
    if _SVG.match(content[:256].removeprefix(b"\xef\xbb\xbf")):
        return "SVG or other XML"
    return next((name for magic, name in _OTHERS if content.startswith(magic)), "")


def _check_scans(content: bytes) -> None:
    """Count the starts of scans. Within one the byte FF is stuffed, so that none is found there (T.81, B.1.1.5)."""
    scans = content.count(b"\xff\xda")
    if scans > MAX_SCANS:
        raise InvalidInput(f"the picture is a JPEG of {scans} scans; at most {MAX_SCANS} are accepted")


def _check_coded(content: bytes, max_pixels: int) -> None:
    """Read the sizes of what is coded in an AVIF, which need not be the size that it states."""
    if content[8:11] not in {b"avi", b"mif", b"msf"}:
        return
    try:
        largest = max(coded_sizes(content), key=lambda size: size[0] * size[1], default=(0, 0))
    except ValueError as error:
        raise InvalidInput(f"the picture is truncated or damaged: {error}") from error
    if largest[0] * largest[1] > max_pixels:
        raise InvalidInput(
            f"the picture has {largest[0]} x {largest[1]} coded pixels; at most {max_pixels} in all are accepted"
        )


def _check_canvas(content: bytes, max_pixels: int) -> None:
    """Read the canvas of a WebP: its decoder sets aside two of them on opening (RFC 9649, 2.5 to 2.7)."""
    width, height = _canvas(content[12:16], content[20:30])
    if width * height > max_pixels:
        raise InvalidInput(f"the picture has {width} x {height} pixels; at most {max_pixels} in all are accepted")


def _canvas(kind: bytes, chunk: bytes) -> tuple[int, int]:
    if kind == b"VP8X":
        return int.from_bytes(chunk[4:7], "little") + 1, int.from_bytes(chunk[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(chunk[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(chunk[6:8], "little") & 0x3FFF, int.from_bytes(chunk[8:10], "little") & 0x3FFF


def _check_directory(content: bytes, max_pixels: int) -> None:
    """Read the first directory of a TIFF: a tile is set aside whole, however small the picture."""
    order = "<" if content[:2] == b"II" else ">"
    try:
        entries = list(_entries(content, order))
    except struct.error as error:
        raise InvalidInput("the picture is truncated or damaged: its directory lies beyond its end") from error
    values = {tag: value for tag, _, value in reversed(entries)}
    listed = sum(size for _, size, _ in entries)
    if listed > MAX_DIRECTORY_BYTES:
        raise InvalidInput(
            f"the picture is a TIFF with {listed} bytes of lists; at most {MAX_DIRECTORY_BYTES} are accepted"
        )
    if values.get(_TILE_WIDTH, 0) * values.get(_TILE_LENGTH, 0) > max_pixels:
        raise InvalidInput(f"the picture is a TIFF of tiles with more than {max_pixels} pixels")
    if (compression := values.get(_COMPRESSION, 1)) not in _COMPRESSIONS:
        raise InvalidInput(
            f"the picture is a TIFF compressed by method {compression}; none, CCITT, LZW, JPEG, Deflate or PackBits "
            "was expected"
        )


def _entries(content: bytes, order: str) -> list[tuple[int, int, int]]:
    """Return (tag, bytes of its values, value where it is one number) of each entry. Raises struct.error."""
    (start,) = struct.unpack_from(f"{order}I", content, 4)
    (count,) = struct.unpack_from(f"{order}H", content, start)
    return [_entry(content, order, start + 2 + 12 * number) for number in range(count)]


def _entry(content: bytes, order: str, at: int) -> tuple[int, int, int]:
    tag, kind, count = struct.unpack_from(f"{order}HHI", content, at)
    (value,) = struct.unpack_from(f"{order}H" if kind == 3 else f"{order}I", content, at + 8)
    return tag, _TYPE_BYTES.get(kind, 1) * count, value
