"""Long texts in parts that a messenger takes: cut at line ends, else at spaces and punctuation. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from wcwidth import iter_graphemes

#: After these a sentence or a clause has ended, without the space that other scripts have there.
_ENDINGS: Final = frozenset("，。；：！？、…）】》」』，．；：！？")
#: The longest UTF-8 sequence of one code point, in bytes.
_LONGEST: Final = 4


def split(text: str, limit_bytes: int) -> list[str]:
    """Return the parts of a text, each at most so many bytes of UTF-8; joined they are the text again.

    A part never ends inside a grapheme cluster (UAX #29) unless that alone is longer than the limit: then between
    two of its code points. A lone surrogate counts as the three bytes it would be. An empty text has no parts.
    Raises ValueError for a limit below 4.
    """
    if limit_bytes < _LONGEST:
        raise ValueError(f"limit_bytes is {limit_bytes}: expected at least {_LONGEST}, the longest code point")
    if size_of(text) <= limit_bytes:
        return [text] if text else []
    return list(_parts(text, limit_bytes))


def size_of(text: str) -> int:
    """Return how many bytes a text has in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def well_formed(text: str) -> str:
    """Return a text that has a UTF-8 form: lone surrogates become U+FFFD."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _parts(text: str, limit_bytes: int) -> Iterator[str]:
    units = list(_units(text, limit_bytes))
    # ends[i], sizes[i]: characters and bytes up to and with unit i - 1.
    ends = list(accumulate(map(len, units), initial=0))
    sizes = list(accumulate(map(size_of, units), initial=0))
    start = 0
    while start < len(units):
        stop = bisect_right(sizes, sizes[start] + limit_bytes) - 1
        if stop < len(units):
            stop = _cut(units, start, stop)
        yield text[ends[start] : ends[stop]]
        start = stop


def _units(text: str, limit_bytes: int) -> Iterator[str]:
    for cluster in iter_graphemes(text):
        if size_of(cluster) <= limit_bytes:
            yield cluster
        else:
            yield from cluster


def _cut(units: list[str], start: int, stop: int) -> int:
    """Return where a part that may reach up to `stop` ends: a word is not cut for less than half a part."""
    for end in range(stop, start, -1):
        if units[end - 1] in {"\n", "\r\n", "\r"}:
            return end
    for end in range(stop, start + (stop - start) // 2, -1):
        if units[end - 1].isspace() or units[end - 1] in _ENDINGS:
            return end
    return stop
