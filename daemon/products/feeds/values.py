"""One cell to one typed value. What cannot be read as its type stays text, for the rule in charge. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from decimal import Decimal
from typing import Final

from daemon.products.feeds.status_words import availability_of, status_of, word_key
from daemon.products.feeds.times import parse_time, time_of_number
from daemon.products.money import parse_price, price_from_json
from daemon.products.product import Amount, Availability, Flag, Status, Time, Unparsed

#: What programs write for "nothing" where a cell should be blank.
_NOTHING: Final = frozenset({"", "null", "(null)", "<null>", "none", "n/a", "#n/a", "nil", "undefined", "\\n", "\\\\n"})
_LONGEST_NOTHING: Final = max(map(len, _NOTHING))
_NOT_A_NUMBER: Final = "nan"
#: How C and numpy print small numbers ("1.000000000000000e-02"): exact, and nobody's own hand.
_C_NOTATION: Final = re.compile(r"[+-]?\d\.\d{6,}e[+-]\d{2,3}", re.ASCII | re.IGNORECASE)
#: Magnitude beyond which a number is no amount; Decimal would write it out in full some day.
_MAGNITUDE: Final = 40
_IMAGE_PARTS: Final = re.compile(r"\s*\|\s*|\s*[,;]\s*(?=https?://)|\s+(?=https?://)", re.IGNORECASE)
_TRUE: Final = frozenset(
    "true yes y t 1 on allow allowed continue notify 是 有 真 允许 对 はい 예 ja oui sí si sim да".split()  # noqa: SIM905 - a word list
)
_FALSE: Final = frozenset("false no n f 0 off deny denied 否 无 假 不允许 不 いいえ 아니요 nein non não нет".split())  # noqa: SIM905


class CellFaultError(Exception):
    """A value of a kind that its field cannot have at all, such as a list for a title."""


def is_nothing(text: str) -> bool:
    """Tell whether a cell is blank, or holds a program's word for it."""
    stripped = text.strip()
    return len(stripped) <= _LONGEST_NOTHING and stripped.casefold() in _NOTHING


def text_of(value: object) -> str | None:
    """Return text without blanks around it. Numbers are text as written; {"name": ...} is its name."""
    if isinstance(value, str):
        stripped = value.strip()
        word = stripped.casefold() if len(stripped) <= _LONGEST_NOTHING else "..."
        return None if word in _NOTHING or word == _NOT_A_NUMBER else stripped
    if value is None:
        return None
    if isinstance(value, bool | int | float | Decimal):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, Mapping):
        for key in ("name", "title", "value", "label", "@value"):
            if isinstance(value.get(key), str):
                return text_of(value[key])
    if isinstance(value, list) and len(value) <= 1:
        return text_of(value[0]) if value else None
    raise CellFaultError(f"expected text, found {_kind(value)}")


def price_of(value: object, currency: str | None, locale: str) -> tuple[Amount, str | None]:
    """Return an amount and the currency that it states itself. {"amount": ..., "currency": ...} is both."""
    if isinstance(value, Mapping):
        inner = next((value[key] for key in ("amount", "value", "price") if key in value), None)
        named = next((value[key] for key in ("currency", "currencyCode", "currency_code") if key in value), None)
        if inner is None or isinstance(inner, Mapping):
            raise CellFaultError("expected an amount, found an object")
        stated = text_of(named) or currency
        amount, found = price_of(inner, stated, locale)
        return amount, text_of(named) or found
    if isinstance(value, str):
        if value.strip().casefold() in _NOTHING:
            return None, None
        if _C_NOTATION.fullmatch(value.strip()):
            return _bounded(Decimal(value.strip()).normalize()), None
        amount, found = parse_price(value.strip(), currency, locale or None)
    else:
        amount, found = price_from_json(value, currency, locale or None)
    return _bounded(amount), found


def amount_of(value: object, locale: str) -> Amount:
    """Return a number without a currency, such as pieces in stock."""
    amount, found = price_of(value, None, locale)
    return Unparsed(text_of(value) or "") if found is not None else amount


def _bounded(amount: Amount) -> Amount:
    if isinstance(amount, Decimal) and amount.is_finite() and amount and abs(amount.adjusted()) > _MAGNITUDE:
        return Unparsed(str(amount))
    return amount


def flag_of(value: object) -> Flag:
    """Return yes, no, or None for blank."""
    if isinstance(value, bool):
        return value
    text = text_of(value)
    if text is None:
        return None
    word = word_key(text)
    return True if word in _TRUE else False if word in _FALSE else Unparsed(text)


def time_of(value: object, zone: tzinfo | None, locale: str, *, end_of_day: bool = False) -> Time:
    """Return a time; whole numbers count seconds or milliseconds since 1970."""
    if isinstance(value, int) and not isinstance(value, bool):
        return time_of_number(value)
    text = text_of(value)
    return None if text is None else parse_time(text, zone, locale, end_of_day=end_of_day)


def status_of_cell(value: object) -> Status | Unparsed | None:
    """Return the status, None for blank."""
    text = text_of(value)
    return None if text is None else status_of(text)


def availability_of_cell(value: object) -> Availability | Unparsed | None:
    """Return the availability, None for blank."""
    text = text_of(value)
    return None if text is None else availability_of(text)


def images_of(value: object) -> list[str]:
    """Return image URLs: parted by "|", a JSON array, several URLs with commas or blanks between them, or objects."""
    if isinstance(value, str):
        inner = _json_in(value)
        return (
            [part for part in _IMAGE_PARTS.split(value.strip()) if not is_nothing(part)]
            if inner is None
            else images_of(inner)
        )
    if isinstance(value, Mapping):
        url = next(
            (value[key] for key in ("src", "url", "link", "href", "contentUrl", "originalSrc") if key in value), None
        )
        return images_of(url)
    if isinstance(value, Iterable):
        return [url for part in value for url in ([part.strip()] if _is_url(part) else images_of(part))]
    if value is None:
        return []
    raise CellFaultError(f"expected image URLs, found {_kind(value)}")


def category_of(value: object) -> str | None:
    """Return a category; a path of them, also as a JSON list of names or of {"name": ...}, with " > " between."""
    if isinstance(value, str) and (inner := _json_in(value)) is not None:
        value = inner
    if isinstance(value, list):
        names = [name for part in value if (name := text_of(part)) is not None]
        return " > ".join(names) or None
    return text_of(value)


def _is_url(value: object) -> bool:
    return isinstance(value, str) and value.strip()[:8].casefold().startswith(("http://", "https://"))


def _json_in(text: str) -> object | None:
    """Return the JSON list or object that a cell holds, None when it holds none."""
    stripped = text.strip()
    if stripped[:1] not in ("[", "{") or stripped[-1:] not in ("]", "}"):
        return None
    try:
        found: object = json.loads(stripped)
    except (ValueError, RecursionError):
        return None
    return found


def _kind(value: object) -> str:
    return "an object" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else "a number"
