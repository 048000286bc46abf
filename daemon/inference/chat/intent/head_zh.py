"""Chinese noun phrases: what stands last decides what is spoken of, so that 电影票 and 电影的主角 are no films."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from daemon.inference.chat.intent.tokens import Token

_FILMS: Final = {"film", "kindfilm", "genre", "topic"}
_NOUNS: Final = {"compound", "other"}
#: Behind 的 these say something of a film and are not what the film belongs to.
_NOT_OWNED: Final = {
    "recommend",
    "intro",
    "goodde",
    "suit",
    "particle",
    "film",
    "kindfilm",
    "le",
    "want",
    "exist",
    "what",
    "which_bu",
    "modal",
    "you",
    "i",
    "adv",
    "measure",
    "famine",
    "give",
    "good",
    "topic",
}
_AMONG: Final = {"里", "里面", "中", "当中", "里头"}
#: Verbs that are said of films, and what counts them.
_OF_FILMS: Final = {"watch", "watch_m", "like_v", "recommend", "which_bu"}
#: Whoever asks for these of a film asks for the film.
_NAMES: Final = {"名字", "名称", "片名", "清单", "建议"}
#: These ask at the end of a clause.
_ASKING: Final = {"没", "不", "没有", "否"}
#: Behind a title these tell that others are meant that are like it.
_AS_THAT: Final = {"那样", "那种", "这样", "这种", "一样", "一样的", "那类", "这类", "那么", "这么", "差不多", "似的"}
_BEFORE_THIS: Final = {"measure", "num", "good", "goodde", "suit", "mood", "gadj", "theme", "country", "adv", "de"}


def phrases(clause: Sequence[Token]) -> list[Token]:
    """Return a Chinese clause with films that only describe a noun put together with it."""
    clause = _asked(clause)
    found: list[Token] = []
    at = 0
    while at < len(clause):
        token = clause[at]
        if token.kind in _FILMS:
            end = _films_end(clause, at)
            token = token._replace(kind="film", end=clause[end - 1].end) if end > at + 1 else token
            token, end = _owned(clause, at, end, token)
            token = (
                token._replace(kind="thefilm")
                if token.kind in {"film", "kindfilm"} and _certain(found, clause, end)
                else token
            )
            found.append(token)
            at = end
            continue
        if token.kind in {"gadj", "theme"} and at + 1 < len(clause) and clause[at + 1].kind in _NOUNS:
            token = token._replace(kind="thing", end=clause[at + 1].end)
            at += 1
        found.append(_single(token))
        at += 1
    return found


def _asked(clause: Sequence[Token]) -> Sequence[Token]:
    """Return a clause with a negation at its end, "...没", "...不", as what makes it a question."""
    last = len(clause) - 1
    while last > 0 and clause[last].kind in {"particle", "mark", "ba"}:
        last -= 1
    if last > 0 and clause[last].text in _ASKING and clause[last - 1].kind != "le":
        return [*clause[:last], clause[last]._replace(kind="ma"), *clause[last + 1 :]]
    return clause


def _films_end(clause: Sequence[Token], at: int) -> int:
    """Return where words for films that stand together end: 动画片 电影 is one."""
    end = at + 1
    while end < len(clause) and clause[end].kind in _FILMS:
        end += 1
    return end


def _owned(clause: Sequence[Token], at: int, end: int, film: Token) -> tuple[Token, int]:
    """Return the film as it stands, or the thing that it only describes, and where that ends."""
    if film.text == "片" and at and clause[at - 1].kind in {"x", "num", "other"} and not _counted(clause[:at]):
        return film._replace(kind="thing"), end
    asked = at and clause[at - 1].kind in {"what", "which_bu"}
    if end < len(clause) and clause[end].text in _AMONG and (asked or _asked_among(clause[end + 1 :])):
        return film, end + 1
    if at and clause[at - 1].kind == "which_bu" and any(token.kind in {"superl", "mood"} for token in clause[end:]):
        return film, end
    if end < len(clause) and clause[end].kind in _NOUNS:
        return film._replace(kind="thing", end=clause[end].end), end + 1
    if end + 1 < len(clause) and clause[end].kind == "de" and clause[end + 1].text in _NAMES:
        return film, end + 2
    if end + 1 < len(clause) and clause[end].kind == "de" and clause[end + 1].kind not in _NOT_OWNED:
        return film._replace(kind="thing", end=clause[end + 1].end), end + 2
    return film, end


def _counted(before: Sequence[Token]) -> bool:
    """Tell whether what comes is counted or watched as films are, so that any word with 片 is one."""
    return any(token.text.endswith("部") or token.kind in _OF_FILMS for token in before)


def _asked_among(rest: Sequence[Token]) -> bool:
    """Tell whether one of several films is asked for: "战争片里哪部最好"."""
    return any(token.kind in {"what", "which_bu", "whof"} for token in rest) and not any(
        token.kind in _NOUNS for token in rest
    )


def _certain(before: Sequence[Token], clause: Sequence[Token], end: int) -> bool:
    """Tell whether a film is one that was shown, named or spoken of before."""
    owned = False
    for token in reversed(before[-5:]):
        if token.kind == "this" or (token.kind == "title" and not owned):
            return True
        owned = owned or token.kind == "de" or token.text in _AS_THAT
        if token.kind not in _BEFORE_THIS:
            break
    return end < len(clause) and clause[end].kind == "title"


def _single(token: Token) -> Token:
    if token.kind == "compound":
        return token._replace(kind="thing" if len(token.text) > 1 else "x")
    return token._replace(kind={"other": "thing", "gadj": "kind"}.get(token.kind, token.kind))
