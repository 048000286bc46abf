"""One value of a document to one typed value of a product. Never an error: what cannot be read stays text, or is none.

Text in a document is read as text in a file is (daemon/products/feeds/values.py), so that "12,50" means the same
wherever it stands; what only BSON has is read here.
"""

from __future__ import annotations

import reprlib
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Final

from bson import Code, DatetimeMS, Decimal128, ObjectId, Timestamp

from daemon.products.feeds import values as cells
from daemon.products.feeds.values import CellFaultError
from daemon.products.html_depth import shallow
from daemon.products.product import Amount, Availability, Flag, Time, Unparsed

#: Longest description that is taken over, in characters, and longest other text; what is longer is cut.
LONGEST: Final = 2 * 1024 * 1024
LONGEST_LINE: Final = 20_000
#: Texts longer than this are no program's word for nothing.
_LONGER: Final = 10
#: Longest text that is looked at for a number, a flag or a time.
_LONGEST_WORD: Final = 1000
#: Magnitudes between which a number is an amount without any doubt.
_SMALL: Final = 1e-30
_BIG: Final = 1e30
#: Most images of one product.
MOST_IMAGES: Final = 1000
#: Most names that make the path of a category.
_DEEPEST_CATEGORY: Final = 100
_DECIMALS: Final = (Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"))
#: Where an object that is a price has its amount, best first.
_AMOUNTS: Final = ("amount", "value", "price")
#: Where an uploaded file says how it is fetched, best first: Cloudinary, S3 and Azure fields of KeystoneJS.
_IMAGE_URLS: Final = ("secure_url", "url", "src", "link", "href")

_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = 120
_short.maxlevel = 3


def unparsed(value: object) -> Unparsed:
    """Return what stands there, shortened, as what its field does not want."""
    if isinstance(value, Unparsed):
        return value
    return Unparsed(str(value)[:_LONGEST_WORD] if isinstance(value, str | int | float) else _short.repr(value))


def price_of(value: Any, currency: str | None, locale: str) -> tuple[Amount, str | None]:
    """Return an amount and the currency that its text states. Numbers are exact, a double in its shortest digits."""
    if type(value) is float and _SMALL < abs(value) < _BIG:
        return Decimal(repr(value)), None
    if type(value) is int and -_BIG < value < _BIG:
        return Decimal(value), None
    if isinstance(value, dict):
        return _price_in(value, currency, locale)
    if isinstance(value, Decimal128):
        value = _decimal(value)
    elif isinstance(value, bool) or not isinstance(value, int | float | str) or is_no_word(value):
        return unparsed(value), None
    return cells.price_of(value, currency, locale)


def has_amount(value: dict[str, Any]) -> bool:
    """Tell whether an object may be an amount beside its currency."""
    return any(value.get(key) is not None for key in _AMOUNTS)


def _price_in(value: dict[str, Any], currency: str | None, locale: str) -> tuple[Amount, str | None]:
    """Return an amount that stands beside its currency."""
    inner = next((found for key in _AMOUNTS if (found := value.get(key)) is not None), None)
    if inner is None or isinstance(inner, dict):
        return unparsed(value), None
    named = next((text for key in ("currency", "currencyCode") if (text := text_of(value.get(key)))), None)
    amount, stated = price_of(inner, named or currency, locale)
    return amount, named or stated


def amount_of(value: Any, locale: str) -> Amount:
    """Return a number without a currency, such as pieces in stock."""
    if type(value) is int:
        return Decimal(value)
    amount, stated = price_of(value, None, locale)
    return amount if stated is None else unparsed(value)


def is_no_word(value: Any) -> bool:
    """Tell whether a value is a text that is none: too long for a word, or a program, which the driver makes a str."""
    return isinstance(value, str) and (len(value) > _LONGEST_WORD or isinstance(value, Code))


def _decimal(value: Decimal128) -> Decimal:
    number = value.to_decimal()
    # A signalling NaN would raise wherever it is compared; the signs and payloads of NaN say nothing.
    return _DECIMALS[0] if number.is_nan() else number


def time_of(value: Any, zone: tzinfo | None, locale: str, *, end_of_day: bool = False) -> Time:
    """Return a time, aware UTC to the millisecond; text and numbers as in files, BSON dates out of range stay text."""
    if type(value) is datetime:
        return value
    if isinstance(value, Timestamp):
        return value.as_datetime()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, DatetimeMS):
        return Unparsed(f"{int(value)} ms from 1970")
    if isinstance(value, bool) or not isinstance(value, int | str) or is_no_word(value):
        return unparsed(value)
    found = cells.time_of(value, zone, locale, end_of_day=end_of_day)
    return found.replace(microsecond=found.microsecond // 1000 * 1000) if isinstance(found, datetime) else found


def flag_of(value: Any) -> Flag:
    """Return yes, no, or None for blank."""
    if value is True or value is False:
        return value
    word = _word(value)
    return unparsed(value) if word is None or is_no_word(word) else cells.flag_of(word)


def availability_of(value: Any) -> Availability | Unparsed | None:
    """Return an availability, None for blank; true and false say whether there is any."""
    word = _word(value)
    return unparsed(value) if word is None or is_no_word(word) else cells.availability_of_cell(word)


def text_of(value: Any) -> str | None:
    """Return one text without blanks around it; of markup its text, of a list its first, None for what is no text."""
    if type(value) is str:
        return _bounded(value)
    if isinstance(value, dict):
        value = _text_in(value)
    if isinstance(value, list):
        return next((text for part in value if not isinstance(part, list) and (text := text_of(part))), None)
    word = _word(value)
    return None if word is None else _bounded(word)


def line_of(value: str) -> str | None:
    """Return what `text_of` and `category_of` do for one text."""
    stripped = value.strip()
    if _LONGER < len(stripped) <= LONGEST_LINE and "\0" not in stripped:
        return stripped
    return _bounded(value)


def prose_of(value: str) -> str | None:
    """Return what `markup_of` does for one text."""
    stripped = value.strip()
    if _LONGER < len(stripped) <= LONGEST and "\0" not in stripped:
        return stripped
    return _bounded(value, LONGEST)


def markup_of(value: Any) -> str | None:
    """Return a description with its markup, which html_danger judges; of a Markdown field what it became in HTML."""
    if isinstance(value, dict):
        value = next((v for key in ("html", "md") if isinstance(v := value.get(key), str) and v.strip()), None)
    word = _word(value)
    return None if word is None else _bounded(word, LONGEST)


def category_of(value: Any) -> str | None:
    """Return a category; of a list of names the path that they make, as in files."""
    if isinstance(value, list):
        names = (name for part in value[:_DEEPEST_CATEGORY] if not isinstance(part, list) and (name := text_of(part)))
        return " > ".join(names)[:LONGEST_LINE] or None
    return text_of(value)


def images_of(value: Any) -> tuple[str, ...]:
    """Return the addresses of images: of uploaded files, of texts, of lists of either, each once."""
    if isinstance(value, dict):
        return tuple(_urls(value))
    parts = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(url for part in parts[:MOST_IMAGES] for url in _urls(part)))


def _urls(part: Any) -> list[str]:
    if isinstance(part, dict):
        for key in _IMAGE_URLS:
            found = part.get(key)
            if isinstance(found, str) and (url := found.strip()):
                return [] if len(found) > LONGEST else [url.replace("\0", "\ufffd")]
        return []
    if type(part) is not str or len(part) > LONGEST:
        return []
    try:
        return [url.replace("\0", "\ufffd") for url in cells.images_of(part) if isinstance(url, str)]
    except (CellFaultError, RecursionError):
        return []


def _text_in(value: dict[str, Any]) -> Any:
    for key in ("html", "md", "name", "title", "value", "label"):
        text = value.get(key)
        if isinstance(text, str) and text.strip():
            return _plain(text) if key == "html" else text
    return None


def _plain(markup: str) -> str:
    """Return the text of HTML, one blank for each gap."""
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - only titles that are markup need it

    return " ".join(LexborHTMLParser(shallow(markup[: 2 * LONGEST_LINE])).text(separator=" ").split())


def _word(value: Any) -> str | None:
    """Return a plain value as text, None for what is none. JavaScript knows no difference between 7 and 7.0."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, Decimal128):
        return str(_decimal(value))
    return str(value) if isinstance(value, ObjectId) else None


def _bounded(text: str, most: int = LONGEST_LINE) -> str | None:
    """Return a text that a store can keep and look for."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    stripped = text.strip()
    return cells.text_of(stripped) if len(stripped) <= most else stripped[:most]
