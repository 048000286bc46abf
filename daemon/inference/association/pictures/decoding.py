"""Bytes of a picture to pixels: right way up, red first, 8 bits, no alpha; or a refusal that says what is wrong.

Colour profiles are left alone, as by the decoders that person embedders are trained with: a converted query would
differ from a gallery cut out of video, which bears no profile, and a hostile profile is never parsed. CMYK of JPEG
is taken as inverted, which is how all common programs write and read it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from daemon.errors import InvalidInput
from daemon.inference.association.pictures.orientation import orientation_of, upright, without_camera_data
from daemon.inference.association.pictures.picture_headers import check_headers, name_of_other

#: A frame of 4K video has 8.3 million. Decoding takes up to 30 bytes a pixel for a moment.
MAX_PIXELS: Final = 25_000_000
MAX_BYTES: Final = 32 * 2**20
#: Behind what is transparent. The middle grey favours neither dark nor light clothes.
BACKGROUND: Final = (128, 128, 128)
#: What Pillow opens here: none that runs a program (EPS), none that is rare and little tested.
FORMATS: Final = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")

_WANTED: Final = "JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF was expected"
#: As a bomb counts what Pillow itself finds too large, which it tells as an error or as a warning.
_BOMBS: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def decode(content: bytes, *, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Return the first frame of a picture, uint8 RGB (h, w, 3), turned as its orientation tag says.

    Raises InvalidInput for what is no picture, is truncated or damaged, has no pixels or more than max_pixels.
    """
    if not content:
        raise InvalidInput(f"the picture is empty; {_WANTED}")
    if len(content) > MAX_BYTES:
        raise InvalidInput(f"the picture has {len(content)} bytes; at most {MAX_BYTES} are accepted")
    exif = b""
    if content.startswith(b"\xff\xd8"):
        content, exif = without_camera_data(content)
    check_headers(content, max_pixels)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            _check_size(image.size, max_pixels)
            image.load()
            # Pillow itself turns TIFF, whose tag is gone then, and gives for AVIF what its own properties say
            return _pixels(upright(image, orientation_of(exif or image.info.get("exif", b""))))
    except InvalidInput:
        raise
    except _BOMBS as error:
        raise InvalidInput(f"the picture has too many pixels; at most {max_pixels} are accepted") from error
    except UnidentifiedImageError as error:
        raise InvalidInput(_unidentified(content)) from error
    except MemoryError as error:
        raise InvalidInput("the picture needs more memory than there is") from error
    except Exception as error:  # a decoder may raise anything over hostile bytes
        raise InvalidInput(f"the picture is truncated or damaged: {error}") from error


def _unidentified(content: bytes) -> str:
    other = name_of_other(content)
    return f"the picture is {other}; {_WANTED}" if other else f"this is no picture, or a damaged one; {_WANTED}"


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise InvalidInput(f"the picture has no pixels: {width} x {height}")
    if width * height > max_pixels:
        raise InvalidInput(f"the picture has {width} x {height} pixels; at most {max_pixels} in all are accepted")


def _pixels(image: Image.Image) -> NDArray[np.uint8]:
    convert = _MODES.get("I;16" if image.mode.startswith("I;16") else image.mode)
    if convert is None:
        raise InvalidInput(f"the picture's pixels are of the kind {image.mode}, for which no white is defined")
    return np.array(convert(image), dtype=np.uint8)


def _opaque(image: Image.Image) -> Image.Image:
    if "transparency" not in image.info:
        return image.convert("RGB")
    return _over_background(image)


def _over_background(image: Image.Image) -> Image.Image:
    seen = image.convert("RGBA")
    canvas = Image.new("RGB", seen.size, BACKGROUND)
    canvas.paste(seen, mask=seen.getchannel("A"))
    return canvas


def _sixteen_bits(image: Image.Image) -> Image.Image:
    """Scale 0..65535 to 0..255; Pillow's own conversion clips at 255."""
    grey = np.asarray(image)
    scaled = np.right_shift(grey, 8).astype(np.uint8)
    if getattr(image, "tag_v2", {}).get(262) == 0:  # TIFF: white is zero, which Pillow minds at 8 bits only
        scaled = 255 - scaled
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        scaled[grey == clear] = BACKGROUND[0]
    return Image.fromarray(scaled).convert("RGB")


_MODES: Final[dict[str, Callable[[Image.Image], Image.Image]]] = {
    "RGB": _opaque,
    "L": _opaque,
    "1": _opaque,
    "P": _opaque,
    "CMYK": _opaque,
    "YCbCr": _opaque,
    "RGBX": _opaque,
    "RGBA": _over_background,
    "RGBa": _over_background,
    "LA": _over_background,
    "La": _over_background,
    "PA": _over_background,
    "I;16": _sixteen_bits,
}
