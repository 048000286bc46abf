"""What the first bytes of an image say, without decoding a pixel: a picture may unpack to gigabytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Final, TypeAlias

from daemon.products.evidence import ImageFacts

Size: TypeAlias = tuple[int, int] | None

#: Start of frame markers of JPEG: C0 to CF but for tables (C4), JPG (C8) and arithmetic conditioning (CC).
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: JPEG markers without a length: TEM, RST0 to RST7, SOI, and fill bytes.
_BARE: Final = frozenset({0x01, 0xFF, *range(0xD0, 0xD9)})
_SVG: Final = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!DOCTYPE\s+svg[^>]*>\s*)?<svg[\s>]", re.DOTALL | re.IGNORECASE
)
_BRANDS: Final = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"mif1": "heic", b"msf1": "heic"}


def image_facts(head: bytes, *, is_whole: bool) -> ImageFacts:
    """Return format and pixels of an image. head: its first bytes, or all of it, which then gives the digest too."""
    digest = hashlib.sha256(head).hexdigest() if is_whole else None
    for magic, name, size in _FORMATS:
        if head.startswith(magic):
            found = size(head)
            width, height = found or (None, None)
            return ImageFacts(format=name, width=width, height=height, sha256=digest)
    return _less_plain(head, digest)


def _less_plain(head: bytes, digest: str | None) -> ImageFacts:
    if head[4:8] == b"ftyp" and (name := _BRANDS.get(head[8:12])):
        width, height = _ispe(head) or (None, None)
        return ImageFacts(format=name, width=width, height=height, sha256=digest)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        width, height = _webp(head) or (None, None)
        return ImageFacts(format="webp", width=width, height=height, sha256=digest)
    return ImageFacts(format="svg" if _SVG.match(head.removeprefix(b"\xef\xbb\xbf")[:4096]) else None, sha256=digest)


def _png(head: bytes) -> Size:
    if len(head) < 24 or head[12:16] != b"IHDR":
        return None
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def _gif(head: bytes) -> Size:
    if len(head) < 10:
        return None
    return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")


def _bmp(head: bytes) -> Size:
    if len(head) < 26:
        return None
    if int.from_bytes(head[14:18], "little") == 12:
        return int.from_bytes(head[18:20], "little"), int.from_bytes(head[20:22], "little")
    height = int.from_bytes(head[22:26], "little", signed=True)  # negative: rows from top to bottom
    return int.from_bytes(head[18:22], "little", signed=True), abs(height)


def _jpeg(head: bytes) -> Size:
    at = 2
    while at + 9 <= len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker in _FRAMES:
            return int.from_bytes(head[at + 7 : at + 9], "big"), int.from_bytes(head[at + 5 : at + 7], "big")
        at += 1 if marker == 0xFF else 2 if marker in _BARE else 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None


def _webp(head: bytes) -> Size:
    kind, body = head[12:16], head[20:30]
    if len(body) < 10:
        return None
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return None


def _ico(head: bytes) -> Size:
    """Return the largest size of those listed; 0 stands for 256."""
    entries = range(6, min(len(head) - 1, 6 + 16 * int.from_bytes(head[4:6], "little")), 16)
    return max(((head[at] or 256, head[at + 1] or 256) for at in entries), default=None)


def _ispe(head: bytes) -> Size:
    """Return the largest image spatial extents property (ISO/IEC 23008-12): thumbnails and tiles have theirs too."""
    sizes = []
    at = head.find(b"ispe")
    while at >= 0 and at + 16 <= len(head):
        sizes.append((int.from_bytes(head[at + 8 : at + 12], "big"), int.from_bytes(head[at + 12 : at + 16], "big")))
        at = head.find(b"ispe", at + 16)
    return max(sizes, default=None)


def _unsaid(_head: bytes) -> Size:
    return None


_FORMATS: Final[tuple[tuple[bytes, str, Callable[[bytes], Size]], ...]] = (
    (b"\xff\xd8\xff", "jpeg", _jpeg),
    (b"\x89PNG\r\n\x1a\n", "png", _png),
    (b"GIF87a", "gif", _gif),
    (b"GIF89a", "gif", _gif),
    (b"BM", "bmp", _bmp),
    (b"\x00\x00\x01\x00", "ico", _ico),
    (b"II*\x00", "tiff", _unsaid),
    (b"MM\x00*", "tiff", _unsaid),
    (b"\xff\x0a", "jxl", _unsaid),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl", _unsaid),
)
