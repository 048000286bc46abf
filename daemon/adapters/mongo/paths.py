"""Dotted paths into a document, as the server writes them: "price.sale", "images.0.url"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from daemon.errors import ConfigError

#: How deep the server lets documents be nested (manual, "MongoDB Limits").
_DEEPEST: Final = 100


class Path:
    """One path. get: its value in a document, None for none; a key that is the whole path is the last resort."""

    __slots__ = ("get", "parts", "text", "top")

    def __init__(self, text: str) -> None:
        self.text = text
        self.parts = tuple(text.split("."))
        self.top = self.parts[0]
        self.get: Callable[[Mapping[str, Any]], Any] = self._getter()

    def nested(self, document: Mapping[str, Any]) -> Any:
        """Return the value inside objects and arrays, None for none."""
        found: Any = document
        for part in self.parts:
            found = _inside(found, part)
            if found is None:
                return None
        return found

    def is_open(self, document: Mapping[str, Any]) -> bool:
        """Tell whether the server could set this path: what stands before its last part is absent or holds it."""
        found: Any = document
        for part in self.parts[:-1]:
            if isinstance(found, list) and not part.isdecimal():
                return False
            if isinstance(found, dict) and part not in found:
                return True
            found = _inside(found, part)
            if not isinstance(found, dict | list):
                return False
        return isinstance(found, dict) or (self.parts[-1].isdecimal() and int(self.parts[-1]) < len(found))

    def stands(self, document: Mapping[str, Any]) -> bool:
        """Tell whether the last name of the path is there, though it may be null."""
        holder: Any = document
        for part in self.parts[:-1]:
            holder = _inside(holder, part)
        return isinstance(holder, dict) and self.parts[-1] in holder

    def makes_parents(self, document: Mapping[str, Any]) -> bool:
        """Tell whether setting this path makes objects around the value that are not there."""
        return len(self.parts) > 1 and Path(".".join(self.parts[:-1])).nested(document) is None

    def overlaps(self, other: Path) -> bool:
        """Tell whether one path is the other, or leads into it: the server sets only one of such."""
        return all(one == another for one, another in zip(self.parts, other.parts, strict=False))

    def _getter(self) -> Callable[[Mapping[str, Any]], Any]:
        text = self.text
        if len(self.parts) == 1:
            return lambda document: document.get(text)

        def get(document: Mapping[str, Any]) -> Any:
            found = self.nested(document)
            return document.get(text) if found is None else found

        if len(self.parts) > 2:
            return get
        outer, inner = self.parts

        def get_inner(document: Mapping[str, Any]) -> Any:
            holder = document.get(outer)
            found = holder.get(inner) if type(holder) is dict else _inside(holder, inner)
            return document.get(text) if found is None else found

        return get_inner


def checked_path(text: str, where: str) -> Path:
    """Return a path. where: the key of the configuration that it stands under. Raises ConfigError."""
    parts = text.split(".")
    if not all(parts) or len(parts) > _DEEPEST or "\0" in text or any(part.startswith("$") for part in parts):
        raise ConfigError(f'{where}: "{text}" is no path; expected one such as "price.sale" or "images.0.url"')
    return Path(text)


def _inside(found: Any, part: str) -> Any:
    if isinstance(found, dict):
        return found.get(part)
    if isinstance(found, list) and part.isdecimal() and len(part) < 9 and int(part) < len(found):
        return found[int(part)]
    return None
