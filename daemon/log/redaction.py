"""Keeps secrets out of the log: by the name of the field, by the look of the value, and by value.

Covers what can be told by looks: our own tokens, credentials and secret parameters in URLs, Authorization headers;
and every secret that was read from a credential. Chat text has no looks: it is never given to a logger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Final

HIDDEN: Final = "[redacted]"
_KEYWORDS: Final = r"token|secret|passw(?:or)?d|authorization|cookie|credential|api[_-]?key|private[_-]?key|signature"
_SECRET_NAME = re.compile(rf"(?:{_KEYWORDS})s?(?:_(?!ids?$|count$|name$)\w+)?$", re.IGNORECASE)
_IN_TEXT = re.compile(
    rf"""
    (?P<ours> zhb_ )[A-Za-z0-9_-]+
    | (?P<scheme> [a-z][a-z0-9+.-]*:// )[^\s/@:"']*:[^\s/@"']*(?=@)
    | (?P<parameter> [?&;](?:{_KEYWORDS}|sig|key)= )[^&\s"'\#]+
    | (?P<header> \b(?:bearer|basic)\s+ )[A-Za-z0-9._~+/=-]{{8,}}
    | (?P<pair> ["']?\b(?:{_KEYWORDS})["']?\s*[:=]\s*["']? )(?!\[redacted\]|bearer|basic)[^\s"',;}}&]+
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: Without one of these a text can be nothing of that.
_SUSPECT = re.compile(r"[:=\s]|zhb_", re.IGNORECASE)
_MIN_SECRET: Final = 6  # shorter ones would black out ordinary text
_MAX_DEPTH: Final = 6


class Redactor:
    """A structlog processor. hidden: values that never appear, read anew for each event."""

    def __init__(self, hidden: Iterable[str] = ()) -> None:
        self._hidden = hidden

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
        """Return the event with every secret replaced."""
        return {key: self._value(key, value, 0) for key, value in event.items()}

    def text(self, text: str) -> str:
        """Return a text with everything that looks like or is a secret replaced."""
        for secret in self._hidden:
            if len(secret) >= _MIN_SECRET and secret in text:
                text = text.replace(secret, HIDDEN)
        return _IN_TEXT.sub(_blanked, text) if _SUSPECT.search(text) else text

    def _value(self, key: object, value: Any, depth: int) -> Any:
        if isinstance(key, str) and value and _is_secret(key):
            return value if isinstance(value, bool | int | float) else HIDDEN
        if isinstance(value, str):
            return self.text(value)
        if depth < _MAX_DEPTH:
            if isinstance(value, Mapping):
                return {name: self._value(name, inner, depth + 1) for name, inner in value.items()}
            if isinstance(value, list | tuple | set | frozenset):
                return [self._value(None, inner, depth + 1) for inner in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(str(value))


@lru_cache(1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _blanked(found: re.Match[str]) -> str:
    return f"{found[found.lastgroup or 0]}{HIDDEN}"
