"""Years that a text names: a year, a decade, since, before and between years."""

from __future__ import annotations

import re
from typing import Final

_FIRST, _LAST = 1880, 2100
_TENS: Final = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_DECADES: Final = {
    **{word: 1900 + 10 * i for i, word in enumerate(_TENS, 2)},
    **{word: 1900 + 10 * i for i, word in enumerate("二三四五六七八九", 2)},
}
_BETWEEN: Final = re.compile(r"(?<!\d)((?:18|19|20)\d\d)年? ?(?:-|–|to|and|until|到|至) ?((?:18|19|20)\d\d)(?!\d)")
_SINCE: Final = re.compile(
    r"(?:after|since|post|newer than|later than) ?-?((?:18|19|20)\d\d)(?!\d|s)"
    r"|((?:18|19|20)\d\d)年? ?(?:以后|之后|后|以来|onwards|or later|\+)",
    re.IGNORECASE,
)
_BEFORE: Final = re.compile(
    r"(?:before|until|pre|older than|earlier than) ?-?((?:18|19|20)\d\d)(?!\d|s)"
    r"|((?:18|19|20)\d\d)年? ?(?:以前|之前|前)",
    re.IGNORECASE,
)
_DECADE: Final = re.compile(
    rf"(?<![\w.])(?:((?:18|19|20)\d0)'?s|'?([2-9]0|00)'?s)(?!\w)|({'|'.join(_TENS)})"
    r"|(?:上世纪|二十世纪|20世纪)?(?:([二三四五六七八九])十|(?<!\d)([2-9]0|00))年代",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"(?<![\d.,:$¥€£-])((?:18|19|20)\d\d)(?=年|[^\d.,%:-]|[.,]?$|[.,]\s)")


def years_in(text: str) -> tuple[int, int] | None:
    """Return the first and the last year that a text asks for, None where it names none."""
    if found := _BETWEEN.search(text):
        first, last = sorted((int(found[1]), int(found[2])))
        return first, last
    if found := _DECADE.search(text):
        return _decade(found)
    if found := _SINCE.search(text):
        return int(found[1] or found[2]), _LAST
    if found := _BEFORE.search(text):
        return _FIRST, int(found[1] or found[2])
    if found := _YEAR.search(text):
        return int(found[1]), int(found[1])
    return None


def _decade(found: re.Match[str]) -> tuple[int, int]:
    year, short, word, han, digits = found.groups()
    if year:
        first = int(year)
    elif word or han:
        first = _DECADES[(word or han).lower()]
    else:
        tens = int(short or digits)
        first = (1900 if tens >= 30 else 2000) + tens
    return first, first + 9
