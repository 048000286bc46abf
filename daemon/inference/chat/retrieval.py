"""Answers out of what people answered: the replies to the utterances that are most like this one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.errors import UnreadableFile
from daemon.inference.chat.pretences import pretends
from daemon.inference.chat.replies import Candidate
from daemon.inference.chat.retrieval_file import NOBODY, Contents, gathered, unpacked
from daemon.inference.chat.retrieval_terms import ROWS, key_of, rows_of
from daemon.inference.chat.tokenizer import written
from daemon.products.phrases import Language

#: What a pair loses of its score at most when nothing that was said before fits.
EARLIER: Final = 0.25
#: What is left of the score of a reply that is long, a question to a question, full of particulars, or mere noise.
LESS_FIT: Final = 0.8
#: What is left of the score of one that a program would pretend something by.
PRETENDED: Final = 0.3
#: Characters of a reply that is not long.
_SHORT: Final = {"en": 90, "zh": 32}
_PARTICULARS: Final = re.compile(r"[《》()（）【】]|\d{3,}|\bhttp|\b(?:he|she|him|her|they|them)\b|[他她]")
_WORDS: Final = re.compile(r"\b[a-z]{3,}\b|[\u4e00-\u9fff]{2,}", re.IGNORECASE)
#: How many of the best pairs are compared with one another, since many are equally good, and many say the same.
LOOKED_AT: Final = 160

_Count = Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]


class _Sizes(msgspec.Struct, frozen=True):
    said: _Count
    replies: _Count
    rows: _Count


_Scores = NDArray[np.float64]


class Retrieval:
    """The index of a file that training.retrieval_index built. Never changes, so that threads may share it.

    Raises UnreadableFile for bytes that are no index, or a damaged or newer one.
    """

    def __init__(self, data: bytes) -> None:
        contents = unpacked(data)
        try:
            self._read(contents)
        except (KeyError, ValueError, TypeError, IndexError, OverflowError) as exc:
            raise UnreadableFile(f"the retrieval index does not hold together: {exc}") from exc

    def __len__(self) -> int:
        return len(self._last)

    def candidates(self, turns: Sequence[str], language: Language, k: int = 5) -> Sequence[Candidate]:
        """Return up to `k` replies in a language to the last of some turns, oldest first, best reply first.

        A score is the cosine between the last turn and the utterance that was replied to, over terms weighted by how
        rare they are (Salton and Buckley 1988; weights of Robertson and Zaragoza 2009, section 3.1): 1.0 the same
        terms, 0.5 about half of what the two say. It means the same for every query, since terms that the index has
        never seen count as the rarest. Replies that hardly fit anywhere, and those by which a program would pretend to
        be a person, lose some or most of it. Turns before take up to EARLIER of it away where they differ from what was
        said before. Scores have two digits; of replies with the same score that comes first which most agree with.
        No reply repeats one of the turns. [] where nothing is alike.
        """
        if not turns or k < 1:
            return []
        alike = self._cosines([turns[-1]])
        scores = np.where(self._speaks[language][self._reply], alike[self._last], 0.0)
        if len(turns) > 1:
            before = np.append(self._cosines(turns[-3:-1]), 0.0)  # the last stands for nobody
            scores *= 1.0 - EARLIER * (1.0 - before[self._earlier])
        spoken = {key_of(turn) for turn in turns[-3:]}
        return list(self._best(scores, spoken, k, _asks(turns[-1])))

    def _best(self, scores: _Scores, spoken: set[str], k: int, asked: bool) -> Iterator[Candidate]:
        most = min(len(scores), LOOKED_AT + k)
        found = np.argpartition(scores, -most)[-most:]
        found = found[scores[found] > 0.0]
        said = {int(pair): written(self._text(int(self._reply[pair]))) for pair in np.sort(found)}
        agreed = _agreement(said)
        score = {pair: min(1.0, round(float(scores[pair]) * fitness(said[pair], asked), 2)) for pair in said}
        for pair in sorted(said, key=lambda one: (-score[one], -agreed[one], one)):
            key = key_of(said[pair]) or said[pair]
            if k > 0 and key not in spoken:
                spoken.add(key)
                k -= 1
                notes = (f"pair {pair}", f"agreement {agreed[pair]:.2f}")
                yield Candidate(text=said[pair], score=score[pair], speaker="retrieval", notes=notes)

    def _cosines(self, texts: Sequence[str]) -> _Scores:
        """Return how alike all utterances of the index are to some texts taken together, [said]."""
        rows = sorted({row for text in texts for row in rows_of(text)})
        length = float(np.sqrt(self._weights[rows].sum())) if rows else 0.0
        if not length:
            return np.zeros(len(self._lengths))
        places = [self._columns[self._starts[row] : self._starts[row] + self._counts[row]] for row in rows]
        weights = np.repeat(self._weights[rows], self._counts[rows])
        return np.bincount(np.concatenate(places), weights, len(self._lengths)) / (self._lengths * length)

    def _text(self, reply: int) -> str:
        return self._texts[self._ends[reply] + 1 : self._ends[reply + 1]].decode()

    def _read(self, contents: Contents) -> None:
        blocks, sizes = contents.blocks, msgspec.convert(contents.facts, _Sizes)
        if sizes.rows != ROWS:
            raise ValueError(f"it has {sizes.rows} rows, not {ROWS}")
        self._last = gathered(blocks["last"])
        self._reply = gathered(blocks["reply"])
        self._earlier = gathered(blocks["earlier"]) + NOBODY
        self._read_terms(blocks["counts"], blocks["columns"], sizes.said)
        self._texts = blocks["text"]
        self._texts.decode()  # fails here, and not at some reply
        breaks = np.flatnonzero(np.frombuffer(self._texts, np.uint8) == ord("\n"))
        self._ends = np.concatenate(([-1], breaks, [len(self._texts)]))
        chinese = np.unpackbits(np.frombuffer(blocks["chinese"], np.uint8))[: sizes.replies].astype(bool)
        self._speaks = {"zh": chinese, "en": ~chinese}
        self._check(sizes)

    def _read_terms(self, counts: bytes, columns: bytes, said: int) -> None:
        self._counts, self._columns = gathered(counts), gathered(columns).astype(np.int32)
        order = np.argsort(self._counts, kind="stable")
        self._starts = np.empty(ROWS, np.int64)
        self._starts[order] = np.cumsum(self._counts[order]) - self._counts[order]
        # squares of the weights, which is all that a cosine of them needs
        self._weights = np.log1p((said - self._counts + 0.5) / (self._counts + 0.5)) ** 2
        squares = np.repeat(self._weights[order], self._counts[order])
        self._lengths = np.sqrt(np.bincount(self._columns, squares, said))

    def _check(self, sizes: _Sizes) -> None:
        said, replies = sizes.said, sizes.replies
        pairs = len(self._last)
        sound = (
            pairs == len(self._reply) == len(self._earlier) > 0
            and len(self._counts) == ROWS
            and len(self._speaks["zh"]) == replies
            and len(self._lengths) == said
            and bool((self._lengths > 0.0).all())
            and len(self._ends) == replies + 1
            and 0 <= self._last.min() <= self._last.max() < said
            and 0 <= self._reply.min() <= self._reply.max() < replies
            and NOBODY <= self._earlier.min() <= self._earlier.max() < said
        )
        if not sound:
            raise ValueError("its parts do not fit one another")


def fitness(reply: str, asked: bool) -> float:
    """Return how much a reply fits anywhere, from 0 to 1. asked: whether it is to answer a question."""
    language = "en" if reply.isascii() else "zh"
    fit = PRETENDED if pretends(reply) else 1.0
    for less in (len(reply) > _SHORT[language], asked and _asks(reply), _PARTICULARS.search(reply.casefold()),
                 not _WORDS.search(reply)):  # fmt: skip
        fit *= LESS_FIT if less else 1.0
    return fit


def _asks(text: str) -> bool:
    return text.rstrip().endswith(("?", "？", "吗", "呢"))


def _agreement(said: Mapping[int, str]) -> dict[int, float]:
    """Return how much each reply has in common with the others, in [0, 1]: what most would say is safest to say.

    The mean share of its terms in another reply (Kumar and Byrne 2004, minimum Bayes risk, with that as the gain).
    """
    terms = {pair: rows_of(text) for pair, text in said.items()}
    told = Counter(row for rows in terms.values() for row in rows)
    others = max(1, len(said) - 1)
    return {pair: sum(told[row] - 1 for row in rows) / (max(1, len(rows)) * others) for pair, rows in terms.items()}
