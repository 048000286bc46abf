"""By what words turns of a conversation are known: phrases/cues.toml."""

from __future__ import annotations

import re
from functools import cache
from typing import Final, Literal, NamedTuple, TypeAlias

from daemon.inference.chat.dialogue.phrases import table

Leaning: TypeAlias = Literal["yes", "no", ""]

#: Longer texts are more than a cue, whatever words are in them.
LONGEST: Final = 200
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_ENDS: Final = re.compile(r"[.,!?;:…\n，。！？；：、~～()（）]+")
_MARKS: Final = re.compile(r"[^\w\s]+")
_SPACES: Final = re.compile(r"\s+")
_PARTICLES: Final = re.compile(r"(?<=[\u3400-\u9fff])[啊呀呢吧哦噢喔嘛哈啦咯哟呗喽诶]+$")
_FILLERS: Final = re.compile(
    r"^(?:(?:hmm+|mm+|well|oh|um+|uh+|ah|eh|er|so|and|but|then|actually|honestly|now|hey|haha|lol|you know|i think|"
    r"i guess|i mean|maybe|that would be|that)\s+)+"
    r"|^(?:那个|那就|那么|那|呃|额|哎|唉|哦|噢|嗯嗯|哈哈+|其实|但是|但|不过|可是|所以|还是说)+(?=.)"
)


class _Cue(NamedTuple):
    whole: frozenset[str]
    start: tuple[str, ...]
    anywhere: re.Pattern[str] | None
    patterns: tuple[re.Pattern[str], ...]


def plain(text: str) -> str:
    """Return a text in small letters without marks, emoji and apostrophes."""
    bare = text[: LONGEST * 4].casefold().replace("'", "").replace("’", "")
    return _SPACES.sub(" ", _MARKS.sub(" ", bare)).strip()


def said(cue: str, text: str) -> bool:
    """Tell whether a text is such a turn, or begins with one, or has its words in it."""
    if len(text) > 2 * LONGEST:
        return False
    found = _cue(cue)
    bare = plain(text)
    if len(bare) > LONGEST:
        return False
    return (
        _bare_end(bare) in found.whole
        or bare in found.whole
        or bool(found.anywhere and found.anywhere.search(bare))
        or any(_begins(clause, found.start) for clause in _clauses(text))
        or any(pattern.search(bare) for pattern in found.patterns)
    )


def leaning(text: str) -> Leaning:
    """Return what a text answers a question that asks for yes or no, whatever else it contains; "" for neither.

    The first clause that says so decides, and in it the longest words: "no problem" is a yes.
    """
    text = text[:LONGEST]
    yes, no = _cue("yes"), _cue("no")
    whole = _bare_end(plain(text))
    if whole in yes.whole or whole in no.whole:
        return "yes" if whole in yes.whole else "no"
    for clause in _clauses(text):
        longest = [
            max((len(words) for words in cue.start if _begins(clause, (words,))), default=0) for cue in (yes, no)
        ]
        if any(longest):
            return "yes" if longest[0] > longest[1] else "no"
    places = [cue.anywhere.search(plain(text)) if cue.anywhere else None for cue in (yes, no)]
    if places[1]:
        return "no"
    return "yes" if places[0] else ""


def place_named(text: str, count: int) -> int | None:
    """Return which of `count` films in a list a text means by its place, from 0; None where it names no place."""
    for index, cue in enumerate(("first", "second", "third")):
        if index < count and said(cue, text):
            return index
    return None


@cache
def _cue(name: str) -> _Cue:
    row = table("cues")[name]
    whole = frozenset(plain(words) for words in row.get("whole", ()))
    start = tuple(sorted({plain(words) for words in row.get("start", ())} - {""}, key=len, reverse=True))
    anywhere = [_whole_words(plain(words)) for words in row.get("anywhere", ())]
    patterns = tuple(re.compile(one) for one in row.get("patterns", ()))
    return _Cue(whole, start, re.compile("|".join(anywhere)) if anywhere else None, patterns)


def _whole_words(words: str) -> str:
    return re.escape(words) if _HAN.search(words) else rf"(?<![a-z0-9]){re.escape(words)}(?![a-z0-9])"


def _clauses(text: str) -> list[str]:
    clauses = (plain(clause) for clause in _ENDS.split(text[: LONGEST * 4].casefold()))
    return [_FILLERS.sub("", clause) or clause for clause in clauses if clause]


def _begins(clause: str, starts: tuple[str, ...]) -> bool:
    for words in starts:
        if clause.startswith(words):
            rest = clause[len(words) :]
            if not rest or _HAN.search(words) or not ("a" <= rest[0] <= "z" or rest[0].isdigit()):
                return True
    return False


def _bare_end(bare: str) -> str:
    return _PARTICLES.sub("", bare) or bare
