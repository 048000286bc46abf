"""Clauses: parts of an utterance that say one thing each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from daemon.inference.chat.intent.tokens import Token

_MARKS: Final = frozenset(".!?;:,…。！？；，、~～()（）—–-|/\n")
QUESTION_MARKS: Final = "?？"
#: Words that begin a clause of their own when at least two words stand before them.
_TURNS: Final = frozenset(
    {"but", "because", "so", "cause", "cuz", "coz", "although", "however", "while"}
    | {"但", "但是", "可是", "不过", "所以", "然后", "因为", "结果", "如果"}
)
#: Words behind which somebody may go on from a film that was seen to what is wanted next.
_ALSO: Final = frozenset({"and", "&"})
_BEFORE_WISHES: Final = frozenset({"i", "adv", "be", "would", "modal", "please"})
_WISHED_BY: Final = frozenset({"want", "recommend", "what", "any", "give", "exist", "hasany"})
#: Behind "so" these begin what comes of it.
_NEXT: Final = frozenset({"now", "then", "tonight", "today"})
_ADJECTIVES: Final = frozenset({"good", "desc", "mood", "gadj", "theme", "goodde", "suit", "det", "deg"})
#: Chinese words behind which a space is as good as a comma.
_ENDS: Final = frozenset({"film", "kindfilm", "gadj", "ma", "ba", "le", "particle", "de", "title", "good"})
_LONGEST: Final = 60
#: Words and how many of them head what is wished for: "Wanted: a film".
_WISHES: Final = frozenset({"want", "want_past", "recommend", "recnoun"})
_HEADING: Final = 3


def clauses(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the clauses of an utterance, of about 60 words at most, with question marks but no other punctuation."""
    clause: list[Token] = []
    for i, token in enumerate(tokens):
        if token.text == ":" and clause and len(clause) <= _HEADING and clause[-1].kind in _WISHES:
            clause[-1] = clause[-1]._replace(kind="want")
            continue
        if token.text == "," and i + 1 < len(tokens) and tokens[i + 1].kind == "please":
            continue
        if token.text in _MARKS or _turns(tokens, i, len(clause)) or len(clause) >= _LONGEST:
            if clause:
                yield [*clause, token] if token.text in QUESTION_MARKS else clause
            clause = []
        if token.kind != "mark":
            clause.append(token)
    if clause:
        yield clause


def _turns(tokens: Sequence[Token], i: int, length: int) -> bool:
    """Tell whether a clause begins here without punctuation; not between two adjectives of one noun."""
    if tokens[i].text in _ALSO and length > 1:
        return _wishes_next(tokens, i + 1) and any(token.kind == "watched" for token in tokens[i - length : i])
    if tokens[i].text == "so" and i + 1 < len(tokens) and tokens[i + 1].text in _NEXT:
        return length > 1
    if tokens[i].text in _TURNS:
        return length > 1 and all(token.kind not in _ADJECTIVES for token in tokens[i + 1 : i + 3])
    return length > 0 and _spaced(tokens[i - 1], tokens[i])


def _wishes_next(tokens: Sequence[Token], at: int) -> bool:
    """Tell whether what begins here is a wish, by its first word behind "I", "am" and the like."""
    while at < len(tokens) and tokens[at].kind in _BEFORE_WISHES:
        at += 1
    return at < len(tokens) and tokens[at].kind in _WISHED_BY


def _spaced(before: Token, token: Token) -> bool:
    """Tell whether a space stands for a comma, as people write Chinese: behind a noun or a particle."""
    han = "\u3400" <= before.text[-1] <= "\u9fff" and "\u3400" <= token.text[0] <= "\u9fff"
    return han and before.end < token.start and before.kind in _ENDS
