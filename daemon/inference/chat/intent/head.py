"""Noun phrases: the noun that decides what is spoken of, so that a film ticket is no film."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from daemon.inference.chat.intent import head_zh
from daemon.inference.chat.intent.tokens import Token
from daemon.products.phrases import Language

#: Words that stand before the noun of a phrase. Those that begin one end the phrase before them.
_BEGIN: Final = {"the", "det", "your", "any", "something", "fav", "superl", "fact"}
_BEFORE: Final = {"good", "desc", "mood", "gadj", "country", "num", "year", "person", "deg", "alike"}
_NOUNS: Final = {"film", "genre", "compound", "other", "x", "name", "title", "filmnight"}
_PLURAL: Final = (
    "movies",
    "films",
    "flicks",
    "pictures",
    "blockbusters",
    "classics",
    "ies",
    "thrillers",
    "dramas",
    "musicals",
    "westerns",
)
#: These make a film a certain one: one of ours, or one that is exclaimed over.
_CERTAIN: Final = {"my", "what a", "what an"}
#: Behind these "that" begins what is said of them.
_RELATED: Final = {"film", "goodfilm", "bestfilm", "genre", "praised", "thing", "something"}
#: These ask for a film where others only praise one: "another movie".
_ASKED: Final = {"more", "other", "another", "different"}
_OWN: Final = {"my", "our", "your", "his", "her", "their", "the", "this", "that"}
_NO_NOUN_ENDINGS: Final = ("ing", "ed", "ly", "able")


def phrases(clause: Sequence[Token]) -> list[Token]:
    """Return an English clause with each noun phrase as one word of a class that says what its head is."""
    found: list[Token] = []
    at = 0
    while at < len(clause):
        if clause[at].text == "that" and found and found[-1].kind in _RELATED and not _noun_behind(clause, at):
            found.append(clause[at]._replace(kind="that"))
            at += 1
            continue
        end = _end(clause, at)
        if end == at:
            found.append(clause[at])
            at += 1
            continue
        phrase = clause[at:end]
        kept = _head_end(phrase, asked=bool(found) and found[-1].kind == "what")
        found.extend(_chunk(phrase[:kept]))
        at += kept
    return [_as_verb(found, i) for i in range(len(found))]


def _noun_behind(clause: Sequence[Token], at: int) -> bool:
    return at + 1 < len(clause) and clause[at + 1].kind in {"film", "genre", "compound", "other"}


def _end(clause: Sequence[Token], at: int) -> int:
    """Return where a noun phrase that begins at `at` ends; `at` where none begins."""
    end = at
    nouns = 0
    while end < len(clause):
        kind = clause[end].kind
        if (
            kind in _BEGIN
            and end > at
            and (nouns or clause[end].kind not in {"superl", "fav", "fact", "det", "something"})
        ):
            break
        if kind not in _BEGIN and kind not in _BEFORE and kind not in _NOUNS:
            break
        nouns += kind in _NOUNS and kind != "x"
        end += 1
    return end


def _head_end(phrase: Sequence[Token], *, asked: bool) -> int:
    """Return how much of a phrase belongs together: up to a film that the words behind it only tell more of.

    asked: behind "what" and "which", where an unknown word behind the film is a verb.
    """
    films = [i for i, token in enumerate(phrase) if token.kind in {"film", "genre"}]
    if not films:
        return len(phrase)
    last = films[-1]
    after = phrase[last + 1] if last + 1 < len(phrase) else None
    if after is None or after.kind in {"compound", "other"}:
        return len(phrase)
    if (
        after.kind in {"x", "name"}
        and not asked
        and not _plural(phrase[last])
        and not after.text.endswith(_NO_NOUN_ENDINGS)
    ):
        return len(phrase)
    return last + 1


def _plural(token: Token) -> bool:
    return token.text.endswith(_PLURAL)


def _chunk(phrase: Sequence[Token]) -> list[Token]:
    kinds = [token.kind for token in phrase]
    whole = Token(" ".join(token.text for token in phrase), "", "", phrase[0].start, phrase[-1].end)
    last = phrase[-1]
    if "any" in kinds[:1]:
        return [phrase[0], *(_chunk(phrase[1:]) if len(phrase) > 1 else [])]
    if "film" in kinds or "genre" in kinds:
        if last.kind in {"film", "genre"}:
            return [whole._replace(kind=_film_kind(kinds, phrase))]
        return [whole._replace(kind=_behind_film(kinds, last))]
    if last.text == "cinema" and len(phrase) > 1 and kinds[-2] in {"country", "good", "desc", "gadj", "mood", "year"}:
        return [whole._replace(kind="thefilm" if "the" in kinds[:1] else "film")]
    if last.kind in {"compound", "other"}:
        return [whole._replace(kind="thing")]
    if "something" in kinds or set(kinds) & {"mood", "gadj"}:
        return _loose(phrase)
    if last.kind in {"good", "desc", "det", "the", "your"} and len(phrase) == 1:
        return [last]
    return [whole._replace(kind=last.kind, value=last.value)]


def _film_kind(kinds: Sequence[str], phrase: Sequence[Token]) -> str:
    head = kinds[-1]
    if "fact" in kinds and "good" in kinds:
        return "bestfilm"
    if "fact" in kinds and (kinds[0] in {"the", "fact", "superl"}):
        return "factfilm"
    if "fav" in kinds:
        return "favfilm" if not phrase[0].text.startswith("my") and kinds[0] != "i" else "myfilm"
    if "superl" in kinds or any(token.text.endswith("iest") for token in phrase):
        return "bestfilm"
    if phrase[0].text == "your":
        return "yourfilm"
    if "the" in kinds[:1] or phrase[0].text in _CERTAIN:
        return "thefilm"
    if "good" in kinds and "deg" not in kinds[:1]:
        return (
            "praised" if kinds[0] == "good" and not _plural(phrase[-1]) and phrase[0].text not in _ASKED else "goodfilm"
        )
    if head == "genre" and "film" not in kinds:
        return "genre"
    return "goodfilm" if "num" in kinds and "deg" not in kinds[:1] else "film"


def _behind_film(kinds: Sequence[str], last: Token) -> str:
    if last.kind in {"title", "person", "name"} and "film" in kinds:
        return "thefilm"
    return "thing"


def _loose(phrase: Sequence[Token]) -> list[Token]:
    """Return a phrase without a noun word by word; what is only good says nothing, and one's own family is no kind."""
    if phrase[0].text in _OWN and phrase[-1].kind == "gadj":
        return [phrase[0]._replace(kind="x", text=" ".join(token.text for token in phrase), end=phrase[-1].end)]
    kept = [token._replace(kind="kind") if token.kind == "gadj" else token for token in phrase]
    return [token for token in kept if token.kind not in {"good", "desc", "det", "deg"}] or list(phrase)


def _as_verb(chunks: Sequence[Token], i: int) -> Token:
    """Return a chunk, as what somebody does where "film" is a verb."""
    chunk = chunks[i]
    if (
        i
        and chunk.text in {"film", "book", "order", "ship"}
        and chunks[i - 1].kind in {"to", "i", "modal", "you", "third"}
    ):
        return chunk._replace(kind="plan")
    return chunk


#: How the words of each language are put together.
PHRASES: Final[Mapping[Language, Callable[[Sequence[Token]], list[Token]]]] = {"en": phrases, "zh": head_zh.phrases}
