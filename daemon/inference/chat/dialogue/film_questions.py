"""What is asked about films that were just shown: "who is in it?", "第二部讲什么的？"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from daemon.inference.chat.dialogue.cues import plain
from daemon.inference.chat.dialogue.phrases import table
from daemon.inference.chat.wishes import Slots
from daemon.ports.films import Film

#: Longer texts ask about more than films.
LONGEST: Final = 160
#: The kind of a question that yes or no answers: whether a film is what `slots` names.
ASKED: Final = "asked"
_ENDS: Final = re.compile(r"[.,!?;:…\n，。！？；：]+|\band (?=who|what|when|how|where|which)")
_MARKS: Final = re.compile(r"[《》“”\"]")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_PLACES: Final = re.compile(
    r"\b(?:the |number |film |movie )?(first|second|third|last|1st|2nd|3rd)(?: (?:one|film|movie))?\b"
    r"|(?:那|这)?(?:第\s?([一二三123])|(最后)一?)(?:部|个|条)(?:电影|影片|片子)?"
)
_PLACE_WORDS: Final[Mapping[str, int]] = {
    "first": 0, "1st": 0, "一": 0, "1": 0, "second": 1, "2nd": 1, "二": 1, "2": 1, "third": 2, "3rd": 2, "三": 2,
    "3": 2, "last": -1, "最后": -1,
}  # fmt: skip
_PRONOUNS: Final = re.compile(
    r"\b(?:this|that|these|those|the|both|all)(?: of)?(?: (?:ones?|films?|movies?|three|two|them|these|those))+\b"
    r"|\b(?:this|that|these|those|them|they|both)\b|[这那](?:[几两三]?[部个些])?(?:电影|影片|片子)?|它们"
)
_QUOTED: Final = re.compile(r"《([^《》]{1,60})》|“([^“”]{2,60})”|\"([^\"]{2,60})\"")
_TITLED: Final = re.compile(
    r"\bwho (?:has )?(?:directed|starred in|stars in|acts in|acted in|plays in|played in) "
    r"(?:the (?:film|movie) )?(.{2,60})"
    r"|\bthe (?:film|movie) (.{2,60}?)(?: about| made| from| released)?$"
    r"|^(?:电影)?(.{2,20}?)(?:这部电影|的)?(?:是)?(?:谁导演|谁导|谁执导|谁演|谁主演|导演是谁|主演是谁)的?$"
)
_TITLED_AMONG_FILMS: Final = re.compile(
    r"\b(?:how long is|who is in|who was in|whos in) (.{2,60})|\bwhen was (.{2,60}?) (?:made|released|filmed)"
    r"|\bwhat(?:'s| is|s) (.{2,60}?) about|^(.{2,20}?)(?:是)?(?:讲什么|讲的|说什么|多长|多久|哪年|什么时候).*$"
)


class Question(NamedTuple):
    """kinds: of facts, as in film_questions.toml, or ASKED; films: those that are named, () where none is."""

    kinds: tuple[str, ...]
    films: tuple[Film, ...]
    slots: Slots


def question_in(text: str, films: Sequence[Film], slots_in: Callable[[str], Slots]) -> Question | None:
    """Return what a text asks about films of a list, None where it asks nothing or says something else besides.

    slots_in: returns what an utterance names.
    """
    if len(text) > LONGEST:
        return None
    rest, named = without_names(text, films)
    kinds: list[str] = []
    asked = Slots()
    for clause in _ENDS.split(rest):
        bare = plain(clause)
        if not bare or re.fullmatch(_words()["alone"], bare):
            continue
        kind, slots = _kind(bare), Slots()
        if not kind:
            slots = _asked(bare, slots_in)
            if slots == Slots():
                return None
            asked = slots
        kinds.append(kind or ASKED)
    return Question(tuple(dict.fromkeys(kinds)), named, asked) if kinds else None


def titles_asked_about(text: str, *, among_films: bool) -> Iterator[str]:
    """Yield what may be a title in a question. among_films: whether films are what is talked about."""
    bare = text[:LONGEST].strip().rstrip("?？!！.。 ").casefold()
    for shape in (_QUOTED, _TITLED, *((_TITLED_AMONG_FILMS,) if among_films else ())):
        for found in shape.finditer(bare):
            yield from (title.strip() for written in found.groups() if written for title in _shorter(written))


def _shorter(title: str) -> tuple[str, ...]:
    """Return what may be a title, and what stands before another question."""
    before = re.split(r",? and (?=who|what|when|how|where|which)", title)[0]
    return (title,) if before == title else (title, before)


def without_names(text: str, films: Sequence[Film]) -> tuple[str, tuple[Film, ...]]:
    """Return a text with "it" for what names films, and the films."""
    rest = _MARKS.sub(" ", text.casefold().replace("’", "'"))
    named: dict[str, Film] = {}
    for title, film in sorted(_titles(films), key=lambda pair: -len(pair[0])):
        shape = re.escape(title) if _HAN.search(title) else rf"(?<!\w){re.escape(title)}(?!\w)"
        rest, count = re.subn(shape, " it ", rest)
        if count:
            named[film.id] = film

    def placed(found: re.Match[str]) -> str:
        place = _PLACE_WORDS[next(word for word in found.groups() if word)]
        if place < len(films):
            named[films[place].id] = films[place]
        return " it "

    if films:
        rest = _PLACES.sub(placed, rest)
    return re.sub(r"\s+", " ", _PRONOUNS.sub(" it ", rest)), tuple(named.values())


def _titles(films: Sequence[Film]) -> Iterator[tuple[str, Film]]:
    for film in films:
        for title in (film.title_en, film.title_zh, *film.other_titles):
            plainly = _MARKS.sub(" ", title.casefold().replace("’", "'")).strip()
            if len(plainly) > 1:
                yield plainly, film


def _kind(bare: str) -> str:
    """Return what a clause asks for, "" for nothing known."""
    return next((kind for kind, shape in _shapes().items() if shape.fullmatch(bare)), "")


def _asked(bare: str, slots_in: Callable[[str], Slots]) -> Slots:
    """Return what a clause asks whether a film is, an empty wish where it asks no such thing."""
    asks = _words()["asks"]
    is_question = re.search(asks["en"], bare) or (bare.endswith(("吗", "么", "不")) and re.search(asks["zh"], bare))
    if not is_question or re.search(_words()["not_one"], bare):
        return Slots()
    found = slots_in(bare)
    return Slots(genres=found.genres, moods=found.moods, countries=found.countries)


def _words() -> Mapping[str, Any]:
    return table("film_questions")


@cache
def _shapes() -> Mapping[str, re.Pattern[str]]:
    words = _words()
    before, after = rf"(?:{words['before']}\s?)*", rf"(?:\s?{words['after']})*"
    return {
        kind: re.compile(f"{before}(?:{'|'.join(patterns)}){after}") for kind, patterns in words["questions"].items()
    }
