"""The values of one camera or way as a file holds them, and as what they are meant to be."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from daemon.inference.association.network.camera_columns import CAMERA_WORDS, KILOMETRES, KIND, POSITION, WAY_WORDS
from daemon.inference.association.network.validation import Finding, quoted

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:,\d{3})+", re.ASCII)
_UNITS: Final = re.compile(r"(?<=[\d.])\s*(?:°|度|米|metres|meters|m|s|秒)$", re.IGNORECASE)
_LENGTHS: Final = frozenset({"metres", KILOMETRES})
_YES: Final = frozenset({"1", "true", "yes", "y", "是", "对", "单向", "oui", "ja"})
_NO: Final = frozenset({"", "0", "false", "no", "n", "否", "不", "双向", "non", "nein"})


class Draft(NamedTuple):
    """What a file holds for one camera or way. place: where; values: by field; names: what the file calls a field.

    line: the places that a way's drawing goes through, as longitude and latitude. kind: "camera", "way" or "" for
    what tells itself by its fields. textual: values are cells of text.
    """

    place: str
    values: Mapping[str, object]
    names: Mapping[str, str] = {}
    line: Sequence[tuple[float, float]] = ()
    kind: str = ""
    textual: bool = False

    def at(self, name: str) -> str:
        """Return the place of a field."""
        return ".".join(part for part in (self.place, self.names.get(name, name)) if part)

    def is_way(self) -> bool:
        """Tell a way from a camera: by its kind, else by having an end."""
        said = self.values.get(KIND)
        kind = self.kind or (said.strip().casefold() if isinstance(said, str) else "")
        if kind in WAY_WORDS or kind in CAMERA_WORDS:
            return kind in WAY_WORDS
        return any(not is_blank(self.values.get(end)) for end in ("origin", "target"))


class BadValueError(Exception):
    """A value that is none of its field."""


class DraftValues:
    """The fields of a draft as values of their types; what cannot be read is added to the faults."""

    def __init__(self, draft: Draft, faults: list[Finding]) -> None:
        self._draft = draft
        self._faults = faults
        self.failed = False

    def _fault(self, name: str, message: str) -> None:
        self.failed = True
        self._faults.append(Finding(self._draft.at(name), message))

    def id(self, name: str) -> str:
        """Return an id; whole numbers are ids too."""
        value = self._draft.values.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if _is_whole(value):
            return str(value)
        what = "the id of a camera" if name != "id" else "an id"
        self._fault(name, f"{what} is expected, found {_shown(value)}")
        return ""

    def text(self, name: str) -> str:
        """Return a text, "" where there is none."""
        value = self._draft.values.get(name)
        if value is None or isinstance(value, str):
            return (value or "").strip()
        if _is_whole(value):
            return str(value)
        self._fault(name, f"text is expected, found {_shown(value)}")
        return ""

    def number(self, name: str) -> float | None:
        """Return a finite number, None where there is none."""
        value = self._draft.values.get(name)
        if is_blank(value):
            return None
        if name in _LENGTHS and isinstance(value, str) and _THOUSANDS.fullmatch(value.strip()):
            self._fault(name, f"{quoted(value)} may be thousands or thousandths; write it without a comma")
            return None
        try:
            return _number(value, textual=self._draft.textual)
        except BadValueError as error:
            self._fault(name, str(error))
            return None

    def position(self) -> tuple[float | None, float | None]:
        """Return longitude and latitude, from fields of their own or from a pair."""
        values = self._draft.values
        if is_blank(values.get("longitude")) and is_blank(values.get("latitude")):
            return self._pair(values.get(POSITION))
        for name in ("longitude", "latitude"):
            if is_blank(values.get(name)):
                self._fault(name, "degrees are expected, found nothing")
        return self.number("longitude"), self.number("latitude")

    def _pair(self, value: object) -> tuple[float | None, float | None]:
        parts = re.split(r"[,;\s]+", value.strip()) if isinstance(value, str) and self._draft.textual else value
        if not isinstance(parts, list) or not 2 <= len(parts) <= 4:
            self._fault(POSITION, f"longitude and latitude are expected, found {_shown(value)}")
            return None, None
        try:
            return _number(parts[0], textual=self._draft.textual), _number(parts[1], textual=self._draft.textual)
        except BadValueError as error:
            self._fault(POSITION, str(error))
            return None, None

    def time(self, name: str) -> datetime | None:
        """Return a time as aware UTC, None where there is none."""
        value = self._draft.values.get(name)
        if is_blank(value):
            return None
        try:
            found = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self._fault(name, f'a time with its zone as "2026-11-25T18:03:00Z" is expected, found {_shown(value)}')
            return None
        return found.astimezone(UTC)

    def flag(self, name: str) -> bool | None:
        """Return yes or no, None where nothing is said."""
        value = self._draft.values.get(name)
        if value is None or isinstance(value, bool):
            return value
        word = value.strip().casefold() if isinstance(value, str) else str(value) if _is_whole(value) else "?"
        if word not in _YES | _NO:
            self._fault(name, f"true or false is expected, found {_shown(value)}")
        return word in _YES if word else None


def is_blank(value: object) -> bool:
    """Tell whether nothing is said: an empty cell, or null."""
    return value is None or (isinstance(value, str) and not value.strip())


def _is_whole(value: object) -> bool:
    """Tell whether a value is a whole number that a name may be made of."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18


def _number(value: object, *, textual: bool) -> float:
    """Return a finite number. Raises BadValueError."""
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
    elif isinstance(value, str) and textual:
        text = _UNITS.sub("", value.strip())
        text = text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text
        number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise BadValueError(f"a number is expected, found {_shown(value)}")
    return number


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) >= 10**18:  # Python writes no number of thousands of digits
        return "a number of too many digits"
    return quoted(value if isinstance(value, str) else f"{value}")
