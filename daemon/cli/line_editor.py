"""A line that is typed while others print above it. Pure: keys in, finished lines and what to show out.

The terminal is in cbreak mode (termios(3)): it hands over keys as they are pressed and echoes none.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from wcwidth import wcwidth

#: Control sequences of keys (ECMA-48; xterm's SS3 forms), and ones that have not wholly arrived yet.
_SEQUENCE: Final = re.compile(r"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])")
_BEGUN: Final = re.compile(r"\x1b(?:\[[0-9;]*|O)?\Z")
#: Lines that the up key brings back.
_KEPT: Final = 200
_LONGEST: Final = 4000


class LineEditor:
    """One prompt. `feed` it what the terminal sends; `shown` is what to write after anything has changed."""

    def __init__(self, prompt: str = "> ") -> None:
        self._prompt = prompt
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._begun = ""
        self._text, self._at = "", 0
        self._history: deque[str] = deque(maxlen=_KEPT)
        self._back = 0  # how many lines of the history back
        self._keys: Mapping[str, Callable[[], None]] = {
            "\x7f": self._backspace,
            "\x08": self._backspace,
            "\x15": self._clear,
            "\x17": self._drop_word,
            "\x01": self._home,
            "\x05": self._end,
            "\x1b[D": self._left,
            "\x1b[C": self._right,
            "\x1b[A": self._older,
            "\x1b[B": self._newer,
            "\x1b[H": self._home,
            "\x1bOH": self._home,
            "\x1b[F": self._end,
            "\x1bOF": self._end,
            "\x1b[3~": self._delete,
        }

    def feed(self, data: bytes) -> Iterator[str | None]:
        """Take in what was typed; yield each finished line, and None where the typing ends (Ctrl-D, end of file)."""
        if not data:
            yield None
            return
        typed = self._begun + self._decoder.decode(data)
        begun = _BEGUN.search(typed)
        self._begun = begun[0] if begun else ""
        typed = typed[: len(typed) - len(self._begun)]
        at = 0
        while at < len(typed):
            sequence = _SEQUENCE.match(typed, at)
            key = sequence[0] if sequence else typed[at]
            at += len(key)
            if key in {"\r", "\n"}:
                yield self._finished()
            elif key == "\x04" and not self._text:
                yield None
                return
            elif key in self._keys:
                self._keys[key]()
            elif key.isprintable() and len(self._text) < _LONGEST:
                self._text = self._text[: self._at] + key + self._text[self._at :]
                self._at += len(key)

    def shown(self, columns: int) -> str:
        """Return what draws the line on a terminal of so many columns, the cursor where it is; what is long scrolls."""
        room = max(1, columns - _width(self._prompt) - 1)
        start = 0
        while _width(self._text[start : self._at]) > room:
            start += 1
        end = len(self._text)
        while _width(self._text[start:end]) > room:
            end -= 1
        back = _width(self._text[self._at : end])
        return f"\r\x1b[K{self._prompt}{self._text[start:end]}" + (f"\x1b[{back}D" if back else "")

    def _finished(self) -> str:
        line = self._text
        if line and (not self._history or self._history[-1] != line):
            self._history.append(line)
        self._text, self._at, self._back = "", 0, 0
        return line

    def _backspace(self) -> None:
        if self._at:
            self._text = self._text[: self._at - 1] + self._text[self._at :]
            self._at -= 1

    def _delete(self) -> None:
        self._text = self._text[: self._at] + self._text[self._at + 1 :]

    def _clear(self) -> None:
        self._text, self._at = self._text[self._at :], 0

    def _drop_word(self) -> None:
        kept = self._text[: self._at].rstrip()
        kept = kept[: kept.rfind(" ") + 1]
        self._text, self._at = kept + self._text[self._at :], len(kept)

    def _left(self) -> None:
        self._at = max(0, self._at - 1)

    def _right(self) -> None:
        self._at = min(len(self._text), self._at + 1)

    def _home(self) -> None:
        self._at = 0

    def _end(self) -> None:
        self._at = len(self._text)

    def _older(self) -> None:
        self._recall(min(self._back + 1, len(self._history)))

    def _newer(self) -> None:
        self._recall(max(self._back - 1, 0))

    def _recall(self, back: int) -> None:
        self._back = back
        self._text = self._history[-back] if back else ""
        self._at = len(self._text)


def _width(text: str) -> int:
    """Return how many columns a text takes."""
    return sum(max(0, wcwidth(letter)) for letter in text)
