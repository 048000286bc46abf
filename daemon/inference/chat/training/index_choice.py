"""Which pairs the index of replies keeps: those that make sense to somebody alone who talks with a program."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from daemon.inference.chat.retrieval_terms import key_of, rows_of
from daemon.inference.chat.training.bland import core_of, is_bland
from daemon.inference.chat.training.corpora import known
from daemon.inference.chat.training.pairs import Pair
from daemon.inference.chat.training.retrieval_index import LONGEST_REPLY
from daemon.products.phrases import Language

_FIGURES: Final = re.compile(r"\d+|《[^》]*》|[一二三四五六七八九十百千万]+(?=[元岁年月号点个])")
#: Words that mean what was named before, and characters below which a question is about that too.
_POINTING: Final = re.compile(r"[他她它这那其该此]|里面|\b(?:it|that|this|he|she|they|them|you|your|yours|u|ur)\b")
_NAMING: Final = 10
_WORDS: Final = re.compile(r"[^\W\d_]")


class _Measure(NamedTuple):
    """terms: of what was said, at most; shortest, longest: characters of a reply."""

    terms: int
    shortest: int
    longest: int


#: Nothing that somebody says is much like an utterance of more terms; a reply that is longer is a story.
_MEASURES: Final[Mapping[Language, _Measure]] = {"en": _Measure(24, 8, 160), "zh": _Measure(64, 2, 80)}


def chosen(pairs: Iterable[Pair], counts: Counter[str]) -> list[Pair]:
    """Return pairs, once each, in their order. Why others are left out is counted.

    All pairs of canned answers and of corpora of one's own stay, since somebody wrote them to be said.
    """
    seen: set[tuple[str, str]] = set()
    same = cache(key_of)  # a turn is a reply, and then what was said
    kept = []
    for pair in pairs:
        key = same(pair.context[-1]), same(pair.reply) or pair.reply
        if key in seen:
            counts["duplicate"] += 1
        elif not key[0] or len(pair.reply) > LONGEST_REPLY:
            counts["cannot be looked up"] += 1
        elif reason := "" if _is_meant(pair.corpus) else _unfit(pair):
            counts[reason] += 1
        else:
            kept.append(pair)
        seen.add(key)
    return kept


def best_first(pairs: Sequence[Pair]) -> list[int]:
    """Return the places of pairs in the order in which room is given to them.

    Those that are meant to be said, Chinese ones, of which there are few, and then those with the shortest last turns:
    what somebody says is more often like these.
    """

    def rank(place: int) -> tuple[bool, bool, int, int]:
        pair = pairs[place]
        return not _is_meant(pair.corpus), pair.language != "zh", len(rows_of(pair.context[-1])), place

    return sorted(range(len(pairs)), key=rank)


def _is_meant(corpus: str) -> bool:
    return corpus not in known() or known()[corpus].form == "chatterbot"


def _unfit(pair: Pair) -> str:
    said, reply, of = pair.context[-1], pair.reply, pair.language
    measure = _MEASURES[of]
    rules: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("bland", lambda: is_bland(reply) or is_bland(said)),
        ("reply too short or too long", lambda: not measure.shortest <= len(reply) <= measure.longest),
        ("said too much", lambda: len(rows_of(said)) > measure.terms),
        ("reply of one word", lambda: len(rows_of(reply)) < 2 or not _WORDS.search(reply)),
        ("reply repeats what was said", lambda: core_of(reply) == core_of(said)),
        ("claims a human life", lambda: _has("life", reply, of)),
        ("figures or names that nobody asked for", lambda: not _names(said) and bool(_FIGURES.search(reply))),
        ("depends on what was said before", lambda: _has("depending", reply, of) and not _has("depending", said, of)),
    )
    return next((name for name, applies in rules if applies()), "")


def _names(said: str) -> bool:
    """Tell whether what was said names what it is about, as far as its words and length show."""
    return len(said) >= _NAMING and not _POINTING.search(said.lower())


def _has(kind: str, text: str, language: Language) -> bool:
    return bool(_patterns(kind, language).search(text.lower().replace("’", "'")))


@cache
def _patterns(kind: str, language: Language) -> re.Pattern[str]:
    table = tomllib.loads(files(__package__).joinpath("index_choice.toml").read_text(encoding="utf-8"))
    joined = "|".join(f"(?:{one})" for one in table[kind][language])
    return re.compile(f"(?<![a-z0-9'])(?:{joined})(?![a-z0-9'])" if language == "en" else joined)
