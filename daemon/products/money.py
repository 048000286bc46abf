"""Amounts and currencies as sources write them. Pure; nothing is guessed.

What could be read in more than one way, or needs a locale that nobody gave, stays text (`Unparsed(ambiguous=True)`);
what is a number in no locale stays text too (`ambiguous=False`). The usual readers of prices guess here: price-parser
takes "3.350" for 3350, "-5.00" for 5.00 and "12,90 - 15,90 €" for 12.90 (its issues 46, 58 and 63).
"""

from __future__ import annotations

import json
import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import Final

from daemon.errors import InvalidInput
from daemon.products.product import Amount, Unparsed

#: Where CLDR, which babel reads, departs from the minor units of ISO 4217: it drops coins that no one uses.
_ISO_UNITS: Final = {"IQD": 3} | dict.fromkeys(
    ("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"), 2
)
#: Of no territory's tender in CLDR: CNH is no ISO code, XTS is for tests, XXX means "no currency"; SVC still is one.
_NO_CURRENCY: Final = frozenset({"CNH", "XTS", "XXX"})
_ALSO_CURRENT: Final = frozenset({"SVC"})
#: ISO 4217 "N.A.": metals and units of account have no minor unit.
_UNITLESS: Final = frozenset({"XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XUA"})

#: Signs that one currency alone uses. "$", "£", "¥", "₩" and "kr" are several's, and stay as written.
_SIGNS: Final = dict(
    zip(
        "€₹₫₽₴₺₱₦₪₡₲₸₼₾₮₭₵៛৳؋֏",
        "EUR INR VND RUB UAH TRY PHP NGN ILS CRC PYG KZT AZN GEL MNT LAK GHS KHR BDT AFN AMD".split(),  # noqa: SIM905
        strict=True,
    )
)
_CJK_SIGNS: Final = frozenset("元圆圓块塊円원")

_WORD_LISTS: Final = frozenset({
    "CURRENCY_CODES", "CURRENCY_SYMBOLS", "CURRENCY_NATIONAL_SYMBOLS", "SAFE_CURRENCY_SYMBOLS",
    "OTHER_CURRENCY_SYMBOLS",
})  # fmt: skip

_PLAIN: Final = re.compile(r"\d{1,15}(?:\.\d{1,2})?", re.ASCII)
_NOT_FINITE: Final = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_CORE: Final = re.compile(r"[\d.,' ]*\d", re.ASCII)
_DASHED_CENTS: Final = re.compile(r"([.,])[-–—]{1,2}(?=\s|$)")
_INVISIBLE: Final = re.compile("[\u200b\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]")
_SEPARATORS: Final = ".,' "
_THOUSANDS: Final = 3
#: Longest text that can be a price; everything longer is prose.
_LONGEST: Final = 64

#: One spelling for each sign: full-width forms, the Arabic marks, the Swiss apostrophes, the minus signs.
_SPELLING: Final[dict[int, int | str]] = {
    **{full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)},
    0xFFE1: "£", 0xFFE5: "¥", 0x066B: ".", 0x066C: "'", 0x2019: "'", 0x2212: "-", 0xFE63: "-",
}  # fmt: skip


@lru_cache(maxsize=1)
def _currencies() -> dict[str, int | None]:
    from babel.core import get_global  # noqa: PLC0415 - 20 ms that a start without prices never pays

    fractions = get_global("currency_fractions")
    tenders = get_global("territory_currencies").values()
    codes = {code for tender in tenders for code, _, end, _ in tender if end is None}
    default = fractions["DEFAULT"][0]
    units: dict[str, int | None] = {
        code: _ISO_UNITS.get(code, fractions.get(code, (default,))[0])
        for code in (codes - _NO_CURRENCY) | _ALSO_CURRENT
    }
    return units | dict.fromkeys(_UNITLESS)


@lru_cache(maxsize=512)
def is_currency(code: str) -> bool:
    """Tell whether a text is an active ISO 4217 code, in capitals or not; withdrawn ones (DEM) are none."""
    return code.strip().upper() in _currencies()


@lru_cache(maxsize=512)
def minor_units(currency: str | None) -> int | None:
    """Return the decimals of a currency by ISO 4217 (JPY 0, EUR 2, KWD 3); None for no code or one without any."""
    return _currencies().get(currency.strip().upper()) if currency else None


@lru_cache(maxsize=16)
def _marks(locale: str) -> tuple[str, str]:
    """Return the decimal and the grouping mark of a locale in our spelling. Raises InvalidInput."""
    from babel.core import Locale, UnknownLocaleError  # noqa: PLC0415 - as above
    from babel.numbers import get_decimal_symbol, get_group_symbol  # noqa: PLC0415

    try:
        known = Locale.parse(locale.replace("-", "_"))
    except (ValueError, TypeError, UnknownLocaleError) as error:
        raise InvalidInput(f'unknown locale "{locale}"; expected one such as "de_DE"', (("locale", str(error)),)) from (
            error
        )
    # All blanks are one mark, whatever their width.
    return _spelled(get_decimal_symbol(known)), _spelled(get_group_symbol(known)) or " "


def check_locale(locale: str) -> None:
    """Raise InvalidInput unless the locale is one that amounts can be read by; "" is none and fine."""
    if locale:
        _marks(locale)


def parse_amount(text: str, currency: str | None = None, locale: str | None = None) -> Amount:
    """Read an amount; None for blank text. Raises InvalidInput for an unknown locale only.

    currency: ISO 4217, tells whether three digits after a dot can be a fraction. A currency around the number is
    allowed and not returned; see parse_price.
    """
    return parse_price(text, currency, locale)[0]


def parse_price(text: str, currency: str | None = None, locale: str | None = None) -> tuple[Amount, str | None]:
    """Read an amount and the currency written around it ("6250.00 EGP", "€ 12,90", "¥100").

    The currency is an ISO 4217 code where the text leaves no choice, else the sign as written ("¥"), None where
    there is none. An amount that stays text keeps the whole of it.

    Without a locale: digits alone, and dot decimals with other than three digits, are exact; so are numbers with two
    kinds of marks ("1,600.00", "1.234.567,89") or with one repeated ("1 234 567"), for they can be read in one way
    only. One mark followed by exactly three digits is ambiguous ("1.234", "1 770"), a dot is not when the currency
    has three decimals; a decimal comma is ambiguous. With a locale its own marks decide, and what does not fit
    them is read as if there were none.
    """
    if _PLAIN.fullmatch(text):
        return Decimal(text), None
    stripped = _INVISIBLE.sub("", text).strip()
    if not stripped:
        return None, None
    if len(stripped) > _LONGEST:
        return Unparsed(text.strip()), None
    if _NOT_FINITE.fullmatch(stripped):
        return Decimal(stripped), None
    parts = _taken_apart(_DASHED_CENTS.sub(r"\g<1>00", _spelled(stripped)))
    if parts is None:
        return Unparsed(stripped), None
    negative, core, found = parts
    amount = _read(core, found if found and is_currency(found) else currency, locale)
    if not isinstance(amount, Decimal):
        return Unparsed(stripped, ambiguous=amount), found
    return -amount if negative else amount, found


def amount_from_json(value: object, currency: str | None = None, locale: str | None = None) -> Amount:
    """Turn a JSON value into an amount: numbers are exact, text is read as text, anything else is no amount."""
    return price_from_json(value, currency, locale)[0]


def price_from_json(value: object, currency: str | None = None, locale: str | None = None) -> tuple[Amount, str | None]:
    """As amount_from_json, with the currency that a text states. NaN and infinities are kept for their rule."""
    if value is None:
        return None, None
    if isinstance(value, str):
        return parse_price(value, currency, locale)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return Unparsed(json.dumps(value, ensure_ascii=False, default=str)), None
    # repr of a float is its shortest exact text: 12.9 and not 12.9000000000000003553.
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value), None


def _spelled(text: str) -> str:
    """Return text with ASCII digits and one spelling for each mark. Superscripts and fractions are no digits."""
    plain = text.translate(_SPELLING)
    if not plain.isascii():
        plain = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)
    return " ".join(plain.split())


def _taken_apart(text: str) -> tuple[bool, str, str | None] | None:
    """Return (negative, digits with marks, currency), None for text that is not one number with at most a currency."""
    digits = [position for position, character in enumerate(text) if character in "0123456789"]
    if not digits:
        return None
    start, end = digits[0], digits[-1] + 1
    if start and text[start - 1] in ".," and not text[: start - 1][-1:].isalpha():
        start -= 1
    core = text[start:end]
    before, after = text[:start].strip(), text[end:].removeprefix(".").strip()
    if not _CORE.fullmatch(core):
        return None
    negative = "-" in before
    before = before.replace("-", "", 1).strip() if negative else before.removeprefix("+").strip()
    found = [_currency(token) for token in (before, after) if token]
    if None in found or (len(found) == 2 and not _agree(*found)):
        return None
    return negative, core, max((f for f in found if f), key=is_currency, default=None)


def _agree(one: str | None, other: str | None) -> bool:
    """Tell whether "US$" before and "USD" after a number may be one currency: two different codes are not."""
    return one == other or not (one and other and is_currency(one) and is_currency(other))


def _currency(token: str) -> str | None:
    """Return the currency that a text means, as code or as written; None when it means none."""
    upper = token.upper()
    if len(upper) == 3 and is_currency(upper):
        return upper
    if token in _SIGNS:
        return _SIGNS[token]
    if token in _CJK_SIGNS or (len(token) == 1 and unicodedata.category(token) == "Sc"):
        return token
    return token if token.rstrip(".").casefold() in _worded_currencies() else None


@lru_cache(maxsize=1)
def _worded_currencies() -> frozenset[str]:
    """Return what people write for currencies besides codes and signs: "kr", "Rp", "US$", "zł", in folded case."""
    from price_parser import parser  # noqa: PLC0415 - 20 ms, for files that spell their currency so

    words = {word for name, value in vars(parser).items() if name in _WORD_LISTS for word in value}
    folded = {_INVISIBLE.sub("", word).strip().rstrip(".").casefold() for word in words}
    # Single letters mean thousands, litres or grams as often as kina or lempira; "R" is how rand are written.
    return frozenset(word for word in folded if len(word) > 1 or not word.isascii() or word in "r$")


def _read(core: str, currency: str | None, locale: str | None) -> Decimal | bool:
    """Return the number, else whether it is one in more than one reading."""
    marks = {character for character in core if character in _SEPARATORS}
    if not marks:
        return Decimal(core)
    if locale:
        amount = _read_with(core, *_marks(locale))
        if amount is not None:
            return amount
    if len(marks) == 1:
        return _read_one_mark(core, marks.pop(), currency)
    if len(marks) > 2:
        return False
    last = max(core.rfind(mark) for mark in marks)
    group = (marks - {core[last]}).pop()
    amount = _read_with(core, core[last], group) if core[last] in ".," else None
    return False if amount is None else amount


def _read_one_mark(core: str, mark: str, currency: str | None) -> Decimal | bool:
    whole, _, rest = core.partition(mark)
    if mark in rest:
        groups = core.split(mark)
        return Decimal("".join(groups)) if _grouped(groups) else False
    if mark in "' ":
        return _grouped([whole, rest])
    if mark == "," or (len(rest) == _THOUSANDS and minor_units(currency) != _THOUSANDS):
        return True
    return Decimal(core)


def _read_with(core: str, decimal_mark: str, group_mark: str) -> Decimal | None:
    """Return the number by these marks alone, None when it does not follow them."""
    whole, _, fraction = core.partition(decimal_mark)
    groups = whole.split(group_mark)
    digits = "".join(groups)
    if not (digits + fraction).isdigit() or (len(groups) > 1 and not _grouped(groups)):
        return None
    return Decimal(f"{digits or 0}.{fraction or 0}") if fraction else Decimal(digits)


def _grouped(groups: list[str]) -> bool:
    """Tell whether digits are grouped as people group them: by three, or as in India by two before the last three."""
    first, *middle, last = groups
    if len(last) != _THOUSANDS or not first or first.startswith("0"):
        return False
    by_three = len(first) <= 3 and all(len(group) == 3 for group in middle)
    return by_three or (len(first) <= 2 and all(len(group) == 2 for group in middle))
