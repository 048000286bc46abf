"""Which way up a picture was taken: the orientation tag, read alone, so that damaged camera data spoil no picture."""

from __future__ import annotations

import struct
from typing import Final

from PIL import Image

_TAG: Final = 0x0112
_SHORT, _LONG = 3, 4
_ADOBE, _JFIF, _START_OF_SCAN = 0xEE, 0xE0, 0xDA
_COMMENT: Final = 0xFE
#: How what is stored becomes upright, EXIF 2.32 section 4.6.4.
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Turn a picture as its tag says; unchanged for 1 and for what the standard does not know."""
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def orientation_of(exif: bytes) -> int:
    """Return the orientation in the camera data of a picture, 1 where there is none or they are damaged."""
    exif = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(f"{order}HH", exif, at)
            if tag == _TAG and kind in {_SHORT, _LONG}:
                return int(struct.unpack_from(f"{order}H" if kind == _SHORT else f"{order}I", exif, at + 8)[0])
    except struct.error:
        pass
    return 1


def without_camera_data(content: bytes) -> tuple[bytes, bytes]:
    """Return a JPEG without what is no picture in it (camera data, profile, preview, comments), and its camera data.

    The markers that say how colours are stored stay: JFIF and Adobe (T.81 B.2.4; Adobe technical note 5116).
    """
    kept, exif, at = [content[:2]], b"", 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != _START_OF_SCAN:
        marker = content[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        body = content[at + 4 : end]
        if marker == 0xE1 and body.startswith(b"Exif\x00\x00") and not exif:
            exif = body
        if not _is_beside(marker, body):
            kept.append(content[at:end])
        at = end
    return b"".join((*kept, content[at:])), exif


def _is_beside(marker: int, body: bytes) -> bool:
    if marker == _JFIF:
        return not body.startswith(b"JFIF\x00")
    return marker == _COMMENT or (_JFIF < marker <= 0xEF and marker != _ADOBE)
