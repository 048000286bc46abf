"""The items of the one array of a JSON text that matters, cut out one by one, each with its line.

The text is never in memory as a whole. What is cut out is read by the standard library, with exact decimals, so that
an item that is broken spoils itself alone as long as its brackets match. (ijson reads as lazily, but gives no lines,
stops at the first fault, turns unpaired surrogates into "?", and its C parsers choke on numbers of over 4,300 digits.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from daemon.products.feeds.options import MAX_DEPTH, MAX_OBJECT, BrokenFileError

#: Keys under which other systems put their list of products, and objects around it.
_LISTS: Final = frozenset(
    {"products", "items", "data", "rows", "records", "results", "entries", "goods", "list", "nodes"}
)
_WRAPS: Final = _LISTS | {"catalog", "catalogue", "result", "response", "payload", "channel", "feed"}
_DEEPEST_LIST: Final = 3
_SPACE: Final = re.compile(r"[ \t\r\n]*+")
#: Python before 3.11.5 reads possessive groups wrongly (python/cpython#106052); possessive classes are right in all.
_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*"', re.DOTALL)
_SCALAR: Final = re.compile(r'[^\s"{}\[\],:]++')
#: Everything up to the next bracket that is none inside a string.
_TO_BRACKET: Final = re.compile(r'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*"[^"{}\[\]]*+)*', re.DOTALL)


class Item(NamedTuple):
    """One item as its text. reason: why it is not worth reading, "" when it is."""

    line: int
    text: str
    reason: str = ""


class JsonItems:
    """Cuts items out of a text that `read` brings piece by piece, "" at its end.

    Iterating yields None whenever a piece was read meanwhile. Raises BrokenFileError where no next item can be found.
    single: the text held no list, so that the one item is its outermost object.
    """

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read
        self._text = ""
        self._at = 0
        self._line = 1
        self._counted = 0  # up to here the line ends are in _line
        self._keeping = True  # until the list is found: the outermost object may be the only item
        self._fresh = False
        self.single = False

    def __iter__(self) -> Iterator[Item | None]:
        start = self._peek()
        if start not in ("[", "{"):
            raise BrokenFileError(f"JSON begins with a list or an object, this with {start!r}", self._here())
        if start == "{" and not self._enter_object(1):
            self.single = True
            yield Item(1, self._text[: self._at].lstrip("\ufeff \t\r\n"))
            self._expect_end()
            return
        if start == "[":
            self._at += 1
        self._keeping = False
        yield from self._items()
        if start == "[":
            self._at += 1
            self._expect_end()

    def _items(self) -> Iterator[Item | None]:
        while (start := self._peek()) != "]":
            if start in {"", ",", "}", ":"}:
                raise BrokenFileError(f"JSON breaks: an item was expected, found {_found(start)}", self._here())
            line = self._here()
            deepest, length = self._value()
            text = self._text[self._at - length : self._at]
            yield Item(line, text, f"nested deeper than {MAX_DEPTH}" if deepest > MAX_DEPTH else "")
            if self._fresh:
                self._fresh = False
                yield None
            separator = self._peek()
            if separator == ",":
                self._at += 1
            elif separator != "]":
                raise BrokenFileError(f'JSON breaks: "," or "]" was expected, found {_found(separator)}', self._here())

    def _expect_end(self) -> None:
        if self._peek():
            hint = 'more follows behind the outermost value; one object a line is the format "jsonl"'
            raise BrokenFileError(hint, self._here())

    def _enter_object(self, depth: int) -> bool:
        """Go to the first item of the first list that may be of products; False, behind the object, without one."""
        self._at += 1
        while (key := self._key()) is not None:
            start = self._peek()
            if start == "[" and key in _LISTS:
                self._at += 1
                return True
            if start == "{" and key in _WRAPS and depth <= _DEEPEST_LIST:
                if self._enter_object(depth + 1):
                    return True
            else:
                self._value()
            if self._peek() == ",":
                self._at += 1
        return False

    def _key(self) -> str | None:
        """Read a key and its colon; None at the end of the object."""
        if self._peek() == "}":
            self._at += 1
            return None
        if self._peek() != '"':
            raise BrokenFileError(f"JSON breaks: a key was expected, found {_found(self._peek())}", self._here())
        begin = self._at
        _, length = self._value()
        key = self._text[begin + 1 : begin + length - 1]
        if self._peek() != ":":
            raise BrokenFileError(f'JSON breaks: ":" was expected, found {_found(self._peek())}', self._here())
        self._at += 1
        return key.casefold()

    def _value(self) -> tuple[int, int]:
        """Go behind the value that begins here; return how deep it is nested, and its length in characters."""
        start = self._peek()
        if start in ("{", "["):
            return self._bracketed()
        pattern = _STRING if start == '"' else _SCALAR
        while True:
            match = pattern.match(self._text, self._at)
            if match is not None and (match.end() < len(self._text) or start == '"'):
                break
            if not self._more() and match is None:
                raise BrokenFileError(f"JSON breaks at {_found(start)}", self._here())
            if match is not None and match.end() - match.start() == len(self._text) - self._at:
                break
        length = match.end() - match.start()
        self._at += length
        return 0, length

    def _bracketed(self) -> tuple[int, int]:
        line = self._here()
        depth = deepest = length = 0
        while True:
            match = _TO_BRACKET.match(self._text, self._at + length)
            length = match.end() - self._at if match else length
            bracket = self._text[self._at + length : self._at + length + 1]
            if bracket in ("{", "["):
                depth += 1
                deepest = max(deepest, depth)
            elif bracket in ("}", "]"):
                depth -= 1
            elif self._more():
                continue
            else:
                raise BrokenFileError("JSON ends inside the item that begins here", line)
            length += 1
            if depth == 0:
                self._at += length
                return deepest, length

    def _peek(self) -> str:
        """Return the next character that is no white space, "" at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def _here(self) -> int:
        """Return the line that is reached."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _more(self) -> bool:
        """Read on, at least as much again as is being looked at; False at the end of the text."""
        pending = len(self._text) - self._at
        if len(self._text) - (0 if self._keeping else self._at) > MAX_OBJECT:
            what = "no list of products begins" if self._keeping else "one item does not end"
            raise BrokenFileError(f"{what} within {MAX_OBJECT:,} characters", self._here())
        pieces: list[str] = []
        added = 0
        while added <= pending and (piece := self._read()):
            pieces.append(piece)
            added += len(piece)
        if not self._keeping:
            self._here()
            self._text, self._at, self._counted = self._text[self._at :], 0, 0
        self._text += "".join(pieces)
        self._fresh = True
        return added > 0


def _found(character: str) -> str:
    return repr(character) if character else "the end of the file"
