"""Physical lines of a text with their numbers, which can be given back: what CSV and JSON Lines are read from."""

from __future__ import annotations

import io
from collections import deque

from daemon.products.feeds.options import MAX_ROW

#: Characters that may be read a second time after broken quotes, so that no file can make reading quadratic.
_SECOND_READING = 4 * MAX_ROW


class RowTooLongError(Exception):
    """A row, or an open quote, over more than MAX_ROW characters."""


class Lines:
    """An iterator of lines, line ends included. `number` is that of the line handed out last, from 1."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._size = 0
        self._allowance = _SECOND_READING
        self.number = 0

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(MAX_ROW + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self._taken.append(line)
        self._size += len(line)
        if self._size > MAX_ROW:
            raise RowTooLongError
        return line

    def begin(self) -> int:
        """Begin a row; return the number of its first line."""
        self._taken.clear()
        self._size = 0
        return self.number + 1

    def give_back(self) -> bool:
        """Give back every line of the row but its first, to be read anew; False where that was done too often."""
        size = self._size - len(self._taken[0]) if self._taken else 0
        if size > self._allowance:
            return False
        self._allowance -= size
        self._again.extendleft(reversed(self._taken[1:]))
        self.number -= max(0, len(self._taken) - 1)
        return True

    def skip_rest(self) -> None:
        """Read past the rest of a line that was cut at MAX_ROW characters."""
        while self._taken and not self._taken[-1].endswith(("\n", "\r")):
            line = self._text.readline(MAX_ROW)
            if not line:
                return
            self._taken = [line]
