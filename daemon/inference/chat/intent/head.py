"""Noun phrases: the noun that decides what is spoken of, so that a film ticket is no film."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from daemon.inference.chat.intent import head_zh
from daemon.inference.chat.intent.nouns import is_plural, kind_of, makers
from daemon.inference.chat.intent.tokens import Token
from daemon.products.phrases import Language

#: Words that stand before the noun of a phrase. Those that begin one end the phrase before them.
_BEGIN: Final = {"the", "det", "your", "any", "something", "fav", "superl", "fact"}
_BEFORE: Final = {"good", "desc", "mood", "gadj", "theme", "country", "num", "year", "person", "deg", "alike", "one"}
_NOUNS: Final = {
    "film",
    "genre",
    "compound",
    "other",
    "x",
    "name",
    "title",
    "filmnight",
    "occasion",
    "realm",
    "still",
    "fanatic",
}
#: Behind these "that" begins what is said of them.
_RELATED: Final = {
    "film",
    "goodfilm",
    "bestfilm",
    "genre",
    "praised",
    "factfilm",
    "favfilm",
    "thing",
    "something",
    "one",
    "ones",
}
_OWN: Final = {"my", "our", "your", "his", "her", "their", "the", "this", "that"}
#: These may stand before an adjective inside a phrase: "an actually funny comedy".
_TRULY: Final = {"actually", "genuinely", "really", "truly", "properly", "seriously", "honestly"}
#: Verbs that look like nouns behind a film: "a comedy sounds good".
_VERBS: Final = {
    "sounds",
    "seems",
    "looks",
    "works",
    "takes",
    "feels",
    "comes",
    "gets",
    "goes",
    "plays",
    "runs",
    "fits",
    "shows",
    "makes",
    "gives",
    "keeps",
    "leaves",
}
#: Verbs that go on behind a film: "films set mostly underwater".
_SET: Final = {"set", "shot", "told", "filmed", "made"}
#: Films for these are no films to watch.
_COATED: Final = {"camera", "cameras", "window", "windows", "windscreen", "windshield", "lens", "polaroid", "screen"}
#: Whoever loves these loves films.
_HOUSES: Final = {"the cinema", "cinema", "going to the cinema"}
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
        if (
            clause[at].text in _SET
            and found
            and found[-1].kind in _RELATED - {"thing"}
            and {"me"}.isdisjoint(token.kind for token in clause[at + 1 : at + 2])
        ):
            found.append(clause[at]._replace(kind="prep"))
            at += 1
            continue
        end = _end(clause, at)
        if end == at:
            found.append(clause[at])
            at += 1
            continue
        phrase = clause[at:end]
        noun = end < len(clause) and clause[end].kind in {"modal", "would", "be"}
        kept = _head_end(phrase, asked=bool(found) and found[-1].kind in {"what", "which"} and not noun)
        found.extend(_chunk(phrase[:kept]))
        at += kept
    return makers([_of_others(found, i) for i in range(len(found))])


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
            and (
                nouns
                or clause[end].text in {"a", "an"}
                or clause[end].kind not in {"superl", "fav", "fact", "det", "something"}
            )
        ):
            break
        if clause[end].text in _TRULY and end > at and end + 1 < len(clause) and clause[end + 1].kind in _BEFORE:
            end += 1
            continue
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
    if after is not None and (
        after.text in _VERBS or _set_somehow(phrase[last + 1 :]) or (after.text == "set" and is_plural(phrase[last]))
    ):
        return last + 1
    if after is None or after.kind in {"compound", "other", "realm"}:
        return len(phrase)
    if after.kind == "fanatic" and not is_plural(phrase[last]):
        return len(phrase)
    if (
        after.kind in {"x", "name"}
        and not asked
        and not is_plural(phrase[last])
        and not after.text.endswith(_NO_NOUN_ENDINGS)
    ):
        return len(phrase)
    return last + 1


def _set_somehow(words: Sequence[Token]) -> bool:
    """Tell whether words behind a film go on as in "set almost entirely on a train"."""
    return len(words) > 1 and words[0].text in _SET and (words[1].text.endswith("ly") or words[1].text == "almost")


def _chunk(phrase: Sequence[Token]) -> list[Token]:
    if _set_somehow(phrase):
        somehow = sum(token.text.endswith("ly") or token.text == "almost" for token in phrase[1:]) + 1
        behind = phrase[somehow:]
        return [phrase[0]._replace(kind="prep", end=phrase[somehow - 1].end), *(_chunk(behind) if behind else [])]
    kinds = [token.kind for token in phrase]
    if "any" in kinds[:1]:
        return [phrase[0], *(_chunk(phrase[1:]) if len(phrase) > 1 else [])]
    kind = kind_of(phrase)
    if not kind and ("something" in kinds or set(kinds) & {"mood", "gadj"} or phrase[-1].text == "family"):
        return _loose(phrase)
    last = phrase[-1]
    if not kind and last.kind in {"good", "desc", "det", "the", "your"} and len(phrase) == 1:
        return [last]
    text = " ".join(token.text for token in phrase)
    return [Token(text, kind or last.kind, "" if kind else last.value, phrase[0].start, last.end)]


def _loose(phrase: Sequence[Token]) -> list[Token]:
    """Return a phrase without a noun word by word; what is only good says nothing, and one's own family is no kind."""
    if phrase[0].text in _OWN and (phrase[-1].kind == "gadj" or phrase[-1].text == "family"):
        return [phrase[0]._replace(kind="x", text=" ".join(token.text for token in phrase), end=phrase[-1].end)]
    loose = {"det", "deg"} if phrase[0].kind == "something" else {"good", "desc", "det", "deg"}
    kept = [token._replace(kind="kind") if token.kind == "gadj" else token for token in phrase]
    return [token for token in kept if token.kind not in loose] or list(phrase)


def _of_others(chunks: Sequence[Token], i: int) -> Token:
    """Return a chunk, as a film of taste where it is somebody else's favourite."""
    if chunks[i].kind == "favfilm" and i and chunks[i - 1].text == "her":
        return chunks[i]._replace(kind="myfilm")
    if chunks[i].text in _HOUSES and i and chunks[i - 1].kind == "lovely":
        return chunks[i]._replace(kind="filmnight")
    if chunks[i].text == "2" and i + 1 < len(chunks) and chunks[i + 1].kind in {"watch", "see", "puton"}:
        return chunks[i]._replace(kind="to", text="to")
    if chunks[i].kind in _RELATED and [token.kind for token in chunks[i + 1 : i + 2]] == ["for"]:
        behind = chunks[i + 2 : i + 3]
        if behind and behind[0].text.rpartition(" ")[2] in _COATED:
            return chunks[i]._replace(kind="thing")
    return _as_verb(chunks, i)


def _as_verb(chunks: Sequence[Token], i: int) -> Token:
    """Return a chunk, as what somebody does where "film" is a verb."""
    chunk = chunks[i]
    if chunk.text == "shoot" and [token.kind for token in chunks[i + 1 : i + 2]] in (["film"], ["goodfilm"]):
        return chunk._replace(kind="plan")
    if (
        i
        and chunk.text in {"film", "book", "order", "ship"}
        and chunks[i - 1].text != "do"
        and chunks[i - 1].kind in {"to", "i", "modal", "you", "third", "why_not"}
    ):
        return chunk._replace(kind="plan")
    return chunk


#: How the words of each language are put together.
PHRASES: Final[Mapping[Language, Callable[[Sequence[Token]], list[Token]]]] = {"en": phrases, "zh": head_zh.phrases}
