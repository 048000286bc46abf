"""Where each key of a TOML document stands, so that a fault can name its line. tomllib keeps no positions.

Reads documents that tomllib has already accepted, so it only has to find keys, never to judge the syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]

_KEY = re.compile(r"""[ \t]*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))[ \t]*""")
_SKIPPED = re.compile(r"[ \t\r\n]+|#[^\n]*")
_STRING = re.compile(
    r"""
    \"{3} (?:[^\\]|\\.)*? \"{3,5} (?!") | '{3} .*? '{3,5} (?!')
    | "(?:[^"\\\n]|\\.)*" | '[^'\n]*'
    """,
    re.DOTALL | re.VERBOSE,
)


def positions(text: str) -> dict[Path, int]:
    """Return the 1-based line of every table and key by its path; elements of arrays of tables count from 0."""
    return dict(_Reader(text).read())


class _Reader:
    """One walk over a document; `at` is an offset into it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.counts: dict[Path, int] = {}

    def read(self) -> Iterator[tuple[Path, int]]:
        table: Path = ()
        while self._skip():
            line = self._line()
            if self.text.startswith("[", self.at):
                table = self._header()
                yield table, line
            else:
                yield from self._pair(table)

    def _line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def _skip(self) -> bool:
        while found := _SKIPPED.match(self.text, self.at):
            self.at = found.end()
        return self.at < len(self.text)

    def _keys(self) -> list[str]:
        keys = []
        while found := _KEY.match(self.text, self.at):
            self.at = found.end()
            keys.append(next(part for part in found.groups() if part is not None))
            if not self.text.startswith(".", self.at):
                break
            self.at += 1
        return keys

    def _header(self) -> Path:
        repeated = self.text.startswith("[[", self.at)
        self.at += 2 if repeated else 1
        keys = self._keys()
        self.at = self.text.index("]", self.at) + (2 if repeated else 1)
        path: Path = ()
        for number, key in enumerate(keys):
            path = (*path, key)
            if repeated and number == len(keys) - 1:
                self.counts[path] = self.counts.get(path, -1) + 1
            if path in self.counts:
                path = (*path, self.counts[path])
        return path

    def _pair(self, table: Path) -> Iterator[tuple[Path, int]]:
        line, path = self._line(), table
        for key in self._keys():
            path = (*path, key)
            yield path, line
        self.at = self.text.index("=", self.at) + 1
        yield from self._value(path)

    def _value(self, path: Path) -> Iterator[tuple[Path, int]]:
        self._skip()
        if found := _STRING.match(self.text, self.at):
            self.at = found.end()
        elif self.text.startswith("[", self.at):
            yield from self._array(path)
        elif self.text.startswith("{", self.at):
            yield from self._inline_table(path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}\n#":
                self.at += 1

    def _array(self, path: Path) -> Iterator[tuple[Path, int]]:
        self.at += 1
        number = 0
        while self._skip() and not self.text.startswith("]", self.at):
            yield (*path, number), self._line()
            yield from self._value((*path, number))
            self._skip()
            self.at += self.text.startswith(",", self.at)
            number += 1
        self.at += 1

    def _inline_table(self, path: Path) -> Iterator[tuple[Path, int]]:
        self.at += 1
        while self._skip() and not self.text.startswith("}", self.at):
            yield from self._pair(path)
            self._skip()
            self.at += self.text.startswith(",", self.at)
        self.at += 1
