"""The [rules.*] tables of a configuration, held against the rule table: every fault at once, with its path."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from daemon.errors import InvalidInput
from daemon.products.remedies import RemedyMode
from daemon.products.verdicts import RuleSpec, Severity

Fault = tuple[str, str]


class Unfit(ValueError):
    """A value that a key cannot take; the message says what was expected."""


_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)


#: The longest time, a century: added to any time of ours it is a time still.
_LONGEST_DAYS: Final = 36_525.0


def seconds(value: object) -> float:
    """Return seconds for a number or a text such as "10m" or "1h30m", up to a century. Raises Unfit."""
    if isinstance(value, str) and value and not _DURATION.sub("", value):
        value = sum(float(amount) * _UNITS[unit] for amount, unit in _DURATION.findall(value))
    found = number(value, 'expected seconds or a duration such as "10m"')
    days(found / _UNITS["d"])
    return found


def days(value: object) -> float:
    """Return a number of days up to a century. Raises Unfit."""
    if number(value) > _LONGEST_DAYS:
        raise Unfit(f"expected at most {_LONGEST_DAYS:g} days")
    return number(value)


def number(value: object, expected: str = "expected a number of 0 or more") -> float:
    """Return a finite number of 0 or more. Raises Unfit."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise Unfit(expected)
    return float(value)


def percent(value: object) -> float:
    """Return a number from 0 to 1000: prices can more than double. Raises Unfit."""
    expected = "expected a percentage from 0 to 1000"
    if number(value, expected) > 1000:
        raise Unfit(expected)
    return number(value)


def whole(value: object) -> int:
    """Return a whole number of 0 or more. Raises Unfit."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unfit("expected a whole number of 0 or more")
    return value


def count(value: object) -> int:
    """Return a whole number of 1 or more. Raises Unfit."""
    if whole(value) < 1:
        raise Unfit("expected a whole number of 1 or more")
    return whole(value)


def flag(value: object) -> bool:
    """Return true or false. Raises Unfit."""
    if not isinstance(value, bool):
        raise Unfit("expected true or false")
    return value


def text(value: object) -> str:
    """Return a text. Raises Unfit."""
    if not isinstance(value, str):
        raise Unfit("expected a text")
    return value


def severity(value: object) -> Severity:
    """Return a severity by name. Raises Unfit."""
    if value not in list(Severity):
        raise Unfit(f"expected one of {', '.join(Severity)}")
    return Severity(str(value))


def remedy_mode(value: object) -> RemedyMode:
    """Return what a rule may do, by name. Raises Unfit."""
    if value not in list(RemedyMode):
        raise Unfit(f"expected one of {', '.join(RemedyMode)}")
    return RemedyMode(str(value))


#: Keys that every rule's table may hold besides the rule's own settings.
COMMON: Final[Mapping[str, Callable[[object], Any]]] = {
    "enabled": flag,
    "severity": severity,
    "remedy": remedy_mode,
    "open_after": count,
    "open_min": seconds,
    "close_after": count,
}


def checked(tables: Mapping[str, object], specs: Mapping[str, RuleSpec]) -> dict[str, dict[str, Any]]:
    """Return the tables with values of the right types, by rule id.

    Raises InvalidInput that names every fault with its dotted path and, for a key that is none, the nearest one.
    """
    faults: list[Fault] = []
    found: dict[str, dict[str, Any]] = {}
    for rule_id, table in tables.items():
        if rule_id not in specs:
            faults.append((f"rules.{rule_id}", _no_such("rule", rule_id, specs)))
        elif not isinstance(table, Mapping):
            faults.append((f"rules.{rule_id}", "expected a table of keys"))
        else:
            found[rule_id] = dict(_entries(specs[rule_id], table, faults))
    if faults:
        lines = "; ".join(f"{path}: {message}" for path, message in faults)
        raise InvalidInput(f"rules that cannot be used: {lines}", tuple(faults))
    return found


def _entries(spec: RuleSpec, table: Mapping[str, object], faults: list[Fault]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        path = f"rules.{spec.id}.{key}"
        if key not in COMMON and key not in spec.settings:
            faults.append((path, _no_such("key", key, [*COMMON, *spec.settings])))
            continue
        try:
            yield key, COMMON[key](value) if key in COMMON else _like(spec.settings[key], key, value)
        except Unfit as error:
            faults.append((path, f"{error}, found {value!r}"))


def _no_such(kind: str, name: str, valid: Mapping[str, object] | list[str]) -> str:
    nearest = get_close_matches(name, list(valid), n=1, cutoff=0.0)
    return f'no such {kind}; the nearest is "{nearest[0]}"' if nearest else f"no such {kind}"


def _like(default: object, key: str, value: object) -> object:
    """Return a value of the type of a setting's default. Raises Unfit."""
    if isinstance(default, bool):
        return flag(value)
    if isinstance(default, int | float) and key.endswith("_s"):
        return seconds(value)
    if isinstance(default, int):
        return whole(value)
    if isinstance(default, float):
        return percent(value) if key.endswith("percent") else days(value) if "_days" in key else number(value)
    if isinstance(default, str):
        return text(value)
    if isinstance(default, Mapping):
        return _mapping_like(default, key, value)
    return _list_like(default, key, value)


def _mapping_like(default: Mapping[str, object], key: str, value: object) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise Unfit("expected a table")
    kind = next(iter(default.values()), 0.0)
    return {str(name): _like(kind, key, entry) for name, entry in value.items()}


def _list_like(default: object, key: str, value: object) -> tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise Unfit("expected a list")
    kind = next(iter(default), "") if isinstance(default, tuple | list) else ""
    return tuple(_like(kind, key, entry) for entry in value)
