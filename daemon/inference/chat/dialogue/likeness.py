"""How alike what is said is to examples, for small sets of them: thousands, not millions."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple

from daemon.inference.chat.dialogue.phrases import table
from daemon.inference.chat.languages import HAN
from daemon.products.phrases import Language

#: Of a score, the part that tells how many of the words are known to a topic at all, by whichever of its examples.
TOGETHER: Final = 0.4
#: What is left of a score where one is about me and one about you, where one asks, where one denies.
_OTHERWISE: Final = {"person": 0.6, "asks": 0.7, "denies": 0.8}
#: What words weigh that phrases/likeness.toml calls light.
_LIGHT: Final = {"least": 0.2, "less": 0.5}
#: Weight of two neighbouring words as against one; Chinese characters by themselves tell less than two of them.
_PAIR: Final = {"en": 0.6, "zh": 1.0}
_SINGLE: Final = {"en": 1.0, "zh": 0.6}
_MOST_TERMS: Final = 80
_TERM: Final = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+")
_IS_HAN: Final = re.compile(f"[{HAN}]")
_MINE: Final = re.compile(r"\b(?:i|i'm|i've|i'll|i'd|me|my|we|our|us)\b|[我咱俺]")
_YOURS: Final = re.compile(r"\b(?:you|you're|your|yours|yourself|u)\b|[你您]")
_ASKS: Final = re.compile(
    r"\?|？|[吗么呢]$|^(?:what|who|where|when|why|how|which|do|does|did|are|is|can|could|will|would|should|have) |"
    r"怎么|什么|为什么|哪|几点|多少|谁"
)
_DENIES: Final = re.compile(r"\b(?:not|no|never|nobody|nothing|neither|\w+n't|cannot|without)\b|[不没别]")


class _Manner(NamedTuple):
    """How something is said. person: whom it is about, "me", "you", or "" for both, neither and others."""

    person: str
    asks: bool
    denies: bool

    @classmethod
    def of(cls, text: str) -> _Manner:
        text = text.casefold().replace("’", "'")
        mine, yours = bool(_MINE.search(text)), bool(_YOURS.search(text))
        person = "" if mine == yours else "me" if mine else "you"
        return cls(person, bool(_ASKS.search(text)), bool(_DENIES.search(text)))

    def fits(self, other: _Manner) -> float:
        """Return what is left of a score between the two, from 0 to 1."""
        left = _OTHERWISE["person"] if {self.person, other.person} == {"me", "you"} else 1.0
        left *= _OTHERWISE["asks"] if self.asks != other.asks else 1.0
        return left * (_OTHERWISE["denies"] if self.denies != other.denies else 1.0)


class Likeness:
    """Examples by topic. A term weighs the more the fewer topics have it (Spärck Jones 1972)."""

    def __init__(self, examples: Mapping[str, Sequence[str]], language: Language) -> None:
        self._language = language
        self._topics = list(examples)
        split = {topic: [terms_of(one, language) for one in said] for topic, said in examples.items()}
        topics_with = Counter(term for said in split.values() for term in set().union(*said))
        self._weights = {term: self._weight(term, count) for term, count in topics_with.items()}
        self._where: dict[str, list[int]] = defaultdict(list)
        self._lengths: list[float] = []
        self._topic_of: list[str] = []
        self._manners: list[_Manner] = []
        for topic, said in split.items():
            for terms, one in zip(said, examples[topic], strict=True):
                self._manners.append(_Manner.of(one))
                for term in terms:
                    self._where[term].append(len(self._lengths))
                self._lengths.append(math.sqrt(sum(self._weights[term] for term in terms)) or 1.0)
                self._topic_of.append(topic)
        self._known = {topic: frozenset().union(*said) for topic, said in split.items()}

    def of(self, text: str) -> dict[str, float]:
        """Return how alike a text is to the nearest example of each topic, from 0 to 1; only topics that are at all.

        Words that no example has count as rare ones, so that a score means the same for every text.
        """
        weights = {term: self._weights.get(term) or self._weight(term, 1) for term in terms_of(text, self._language)}
        whole = sum(weights.values())
        manner = _Manner.of(text)
        shared: dict[int, float] = defaultdict(float)
        for term, weight in weights.items():
            for example in self._where.get(term, ()):
                shared[example] += weight
        best: dict[str, float] = defaultdict(float)
        for example, weight in shared.items():
            topic = self._topic_of[example]
            alike = weight / (self._lengths[example] * math.sqrt(whole)) * manner.fits(self._manners[example])
            best[topic] = max(best[topic], alike)
        return {topic: (1 - TOGETHER) * score + TOGETHER * self._covered(topic, weights, whole)
                for topic, score in best.items()}  # fmt: skip

    def _covered(self, topic: str, weights: Mapping[str, float], whole: float) -> float:
        known = self._known[topic]
        return sum(weight for term, weight in weights.items() if term in known) / whole

    def _weight(self, term: str, topics: int) -> float:
        rarity = math.log1p(len(self._topics) / topics) ** 2
        kind = _PAIR if " " in term or (len(term) > 1 and _IS_HAN.match(term)) else _SINGLE
        words = term.split() if " " in term else list(term) if kind is _PAIR else [term]
        return rarity * kind[self._language] * sum(_light().get(word, 1.0) for word in words) / len(words)


def terms_of(text: str, language: Language) -> frozenset[str]:
    """Return the terms of a text: English words in their plain form, Chinese characters, and two of them in a row."""
    runs = _TERM.findall(text.casefold().replace("’", "'").replace("'", ""))
    words = list(_chinese(runs) if language == "zh" else _english(runs))[:_MOST_TERMS]
    joint = "" if language == "zh" else " "
    pairs = [f"{first}{joint}{second}" for first, second in pairwise(words)]
    return frozenset((*words, *pairs))


def _english(runs: Sequence[str]) -> Iterator[str]:
    forms = table("likeness")["en"]
    for run in runs:
        for word in str(forms.get(run, run)).split():
            yield word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _chinese(runs: Sequence[str]) -> Iterator[str]:
    forms: Mapping[str, str] = table("likeness")["zh"]
    said = " ".join(runs)
    for form, plain in forms.items():
        said = said.replace(form, plain)
    for run in _TERM.findall(said):
        yield from run if _IS_HAN.match(run) else (run,)


@cache
def _light() -> Mapping[str, float]:
    return {word: weight for name, weight in _LIGHT.items() for word in table("likeness")["light"][name]}
