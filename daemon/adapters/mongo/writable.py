"""Values of a product to what a document keeps, in the kind that stood there. Raise InvalidInput for what has none."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, DecimalException
from typing import Any, Final, TypeAlias

from bson import Decimal128, Int64

from daemon.errors import InvalidInput
from daemon.products.product import Availability

#: Makes what is to lie there of a value and what lies there.
Writer: TypeAlias = Callable[[Any, Any], Any]

#: Magnitude beyond which a number is no amount, as in files.
_MAGNITUDE: Final = 40
_INT64: Final = range(-(2**63), 2**63)
_NUMBER: Final = re.compile(r"-?[\d.,' ]*\d")
_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_EPOCH_S: Final = 10_000_000_000  # numbers below count seconds since 1970, as in files


def amount(value: Any, lying: Any, read: Callable[[Any], Any]) -> Any:
    """Return an amount: a text stays one, a Decimal128 too; else what KeystoneJS writes, an int or a double.

    read: how the field is read, which a text must stand up to.
    """
    if not isinstance(value, Decimal) or value.is_snan() or (value and abs(value.adjusted()) > _MAGNITUDE):
        raise InvalidInput(f"{value} is no amount that can be written")
    if isinstance(lying, str):
        plain = f"{value:f}" if value.is_finite() else str(value)
        dotted, comma = (_NUMBER.sub(text, lying, 1) if _NUMBER.search(lying) else text
                         for text in (plain, plain.replace(".", ",")))  # fmt: skip
        found = next((text for text in (dotted, comma) if read(text) == value), None)
        if found is None:
            raise InvalidInput(f"{plain} cannot be written so that it is read again instead of {lying!r:.80}")
        return found
    return _decimal128(value) if isinstance(lying, Decimal128) else _number(value, long=isinstance(lying, Int64))


def _number(value: Decimal, *, long: bool) -> Any:
    if value.is_finite() and value == value.to_integral_value() and int(value) in _INT64:
        return Int64(value) if long else int(value)
    double = float(value)
    # NaN and infinities are doubles; a number that no double is exactly keeps its digits in a Decimal128.
    return double if not value.is_finite() or Decimal(repr(double)) == value else _decimal128(value)


def _decimal128(value: Decimal) -> Decimal128:
    try:
        return Decimal128(value)
    except (DecimalException, ValueError) as error:
        raise InvalidInput(f"{value} has more than the 34 digits that a document can keep") from error


def time_in(zone: tzinfo | None) -> Writer:
    """Return what writes times. zone: of times without one."""

    def write(value: Any, lying: Any) -> Any:
        if not isinstance(value, datetime):
            raise InvalidInput(f"{value} is no time that can be written")
        if value.tzinfo is None and zone is not None:
            value = value.replace(tzinfo=zone)
        moment = to_milliseconds(value)
        if isinstance(lying, str):
            return moment.isoformat(timespec="milliseconds")
        if moment.tzinfo is None:
            raise InvalidInput(f"{value.isoformat()} has no time zone, and a date in a document needs one")
        if isinstance(lying, int | float) and not isinstance(lying, bool):
            number = round(moment.timestamp() * 1000)
            return number if abs(lying) >= _EPOCH_S else number // 1000
        return moment

    return write


def to_milliseconds(value: datetime) -> datetime:
    """Return a time as a document can keep it, in UTC where it has a zone."""
    cut = value.replace(microsecond=value.microsecond // 1000 * 1000)
    return cut if cut.tzinfo is None else cut.astimezone(UTC)


def flag(value: Any, lying: Any) -> Any:
    """Return a flag: a text or a number that stands there stays one."""
    if not isinstance(value, bool):
        raise InvalidInput(f"{value} is no flag that can be written")
    if isinstance(lying, str):
        return "true" if value else "false"
    return value if lying is None or isinstance(lying, bool) else int(value)


def text(value: Any, lying: Any) -> Any:
    """Return a text; a number that stands there stays one where the text is the number."""
    if not isinstance(value, str):
        raise InvalidInput(f"{value} is no text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("a text with unpaired surrogates cannot be written") from error
    is_number = isinstance(lying, int | float) and not isinstance(lying, bool)
    if is_number and _WHOLE.fullmatch(value) and int(value) in _INT64:
        return int(value)
    return value


def availability(value: Any, lying: Any) -> Any:
    """Return an availability in our word for it, as true or false where that stands there."""
    if not isinstance(value, Availability):
        raise InvalidInput(f"{value} is no availability that can be written")
    if isinstance(lying, bool) and value in {Availability.IN_STOCK, Availability.OUT_OF_STOCK}:
        return value is Availability.IN_STOCK
    return value.value


def images(value: Any, lying: Any) -> Any:
    """Return addresses of images, where nothing but addresses stands there: an uploaded file is more than that."""
    if not isinstance(value, tuple):
        raise InvalidInput(f"{value} are no images")
    if isinstance(lying, str) and len(value) == 1:
        return text(value[0], None)
    if isinstance(lying, list) and all(isinstance(part, str) for part in lying):
        return [text(url, None) for url in value]
    raise InvalidInput("images that were uploaded in the shop can only be changed there")
