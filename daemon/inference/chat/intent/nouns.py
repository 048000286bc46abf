"""What the head of an English noun phrase makes of it: a film, a certain one, the best one, or something else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from daemon.inference.chat.intent.tokens import Token

_PLURAL: Final = (
    "movies",
    "films",
    "flicks",
    "pictures",
    "blockbusters",
    "classics",
    "ies",
    "thrillers",
    "nominees",
    "winners",
    "dramas",
    "musicals",
    "westerns",
)
#: These make a film a certain one: one of ours, or one that is exclaimed over.
_CERTAIN: Final = {"my", "what a", "what an"}
#: These are films by themselves, and films that are so are any of their kind, in spite of "the".
_CLASSICS: Final = {"classics", "classic", "oldies"}
_OUTSTANDING: Final = {"one", "must see", "must watch", "perfect", "ideal", "must see's"}
#: With one of these alone before it a film is praised: "great movie".
_PRAISE: Final = frozenset(
    {
        "good",
        "great",
        "nice",
        "cool",
        "awesome",
        "amazing",
        "lovely",
        "brilliant",
        "fantastic",
        "excellent",
        "beautiful",
    }
    | {"wonderful", "superb", "terrific", "bad", "perfect", "interesting", "fun", "solid", "stunning", "decent"}
)
_OTHERS: Final = {"his", "her", "their", "our"}
_TELEVISION: Final = {"tv", "television", "series"}
#: Before "cinema" these make it films and no house: "french cinema".
_OF_CINEMA: Final = {"country", "good", "desc", "gadj", "theme", "mood", "year"}

#: Who makes films, and what stands between them and a film of theirs.
_MAKERS: Final = {"director", "actor", "actress", "star", "guy", "girl", "man", "woman", "lead", "writer", "filmmaker"}
_OF: Final = {"of", "from", "in", "behind"}


def is_plural(token: Token) -> bool:
    """Tell whether a word for films means several."""
    return token.text.endswith(_PLURAL)


def kind_of(phrase: Sequence[Token]) -> str:
    """Return the class of a noun phrase that its head or a film in it decides, "" where neither does."""
    kinds = [token.kind for token in phrase]
    last = phrase[-1]
    if "film" in kinds or "genre" in kinds:
        return _film_kind(kinds, phrase) if last.kind in {"film", "genre"} else _behind_film(kinds, phrase)
    if last.kind == "still" and not _OF_CINEMA.isdisjoint(set(kinds) - {"good", "desc"}):
        return "goodfilm" if _outstanding(kinds, phrase) else _certain(kinds, "genre")
    if last.text == "cinema" and (len(phrase) == 1 or kinds[-2] in _OF_CINEMA):
        return "filmnight" if len(phrase) == 1 else _certain(kinds, "film")
    if last.text in _CLASSICS and len(phrase) + last.text.endswith("s") > 1:
        return _certain(kinds, "goodfilm")
    if last.kind == "realm":
        return _realm_kind(kinds, phrase)
    if last.kind == "occasion":
        return "filmnight" if {"gadj", "country"} & set(kinds) else "adv"
    if last.kind in {"one", "ones"} and {"superl", "good"} & set(kinds):
        return "another"
    if last.kind == "person" and {"fav", "superl"} & set(kinds):
        return "favfilm"
    if last.kind == "fanatic" and not {"gadj", "country"}.isdisjoint(kinds):
        return "filmnight"
    return "thing" if last.kind in {"compound", "other", "fanatic"} else ""


def _outstanding(kinds: Sequence[str], phrase: Sequence[Token]) -> bool:
    return "superl" in kinds or not _OUTSTANDING.isdisjoint(token.text for token in phrase)


def _certain(kinds: Sequence[str], otherwise: str) -> str:
    return "thefilm" if "the" in kinds[:1] else otherwise


def _film_kind(kinds: Sequence[str], phrase: Sequence[Token]) -> str:
    head = kinds[-1]
    if head == "genre" and ("other" in kinds or any(token.text in _TELEVISION for token in phrase)):
        return "thing"
    if "fact" in kinds and "good" in kinds:
        return "bestfilm"
    if "fact" in kinds and (kinds[0] in {"the", "fact", "superl"}):
        return "factfilm"
    if "fav" in kinds:
        return (
            "myfilm" if phrase[0].text.startswith("my") or phrase[0].text in _OTHERS or kinds[0] == "i" else "favfilm"
        )
    if "superl" in kinds or any(token.text.endswith("iest") for token in phrase):
        return "bestfilm"
    if phrase[0].text == "your":
        return "yourfilm"
    if "alike" in kinds or (kinds[0] == "the" and not _OUTSTANDING.isdisjoint(token.text for token in phrase)):
        return "goodfilm"
    if "the" in kinds[:1] or phrase[0].text in _CERTAIN:
        return "thefilm"
    if "good" in kinds and "deg" not in kinds[:1]:
        one = not phrase[1:-1] and not is_plural(phrase[-1]) and phrase[0].text in _PRAISE
        return "praised" if one else "goodfilm"
    if head == "genre" and "film" not in kinds:
        return "genre"
    return "goodfilm" if {"num", "one"} & set(kinds) and "deg" not in kinds[:1] else "film"


def _realm_kind(kinds: Sequence[str], phrase: Sequence[Token]) -> str:
    """Return the kind of a phrase like "my favourite genre"."""
    if "fav" in kinds:
        return "myfilm" if phrase[0].text == "my" else "favfilm"
    return "thing" if len(phrase) > 1 else "x"


def _behind_film(kinds: Sequence[str], phrase: Sequence[Token]) -> str:
    """Return the kind of a phrase that goes on behind a film: "the film Dune", "horror department", "film camera"."""
    last = phrase[-1]
    if last.kind == "realm" and "film" not in kinds:
        return "genre"
    if last.kind == "still":
        return _film_kind(kinds[:-1], phrase[:-1])
    if last.kind == "fanatic":
        return "filmnight"
    if last.kind == "occasion":
        return "filmnight"
    if last.kind in {"title", "person", "name"} and "film" in kinds:
        return "thefilm"
    return "thing"


def makers(chunks: Sequence[Token]) -> list[Token]:
    """Return the chunks with "the director of Get Out" as one person."""
    found: list[Token] = []
    at = 0
    while at < len(chunks):
        named = chunks[at + 2 : at + 3]
        if (
            named
            and named[0].kind in {"title", "name"}
            and chunks[at + 1].text in _OF
            and chunks[at].text.rpartition(" ")[2] in _MAKERS
        ):
            found.append(chunks[at]._replace(kind="person", end=named[0].end))
            at += 3
            continue
        found.append(chunks[at])
        at += 1
    return found
