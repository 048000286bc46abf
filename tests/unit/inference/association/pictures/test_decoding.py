"""Every common form of picture gives the same pixels; every other one is refused, with little memory."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.avif_headers import coded_sizes
from daemon.inference.association.pictures.decoding import BACKGROUND, MAX_BYTES, decode
from daemon.inference.association.pictures.rendering.identities import identities
from daemon.inference.association.pictures.rendering.renderer import a_pose, render
from daemon.inference.association.pictures.rendering.viewpoints import viewpoints
from daemon.inference.association.pictures.stripes import StripeHistogram

RED, GREEN, BLUE, WHITE = (220, 20, 30), (20, 200, 40), (30, 40, 210), (250, 250, 250)


def quarters(size: int = 32) -> Image.Image:
    """Red, green / blue, white: every mirrored or turned form of it differs."""
    picture = Image.new("RGB", (size, size * 2))
    half = size // 2
    for at, colour in zip(((0, 0), (half, 0), (0, size), (half, size)), (RED, GREEN, BLUE, WHITE), strict=True):
        picture.paste(colour, (*at, at[0] + half, at[1] + size))
    return picture


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    into = io.BytesIO()
    picture.save(into, form, **options)
    return into.getvalue()


def corners(pixels: NDArray[np.uint8]) -> list[list[int]]:
    height, width = pixels.shape[:2]
    return [pixels[y, x].tolist() for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]


def assert_quarters(pixels: NDArray[np.uint8], tolerance: int = 12) -> None:
    assert pixels.dtype == np.uint8
    assert pixels.shape == (64, 32, 3)
    assert np.abs(np.array(corners(pixels)) - np.array([RED, GREEN, BLUE, WHITE])).max() <= tolerance


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, body: bytes, *, bits: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


FORMS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("PNG", {}),
    ("JPEG", {"quality": 95}),
    ("JPEG", {"quality": 95, "progressive": True}),
    ("JPEG", {"quality": 95, "subsampling": 2}),
    ("WEBP", {"quality": 95}),
    ("WEBP", {"lossless": True}),
    ("AVIF", {"quality": 95}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "jpeg"}),
    ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ("TIFF", {"compression": "packbits"}),
    ("GIF", {}),
)


# https://github.com/blakeblackshear/frigate/issues/23712: blue was taken for red, on both sides
@pytest.mark.parametrize(("form", "options"), FORMS)
def test_every_common_form_gives_red_first(form: str, options: dict[str, Any]) -> None:
    assert_quarters(decode(saved(quarters(), form, **options)))


def test_a_file_and_the_crop_that_it_was_made_of_have_one_vector() -> None:
    chance = np.random.default_rng(1)
    crop = render(identities(1, 1)[0], viewpoints(1, 1)[0], a_pose(chance), chance)
    kept, swapped = saved(Image.fromarray(crop), "PNG"), np.ascontiguousarray(crop[:, :, ::-1])
    vectors = StripeHistogram().embed([crop, decode(kept), swapped])
    assert float(vectors[0] @ vectors[1]) == pytest.approx(1)
    assert float(vectors[0] @ vectors[2]) < 0.9


def test_pixels_may_be_written_over() -> None:
    pixels = decode(saved(quarters(), "PNG"))
    pixels[0, 0] = 7
    assert pixels[0, 0].tolist() == [7, 7, 7]


# https://github.com/mk-minchul/AdaFace/issues/163
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_tag_says(form: str, orientation: int) -> None:
    undone = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = quarters() if undone is None else quarters().transpose(undone)
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_quarters(decode(saved(stored, form, exif=exif, quality=95)))


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_there_is_not_turns_nothing(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert_quarters(decode(saved(quarters(), "JPEG", exif=exif, quality=95)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "damaged",
    [
        b"MM\x00*\x00\x00\xff\xff",
        b"II*\x00\x08\x00\x00\x00\xff\xff",
        b"II*",
        b"nothing known",
        b"MM\x00*" + b"\xff" * 40,
    ],
)
def test_damaged_camera_data_spoil_no_picture(form: str, damaged: bytes) -> None:
    assert_quarters(decode(saved(quarters(), form, exif=b"Exif\x00\x00" + damaged, quality=95)))


@pytest.mark.parametrize("mode", ["I;16", "P", "1", "LA", "RGBA"])
def test_pixels_of_every_kind_are_turned(mode: str) -> None:
    picture = Image.new("L", (9, 5)).convert(mode) if mode != "I;16" else Image.fromarray(np.zeros((5, 9), np.uint16))
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(saved(picture, "PNG", exif=exif)).shape == (9, 5, 3)


def test_the_adobe_marker_stays_and_previews_go() -> None:
    preview = saved(Image.new("RGB", (16, 16), BLUE), "JPEG")
    content = saved(quarters(), "JPEG", quality=95, comment=b"\xff\xda" * 200)
    segment = b"\xff\xed" + struct.pack(">H", len(preview) + 2) + preview
    assert_quarters(decode(content[:2] + b"\xff\xff" + segment + content[2:]))


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_ink_is_not_taken_for_light(form: str) -> None:
    assert_quarters(decode(saved(quarters().convert("CMYK"), form, quality=95)))


def test_luminance_with_black_ink_is_read() -> None:
    """Adobe's second kind of four colours, YCCK, whose marker says transform 2."""
    content = saved(quarters().convert("CMYK"), "JPEG", quality=95)
    at = content.index(b"Adobe")
    assert content[at + 11] == 0
    other = decode(content[: at + 11] + b"\x02" + content[at + 12 :])
    assert other.shape == (64, 32, 3)
    assert not np.array_equal(other, decode(content))


@pytest.mark.parametrize("mode", ["L", "1"])
@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "JPEG"])
def test_grey_gets_three_equal_channels(mode: str, form: str) -> None:
    pixels = decode(saved(quarters().convert(mode), form))
    assert pixels.shape == (64, 32, 3)
    assert (pixels == pixels[:, :, :1]).all()
    assert corners(pixels)[3][0] > 240


def test_a_palette_is_looked_up() -> None:
    assert_quarters(decode(saved(quarters().quantize(8), "PNG")))


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "AVIF"])
def test_what_is_transparent_shows_the_stated_background(form: str) -> None:
    picture = quarters().convert("RGBA")
    picture.paste((*GREEN, 0), (16, 0, 32, 32))
    picture.paste((*BLUE, 128), (0, 32, 16, 64))
    options = {"lossless": True} if form == "WEBP" else {"quality": 100} if form == "AVIF" else {}
    red, clear, half, white = corners(decode(saved(picture, form, **options)))
    assert np.abs(np.array([red, clear, white]) - np.array([RED, BACKGROUND, WHITE])).max() <= 8
    assert np.abs(np.array(half) - (np.array(BLUE) + BACKGROUND) / 2).max() <= 8


def test_grey_with_alpha_is_laid_over_the_background() -> None:
    picture = Image.new("LA", (8, 8), (255, 0))
    assert decode(saved(picture, "PNG"))[4, 4].tolist() == list(BACKGROUND)


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_the_clear_colour_of_a_palette_is_clear(form: str) -> None:
    picture = Image.new("P", (8, 8), 0)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    picture.paste(1, (0, 0, 4, 8))
    pixels = decode(saved(picture, form, transparency=0))
    assert pixels[4, 6].tolist() == list(BACKGROUND)
    assert pixels[4, 1].tolist() == [0, 0, 255]


def test_a_palette_may_be_clear_by_degrees() -> None:
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    pixels = decode(saved(picture, "PNG", transparency=bytes([0, 128])))
    assert np.abs(pixels[4, 4].astype(int) - [64, 64, 192]).max() <= 1


def test_sixteen_bits_with_a_clear_grey_show_the_background() -> None:
    grey = np.full((4, 4), 65_535, np.uint16)
    grey[:2] = 300
    content = saved(Image.fromarray(grey), "PNG")
    clear = png_chunk(b"tRNS", struct.pack(">H", 300))
    pixels = decode(content[:33] + clear + content[33:])
    assert pixels[0, 0].tolist() == list(BACKGROUND)
    assert pixels[3, 3].tolist() == [255, 255, 255]


def test_the_clear_colour_of_true_colour_is_clear() -> None:
    pixels = decode(saved(quarters(), "PNG", transparency=GREEN))
    assert corners(pixels)[1] == list(BACKGROUND)
    assert corners(pixels)[0] == list(RED)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_of_an_animation_the_first_frame_counts(form: str) -> None:
    others = [Image.new("RGB", (32, 64), colour) for colour in (BLUE, GREEN)]
    content = saved(quarters(), form, save_all=True, append_images=others, quality=95)
    with Image.open(io.BytesIO(content)) as animated:
        assert getattr(animated, "n_frames", 1) == 3
    assert_quarters(decode(content), tolerance=16)


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16).reshape(16, 16)
    for form in ("PNG", "TIFF"):
        pixels = decode(saved(Image.fromarray(ramp), form))
        assert np.abs(pixels[:, :, 0].astype(int) - (ramp >> 8)).max() == 0


def test_sixteen_bits_of_colour_are_scaled() -> None:
    row = b"\x00" + struct.pack(">6H", 65535, 32768, 0, 257, 0, 65535)
    pixels = decode(png(2, 1, zlib.compress(row), bits=16))
    assert pixels.tolist() == [[[255, 128, 0], [1, 0, 255]]]


def test_a_tiff_of_sixteen_bits_whose_white_is_zero_is_turned_over() -> None:
    content = bytearray(saved(Image.fromarray(np.full((4, 4), 65535, dtype=np.uint16)), "TIFF"))
    at = content.index(struct.pack("<HHI", 262, 3, 1))
    content[at + 8 : at + 10] = b"\x00\x00"
    assert decode(bytes(content)).max() == 0


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pixels_without_a_white_are_refused(mode: str) -> None:
    with pytest.raises(InvalidInput, match="no white is defined"):
        decode(saved(Image.new(mode, (4, 4), 900), "TIFF"))


def test_a_colour_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for form in ("PNG", "JPEG", "WEBP", "TIFF"):
        assert_quarters(decode(saved(quarters(), form, icc_profile=profile, quality=95)))
        assert_quarters(decode(saved(quarters(), form, icc_profile=b"no profile at all", quality=95)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\x00", "no picture"),
        (b"hello, this is text", "no picture"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"\xef\xbb\xbf<svg/>", "SVG"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "HEIC"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41", "video"),
        (b"\xff\x0a\x00\x00", "JPEG XL"),
        (b"II+\x00\x08\x00\x00\x00", "BigTIFF"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"\x00" * (MAX_BYTES + 1), "at most"),
        (b"\x89PNG\r\n\x1a\n", "no picture|damaged"),
        (b"GIF89a\x00\x00\x00\x00\x00\x00\x00", "no pixels|no picture|damaged"),
        (png(0, 0, zlib.compress(b"")), "no pixels|damaged"),
        (b"II*\x00\xff\xff\xff\x7f", "truncated or damaged"),
        (b"RIFF\x0c\x00\x00\x00WEBP", "no picture|damaged"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(content: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        decode(content)


@pytest.mark.parametrize(("form", "options"), FORMS)
def test_a_truncated_picture_is_refused(form: str, options: dict[str, Any]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (96, 64, 3), dtype=np.uint8)
    content = saved(Image.fromarray(noise), form, **options)
    for part in (0.3, 0.6, 0.9):
        with pytest.raises(InvalidInput, match=r"truncated|damaged|no picture"):
            decode(content[: int(len(content) * part)])


@pytest.mark.parametrize(("form", "options"), FORMS)
def test_damaged_bytes_give_pixels_or_a_refusal_and_nothing_else(form: str, options: dict[str, Any]) -> None:
    chance = random.Random(form)
    content = saved(quarters(), form, **options)
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 4, 16))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            pixels = decode(bytes(damaged), max_pixels=1_000_000)
        except InvalidInput:
            continue
        assert pixels.ndim == 3
        assert pixels.shape[2] == 3


def test_the_limit_of_pixels_is_kept_at_its_edge() -> None:
    content = saved(Image.new("RGB", (100, 50)), "PNG")
    assert decode(content, max_pixels=5_000).shape == (50, 100, 3)
    with pytest.raises(InvalidInput, match="100 x 50 pixels; at most 4999"):
        decode(content, max_pixels=4_999)


def test_more_scans_than_any_program_writes_are_refused() -> None:
    content = saved(quarters(), "JPEG", progressive=True)
    scan = content[content.rindex(b"\xff\xda") : -2]
    with pytest.raises(InvalidInput, match="scans"):
        decode(content[:-2] + scan * 100 + content[-2:])


def directory(*entries: tuple[int, int, int, int]) -> bytes:
    return (
        b"II*\x00\x08\x00\x00\x00"
        + struct.pack("<H", len(entries))
        + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (directory((256, 4, 1, 8), (257, 4, 1, 8), (322, 4, 1, 60_000), (323, 4, 1, 60_000)), "tiles"),
        (directory((256, 4, 1, 8), (257, 4, 1, 8), (273, 4, 400_000_000, 8)), "lists"),
        (directory((256, 4, 1, 8), (257, 4, 1, 8), (259, 3, 1, 34_925)), "method 34925"),
    ],
)
def test_a_tiff_whose_directory_asks_for_much_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        decode(content + b"\x00" * 64)


def bomb_jpeg(width: int, height: int) -> bytes:
    content = saved(Image.new("RGB", (8, 8)), "JPEG")
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


def bomb_gif() -> bytes:
    return b"GIF89a" + struct.pack("<HH", 65535, 65535) + saved(Image.new("P", (8, 8)), "GIF")[10:]


def bomb_bmp() -> bytes:
    content = saved(Image.new("RGB", (8, 8)), "BMP")
    return content[:18] + struct.pack("<ii", 60_000, 60_000) + content[26:]


def bomb_webp() -> bytes:
    body = b"VP8X" + struct.pack("<I", 10) + b"\x02\x00\x00\x00" + b"\xfe\x3f\x00" * 2
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def bomb_avif() -> bytes:
    """2000 x 2000 coded pixels in a file that states 64 x 64."""
    content = saved(Image.new("RGB", (2_000, 2_000)), "AVIF", speed=10)
    at = content.index(b"ispe") + 8
    return content[:at] + struct.pack(">II", 64, 64) + content[at + 8 :]


def bomb_text() -> bytes:
    content = saved(Image.new("RGB", (8, 8)), "PNG")
    text = png_chunk(b"zTXt", b"k\x00\x00" + zlib.compress(b"\x00" * 200_000_000))
    return content[:33] + text + content[33:]


BOMBS = {
    "png": png(30_000, 30_000, zlib.compress(b"\x00" * 1000)),
    "png, just too large for Pillow": png(10_000, 10_000, zlib.compress(b"\x00" * 1000)),
    "jpeg": bomb_jpeg(65_500, 65_500),
    "gif": bomb_gif(),
    "bmp": bomb_bmp(),
    "webp": bomb_webp(),
    "tiff": directory((256, 4, 1, 60_000), (257, 4, 1, 60_000), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8)),
    "text": bomb_text(),
}

_UNDER_A_LIMIT = """
import resource, sys
from daemon.errors import InvalidInput
from daemon.inference.association.pictures.avif_headers import coded_sizes
from daemon.inference.association.pictures.decoding import decode
decode(open(sys.argv[1], "rb").read())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[2:]:
    content = open(path, "rb").read()
    try:
        decode(content)
    except InvalidInput as refused:
        print(f"{path}: {refused}", file=sys.stderr)
    else:
        raise SystemExit(f"{path} was decoded")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_bombs_are_refused_within_little_memory(tmp_path: Any) -> None:
    good = tmp_path / "good.png"
    good.write_bytes(saved(quarters(), "PNG"))
    paths = []
    for number, content in enumerate(BOMBS.values()):
        paths.append(tmp_path / f"bomb-{number}")
        paths[-1].write_bytes(content)
    command = [sys.executable, "-W", "ignore", "-c", _UNDER_A_LIMIT, str(good), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 64 * 1024, f"{done.stdout} KiB more; {done.stderr}"


@pytest.mark.parametrize("name", list(BOMBS))
def test_a_bomb_is_refused_for_what_it_is(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"pixels|truncated or damaged|no picture"):
        decode(BOMBS[name])


@pytest.mark.parametrize(
    ("mode", "form", "options"),
    [
        ("RGB", "JPEG", {"progressive": True, "subsampling": 0}),
        ("RGBA", "WEBP", {"lossless": True, "method": 0}),
        ("RGBA", "PNG", {"compress_level": 1}),
    ],
)
def test_a_large_picture_takes_no_more_memory_than_stated(
    tmp_path: Any, mode: str, form: str, options: dict[str, Any]
) -> None:
    """Up to 30 bytes a pixel, when it lies on its side: the decoder's, Pillow's, one turned, and two of three bytes."""
    exif = Image.Exif()
    exif[0x0112] = 6
    picture, small = tmp_path / "large", tmp_path / "small"
    for path, size in ((picture, (3_000, 2_000)), (small, (8, 8))):
        path.write_bytes(saved(Image.new(mode, size, RED), form, exif=exif, **options))
    script = _UNDER_A_LIMIT.replace('raise SystemExit(f"{path} was decoded")', "pass")
    command = [sys.executable, "-c", script, str(small), str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) * 1024 < 30 * 6_000_000


@pytest.mark.parametrize("save_all", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (64, 32), (300, 17), (1025, 2049)])
def test_the_coded_size_of_an_avif_is_read(size: tuple[int, int], save_all: bool) -> None:
    picture = Image.new("RGBA", size, (*RED, 90))
    content = saved(
        picture, "AVIF", save_all=save_all, append_images=[Image.new("RGBA", size)] if save_all else [], speed=10
    )
    found = list(coded_sizes(content))
    assert len(found) >= 2  # colour and alpha
    assert set(found) == {size}


def test_an_avif_that_states_less_than_it_holds_is_refused() -> None:
    with pytest.raises(InvalidInput, match="2000 x 2000 coded pixels"):
        decode(bomb_avif(), max_pixels=3_999_999)
