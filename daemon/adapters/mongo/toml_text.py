"""Values as TOML writes them (TOML 1.0.0), whatever characters they hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from daemon.products.findings import visible

_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
#: Categories of characters that a terminal or an editor might obey instead of showing.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cn", "Co"})
_WIDTH: Final = 118


def toml_of(value: str | bool | int | Sequence[str | bool | int]) -> str:
    """Return a text, a number, a truth value or an array of them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return f'"{"".join(map(_escaped, value))}"'
    return f"[{', '.join(map(toml_of, value))}]"


def comment(text: str) -> str:
    """Return comment lines, none wider than a page; what would not be text in them is escaped."""
    lines, line = [], "#"
    for word in visible(text).split():
        if len(line) + 1 + len(word) > _WIDTH and line != "#":
            lines.append(line)
            line = "#  "
        line += f" {word}"
    return "\n".join([*lines, line])


def _escaped(character: str) -> str:
    if (short := _SHORT.get(character)) is not None:
        return short
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"  # TOML has no half of a pair
    if category in _HIDDEN:
        return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
    return character
