"""What a wish names: kinds, years, people, countries, moods, films to be like, and what is not wanted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from daemon.inference.chat.intent.names import likes, people
from daemon.inference.chat.intent.tokens import Token
from daemon.inference.chat.intent.years import years_in
from daemon.inference.chat.wishes import Slots
from daemon.products.phrases import Language

_FIELDS: Final = {"genre": "genres", "gadj": "genres", "theme": "genres", "mood": "moods", "country": "countries"}
#: A single name behind these may be of somebody to watch with.
_COMPANY: Final = frozenset({"with", "from"})
#: Stands behind what is left out: "王家卫以外的".
_BEHIND: Final = frozenset({"以外", "之外", "除外"})
_NEGATIVE: Final = frozenset({"neg", "except", "hate", "stop"})
_NEWER: Final = re.compile(
    r"\b(?:newer|more recent|more modern|less old)\b|新一点|更新的|新点的|新一些|近一点|新点儿", re.IGNORECASE
)
_OLDER: Final = re.compile(
    r"\b(?:older|less recent|more classic)\b|老一点|早一点|旧一点|老一些|更老|更早", re.IGNORECASE
)
_SEEN: Final = re.compile(
    r"\b(?:seen|watched) (?:it|that|this|them|those|these|all|both)\b|\bseen (?:it )?already\b"
    r"|\b(?:already|have) (?:seen|watched)(?: (?:it|that|them|all))?\s*(?:[.,!]|$)"
    r"|看过了|都看过|已经看过|早看过|全看过|这部看过|看过这|看过啦|^我?看过[。!,]?$",
    re.IGNORECASE,
)
#: Small people, whom a film may be for or not.
_CHILDREN: Final = r"(?:kids?|kiddies|child|children|toddlers?|little ones|babies|youngsters)"
_NOT_FOR_CHILDREN: Final = re.compile(
    r"\b(?:not|no|nothing|never|without|don't|isn't|aren't|except)"
    r"(?: (?:something|anything|an?|the|any|one|ones|films?|movies?|made|meant|suitable|really|just|only|want|stuff"
    r"|that|is|it|be|to|another|like|more|watch|see)){0,5} "
    rf"(?:(?:for|with) (?:the |my |our |small |young |little )*{_CHILDREN}\b"
    rf"|{_CHILDREN}(?:'s?)? (?:films?|movies?|stuff|things?|pictures?|one)\b|(?:childish|kiddie|kiddy|kiddish)\b)"
    r"|\b(?:for|only) (?:adults|grown[- ]?ups)\b"
    r"|(?:不要|别|不是|不想|不看|非|除了)(?:给|适合|是|看|想|要|那种|再|来|推荐|放|拍|对|针对|专门|我|点|部|个){0,4}"
    r"(?:小?孩子?们?|小朋友|儿童|娃|宝宝|少儿)(?:看|片|电影|动画|的|$)|(?:给|适合)(?:大人|成年人)看的",
    re.IGNORECASE,
)


def not_for_children(text: str) -> bool:
    """Tell whether a text wants no film for children: "not something for kids"."""
    return bool(_NOT_FOR_CHILDREN.search(text))


def has_like(clause: Sequence[Token], language: Language) -> bool:
    """Tell whether a clause names a film that another is to be like."""
    return next(iter(likes(clause, language)), None) is not None


def has_maker(clause: Sequence[Token], language: Language) -> bool:
    """Tell whether a clause names an actor or a director, and not only somebody to watch with."""
    return any(
        clause[start].kind == "person" or end - start > 1 or (start and clause[start - 1].text not in _COMPANY)
        for start, end in people(clause, language)
    )


def slots_of(
    clauses: Sequence[Sequence[Token]], text: str, language: Language, *, this_year: int | None = None
) -> Slots:
    """Return what the clauses of a text name. What is named as wanted and as not wanted is not wanted."""
    found: dict[str, list[str]] = {}
    for clause in clauses:
        negative = _negative(clause, language)
        _kinds(clause, negative, found)
        liked = [*likes(clause, language)]
        for start, end in liked:
            _note(found, "like", negative[start], _written(clause, start, end, text))
        for start, end in people(clause, language):
            if not any(first <= start < last for first, last in liked):
                _note(found, "people", negative[start], _written(clause, start, end, text))
        if any(token.kind == "watched" for token in clause):
            _watched(clause, text, found)
    if not_for_children(text):
        _note(found, "genres", True, "children")
    fields: dict[str, Any] = {name: tuple(dict.fromkeys(values)) for name, values in found.items()}
    for name in ("genres", "moods", "people", "countries", "like"):
        fields[name] = tuple(value for value in fields.get(name, ()) if value not in fields.get(f"not_{name}", ()))
    return Slots(
        **fields,
        years=years_in(text, this_year=this_year),
        newer=bool(_NEWER.search(text)),
        older=bool(_OLDER.search(text)),
        seen=bool(_SEEN.search(text)),
    )


def _kinds(clause: Sequence[Token], negative: Sequence[bool], found: dict[str, list[str]]) -> None:
    for i, token in enumerate(clause):
        kind, value = token.kind, token.value
        if kind in {"kindfilm", "film"}:
            kind, _, value = value.partition(":")
        if kind in _FIELDS and value:
            _note(found, _FIELDS[kind], negative[i], value)


def _negative(clause: Sequence[Token], language: Language) -> list[bool]:
    """Return for each word whether a negation reaches it: to the end of its clause, in Chinese to the next 的."""
    reached, states = False, []
    for i, token in enumerate(clause):
        if (token.kind in _NEGATIVE and token.text not in _BEHIND) or token.text == "nothing":
            reached = True
        elif token.kind in {"recommend", "conj", "or", "want", "give", "pick", "help"} or (
            language == "zh" and token.kind == "de"
        ):
            reached = reached and i > 0 and clause[i - 1].kind in {"neg", "adv"} and token.kind != "conj"
        states.append(reached)
        if token.text in _BEHIND:
            states = [True] * len(states)
    return states


def _note(found: dict[str, list[str]], field: str, negative: bool, value: str) -> None:
    found.setdefault(f"not_{field}" if negative else field, []).append(value)


def _watched(clause: Sequence[Token], text: str, found: dict[str, list[str]]) -> None:
    """Take films that somebody has just watched as what the next is to be like."""
    for i, token in enumerate(clause):
        if token.kind == "title":
            found.setdefault("like", []).append(_written(clause, i, i + 1, text))


def _written(clause: Sequence[Token], start: int, end: int, text: str) -> str:
    """Return words as they were written; a title without its quotation marks."""
    if end == start + 1 and clause[start].kind == "title" and text[clause[start].start] in "《“「『\"'":
        return clause[start].value
    return text[clause[start].start : clause[end - 1].end]
