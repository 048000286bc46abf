"""Words of a text with what they mean, found by the lexicon: the longest phrase first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple
from unicodedata import combining, normalize

from ahocorasick_rs import AhoCorasick, MatchKind

from daemon.inference.chat.intent.lexicon import Meaning, lexicon
from daemon.products.phrases import Language

_WORD: Final = re.compile(
    r"(?P<title>《[^《》\n]{1,80}》?|[“「『][^”」』\n]{1,80}[”」』]|\"[^\"\n]{1,80}\"|(?<!\w)'[A-Z][^'\n]{1,60}'(?!\w))"
    r"|(?P<code>[^\W_\u3400-\u9fff]+(?:_[^\W_\u3400-\u9fff]+)+)"
    r"|(?P<num>\d+(?:st|nd|rd|th)?(?![\w']))"
    r"|(?P<word>[^\W_\u3400-\u9fff]+'[tT](?![a-zA-Z])|'(?i:s|d|m|re|ve|ll)(?![a-zA-Z])|[^\W_\u3400-\u9fff]+)"
    r"|(?P<han>[\u3400-\u9fff]+)"
    r"|(?P<mark>[^\s\w]|_)"
)
#: Adverbs may stand behind these inside a phrase: "could really use".
_AUXILIARY: Final = frozenset({"could", "would", "'d", "wouldn't"})
_ADVERBS: Final = frozenset({"adv", "deg"})
_OTHER: Final = Meaning("x")


class Token(NamedTuple):
    """A word or phrase. text: as the lexicon has it; start, end: where it stands. kind: a class, "mark" for others."""

    text: str
    kind: str
    value: str
    start: int
    end: int


def tokens(text: str, language: Language) -> list[Token]:
    """Return the words of a text. Apostrophes are straight there, and the text is in normalisation form KC."""
    found: list[Token] = []
    for run in _runs(text, language):
        found.extend(run)
    return found


def _runs(text: str, language: Language) -> Iterator[Sequence[Token]]:
    latin: list[tuple[str, int, int, bool]] = []
    shouted = text.isupper()
    for match in _WORD.finditer(text):
        group = match.lastgroup
        start, end = match.span()
        if group == "word" or (group == "num" and language == "en"):
            latin.extend((word, start, end, not shouted and match[0][0].isupper()) for word in _spelt(match[0].lower()))
            continue
        if group == "mark" and match[0] == "-" and latin and text[start - 1 : start].isalnum():
            continue
        yield from _flush(latin)
        if group == "han":
            yield _han(match[0], start)
        elif group == "code":
            yield [Token(match[0], "x", "", start, end)]
        elif group == "num":
            yield [Token(match[0], "num", "", start, end)]
        elif group == "title":
            yield [Token(match[0], "title", match[0][1:].rstrip("》”」』\"'"), start, end)]
        else:
            yield [Token(match[0], "mark", "", start, end)]
    yield from _flush(latin)


def _flush(latin: list[tuple[str, int, int, bool]]) -> Iterator[Sequence[Token]]:
    if latin:
        yield _phrases(latin)
        latin.clear()


def _spelt(word: str) -> Sequence[str]:
    if not word.isascii():
        word = "".join(char for char in normalize("NFD", word) if not combining(char)) or word
    return lexicon("en").spelling.get(word, word).split()


def _phrases(words: Sequence[tuple[str, int, int, bool]]) -> list[Token]:
    """Return the longest phrases of the lexicon, from left to right; a name of two words or more stays one."""
    found: list[Token] = []
    known = lexicon("en").words
    starts = _first_words()
    at = 0
    while at < len(words):
        word, start, end, capital = words[at]
        length, meaning = _longest(words, at, known, starts)
        if length:
            found.append(
                Token(" ".join(w[0] for w in words[at : at + length]), *meaning, start, words[at + length - 1][2])
            )
            at += length
            continue
        kind = "num" if word[0].isdigit() else "name" if capital else "x"
        near = _misspelt(word) if kind != "num" else None
        found.append(Token(word, near.kind if near else kind, near.value if near else "", start, end))
        at += 1
    return found


def _longest(
    words: Sequence[tuple[str, int, int, bool]], at: int, known: Mapping[str, Meaning], starts: Mapping[str, int]
) -> tuple[int, Meaning]:
    """Return how many words the longest phrase has that begins here, 0 for none, and what it means."""
    length, meaning = _listed(words, at, known, starts)
    if length <= 1 and words[at][0] in _AUXILIARY and _is_adverb(words[at + 1 : at + 2], known):
        length_without, meaning_without = _listed([words[at], *words[at + 2 : at + 6]], 0, known, starts)
        if length_without > 1 and meaning_without.kind == "want":
            return length_without + 1, meaning_without
    return length, meaning


def _listed(
    words: Sequence[tuple[str, int, int, bool]], at: int, known: Mapping[str, Meaning], starts: Mapping[str, int]
) -> tuple[int, Meaning]:
    for length in range(min(starts.get(words[at][0], 0), len(words) - at), 0, -1):
        if meaning := known.get(" ".join(word[0] for word in words[at : at + length])):
            return length, meaning
    return 0, _OTHER


def _is_adverb(word: Sequence[tuple[str, int, int, bool]], known: Mapping[str, Meaning]) -> bool:
    return bool(word) and (word[0][0].endswith("ly") or known.get(word[0][0], _OTHER).kind in _ADVERBS)


@cache
def _first_words() -> Mapping[str, int]:
    """Return how many words the longest phrase has that begins with a word."""
    longest: dict[str, int] = {}
    for phrase in lexicon("en").words:
        parts = phrase.split()
        longest[parts[0]] = max(longest.get(parts[0], 0), len(parts))
    return longest


@cache
def _deletions() -> Mapping[str, tuple[str, Meaning]]:
    """Return the words worth a guess, by what is left when one letter is missing (Garbe 2012, symmetric deletion)."""
    guesses: dict[str, tuple[str, Meaning]] = {}
    for word, meaning in lexicon("en").words.items():
        if len(word) >= 8 and word.isalpha() and meaning.kind in {"recommend", "recnoun", "genre", "fav", "something"}:
            for i in range(len(word)):
                guesses.setdefault(word[:i] + word[i + 1 :], (word, meaning))
    return guesses


def _misspelt(word: str) -> Meaning | None:
    """Return what a word means that differs by a letter from one that matters."""
    if not 7 <= len(word) <= 16:
        return None
    for part in (word, *(word[:i] + word[i + 1 :] for i in range(len(word)))):
        if found := _deletions().get(part):
            return found[1]
    return None


@cache
def _automaton() -> tuple[AhoCorasick, Sequence[str]]:
    words = [word for word in lexicon("zh").words if "\u3400" <= word[0] <= "\u9fff"]
    return AhoCorasick(words, matchkind=MatchKind.LeftmostLongest), words


def _han(run: str, offset: int) -> list[Token]:
    """Return the longest words of the lexicon in Chinese text, and each other character as a word."""
    automaton, words = _automaton()
    known = lexicon("zh").words
    found: list[Token] = []
    at = 0
    for index, start, end in automaton.find_matches_as_indexes(run):
        found.extend(Token(run[i], "x", "", offset + i, offset + i + 1) for i in range(at, start))
        found.append(Token(words[index], *known[words[index]], offset + start, offset + end))
        at = end
    found.extend(Token(run[i], "x", "", offset + i, offset + i + 1) for i in range(at, len(run)))
    return found
