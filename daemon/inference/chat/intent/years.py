"""Years that a text names: a year, a decade, since, before and between years."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from daemon.inference.chat.intent.refusals import is_refused

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


#: Years that are told from today: one, and several up to now.
_AGO: Final = re.compile(r"\b(this|last) year\b|(今年|去年|前年|大前年)", re.IGNORECASE)
_LATELY: Final = re.compile(
    r"\b(?:last|past|recent) (?:(few|couple of|two|three|four|five|ten|\d{1,2}) )?(years|decade)\b"
    r"|(?:近|最近|这|过去)([几两二三四五十]|\d{1,2})年",
    re.IGNORECASE,
)
_BACK: Final = {"this": 0, "last": 1, "今年": 0, "去年": 1, "前年": 2, "大前年": 3}
_COUNTS: Final = {
    "few": 3,
    "couple of": 2,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "ten": 10,
    "几": 3,
    "两": 2,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "十": 10,
}


def years_in(text: str, *, this_year: int | None = None) -> tuple[int, int] | None:
    """Return the first and the last year that a text asks for, None where it names none.

    this_year: from which "last year" is told; that of today in UTC by default.
    """
    if found := _BETWEEN.search(text):
        first, last = sorted((int(found[1]), int(found[2])))
        return first, last
    if found := _DECADE.search(text):
        return None if is_refused(text, found.start()) else _decade(found)
    if found := _SINCE.search(text):
        return _bounded(int(found[1] or found[2]), since=not is_refused(text, found.start()))
    if found := _BEFORE.search(text):
        return _bounded(int(found[1] or found[2]), since=is_refused(text, found.start()))
    if found := _YEAR.search(text):
        return None if is_refused(text, found.start()) else (int(found[1]), int(found[1]))
    return _relative(text, this_year)


def _bounded(year: int, *, since: bool) -> tuple[int, int]:
    return (year, _LAST) if since else (_FIRST, year)


def _relative(text: str, this_year: int | None) -> tuple[int, int] | None:
    if found := _LATELY.search(text):
        count = (found[1] or found[3] or ("ten" if found[2].lower() == "decade" else "few")).lower()
        now = this_year or datetime.now(UTC).year
        return now - (int(count) if count.isdigit() else _COUNTS[count]), now
    if found := _AGO.search(text):
        year = (this_year or datetime.now(UTC).year) - _BACK[(found[1] or found[2]).lower()]
        return year, year
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
