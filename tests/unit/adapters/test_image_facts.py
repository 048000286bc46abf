"""Dimensions from the first bytes, held against a library that reads the whole."""

from __future__ import annotations

import hashlib

import pytest

from daemon.adapters.image_facts import image_facts
from tests.unit.adapters.serving import picture

_KINDS = ("PNG", "GIF", "JPEG", "WEBP", "BMP", "AVIF", "ICO")


@pytest.mark.parametrize("size", [(1, 1), (100, 99), (257, 300)])
@pytest.mark.parametrize("kind", _KINDS)
def test_size_is_what_pillow_says(kind: str, size: tuple[int, int]) -> None:
    if kind == "ICO":
        size = (size[0] % 256 or 1, size[0] % 256 or 1)
        body = picture(*size, kind, sizes=[size])
    else:
        body = picture(*size, kind)
    facts = image_facts(body, is_whole=True)
    assert (facts.format, facts.width, facts.height) == (kind.lower(), *size)
    assert facts.sha256 == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize(
    "options", [{"progressive": True}, {"exif": b"Exif\0\0" + bytes(40_000)}, {"comment": b"\xff\xc0" * 99}], ids=str
)
def test_jpeg_size_is_found_behind_metadata(options: dict[str, object]) -> None:
    facts = image_facts(picture(640, 480, "JPEG", **options), is_whole=False)
    assert (facts.width, facts.height, facts.sha256) == (640, 480, None)


@pytest.mark.parametrize("options", [{"lossless": True}, {"exif": b"Exif\0\0II*\0"}], ids=str)
def test_every_form_of_webp_is_read(options: dict[str, object]) -> None:
    facts = image_facts(picture(640, 480, "WEBP", **options), is_whole=False)
    assert (facts.format, facts.width, facts.height) == ("webp", 640, 480)


def test_old_bitmaps_and_those_from_top_to_bottom_are_read() -> None:
    old = (
        b"BM"
        + bytes(12)
        + (12).to_bytes(4, "little")
        + (30).to_bytes(2, "little")
        + (20).to_bytes(2, "little")
        + bytes(9)
    )
    downwards = (
        b"BM"
        + bytes(12)
        + (40).to_bytes(4, "little")
        + (30).to_bytes(4, "little")
        + (-20).to_bytes(4, "little", signed=True)
    )
    for head in (old, downwards):
        facts = image_facts(head, is_whole=False)
        assert (facts.format, facts.width, facts.height) == ("bmp", 30, 20)


@pytest.mark.parametrize("kind", _KINDS)
def test_cut_image_has_no_size_and_never_a_wrong_one(kind: str) -> None:
    body = picture(300, 200, kind)
    for length in range(0, min(len(body), 1200), 7):
        facts = image_facts(body[:length], is_whole=False)
        assert facts.width in {None, 300} or kind == "ICO"
        assert (facts.width is None) == (facts.height is None)


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"", None),
        (b"<!doctype html><html><svg></svg>", None),
        (b"not found", None),
        (b"\xff\xd8\xff", "jpeg"),
        (b"II*\x00rest", "tiff"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="http://www.w3.org/2000/svg">', "svg"),
        (b"\xef\xbb\xbf<SVG>", "svg"),
        (b"\xff\x0a\x00", "jxl"),
        (b"\x00\x00\x00\x18ftypisom", None),
    ],
)
def test_format_is_told_by_content(head: bytes, found: str | None) -> None:
    assert image_facts(head, is_whole=False).format == found
