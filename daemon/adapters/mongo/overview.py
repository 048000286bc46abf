"""What inspected documents have in common, and both as data for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from daemon.adapters.mongo.inspecting import Inspected, Leftover, Origin, Trial
from daemon.adapters.mongo.kinds import in_json, kind_of
from daemon.adapters.mongo.status_words import StatusWords
from daemon.products.product import Status
from daemon.products.verdicts import RemedyKind

#: Where the value of a field may come from.
_VALUED: Final = frozenset({Origin.DOCUMENT, Origin.UNRELATED, Origin.PRICE, Origin.CONFIGURED, Origin.ID})
#: Longest text that is counted as a word, and most different words and reasons that are counted.
_LONGEST_WORD: Final = 80
_MOST_WORDS: Final = 50


class WordTally(NamedTuple):
    """A word of status. meanings: the first is what it is read as, none for one nobody knows; told: configured."""

    word: Any
    documents: int
    meanings: tuple[Status, ...]
    told: bool


class TrialTally(NamedTuple):
    """How one remedy fares. example: the first that would do; refusals: reasons with their counts."""

    tried: int
    possible: int
    example: Trial | None
    refusals: Mapping[str, int]


class Overview(NamedTuple):
    """paths: by field, how many documents had it by which path, or "(configured)" and the like.

    wordless: documents without a word of status. unread: by key, the types it had.
    """

    documents: int
    rejected: int
    paths: Mapping[str, Mapping[str, int]]
    words: Sequence[WordTally]
    wordless: int
    unread: Mapping[str, Mapping[str, int]]
    trials: Mapping[RemedyKind, TrialTally]

    @property
    def fields(self) -> frozenset[str]:
        """Return the canonical fields that some document had."""
        return frozenset(name for name, paths in self.paths.items() if paths)


def overview(inspected: Sequence[Inspected], words: StatusWords) -> Overview:
    """Count what documents have. words: what the shop's words for status mean."""
    good = [one for one in inspected if one.product is not None]
    rows = [row for one in good for row in one.rows]
    paths: dict[str, Counter[str]] = {}
    for row in rows:
        counted = paths.setdefault(row.name, Counter())
        if row.origin in _VALUED:
            counted[row.path if row.origin in {Origin.DOCUMENT, Origin.UNRELATED} else f"({row.origin})"] += 1
    unread: dict[str, Counter[str]] = {}
    for leftover in (leftover for one in good for leftover in one.leftovers):
        unread.setdefault(leftover.key, Counter())[leftover.kind] += 1
    status = [row.lying for row in rows if row.name == "status" and row.origin is Origin.DOCUMENT]
    return Overview(
        documents=len(inspected),
        rejected=len(inspected) - len(good),
        paths=paths,
        words=_words(status, words),
        wordless=len(good) - len(status),
        unread=dict(sorted(unread.items(), key=lambda item: (-sum(item[1].values()), item[0]))),
        trials={kind: _tally(kind, good) for kind in RemedyKind},
    )


def document_data(one: Inspected) -> dict[str, Any]:
    """Return one document for programs, what lies in it in relaxed extended JSON."""
    return {
        "id": one.id,
        "bytes": one.size,
        "rejected": one.reason or None,
        "fields": [
            {"field": row.name, "path": row.path or None, "type": None if row.lying is None else kind_of(row.lying),
             "found": in_json(row.lying), "value": msgspec.to_builtins(row.value), "origin": row.origin}
            for row in one.rows
        ],
        "unread": [_leftover_data(leftover) for leftover in one.leftovers],
        "remedies": [trial_data(trial) for trial in one.trials],
    }  # fmt: skip


def trial_data(trial: Trial) -> dict[str, Any]:
    """Return a remedy for programs."""
    return {
        "remedy": trial.kind,
        "change": in_json(dict(trial.change)),
        "undo": in_json(dict(trial.undo)),
        "refusal": trial.refusal or None,
        "was": in_json(dict(trial.was)),
    }


def overview_data(found: Overview) -> dict[str, Any]:
    """Return an overview for programs."""
    return {
        "documents": found.documents,
        "rejected": found.rejected,
        "fields": {name: dict(paths) for name, paths in found.paths.items()},
        "status_words": [
            {"word": in_json(one.word), "type": kind_of(one.word), "documents": one.documents,
             "read_as": one.meanings[0] if one.meanings else None, "may_mean": list(one.meanings),
             "guessed": bool(one.meanings) and not one.told}
            for one in found.words
        ],
        "without_status": found.wordless,
        "unread": {key: dict(kinds) for key, kinds in found.unread.items()},
        "remedies": {
            kind: {"listed": one.tried, "possible": one.possible, "refusals": dict(one.refusals)}
            for kind, one in found.trials.items()
        },
    }  # fmt: skip


def _leftover_data(leftover: Leftover) -> dict[str, Any]:
    return {"key": leftover.key, "type": leftover.kind, "value": in_json(leftover.value)}


def word_counts(lying: Iterable[Any]) -> list[tuple[Any, int]]:
    """Return the distinct values that stand for a status, 1 and true apart, the most frequent first."""
    counted: Counter[tuple[str, Any]] = Counter()
    for value in lying:
        if isinstance(value, str | bool | int | float) and not (isinstance(value, str) and len(value) > _LONGEST_WORD):
            counted[kind_of(value), value] += 1
    return [(value, count) for (_, value), count in counted.most_common(_MOST_WORDS)]


def _words(lying: Sequence[Any], words: StatusWords) -> list[WordTally]:
    return [WordTally(value, count, words.meanings(value), words.is_told(value)) for value, count in word_counts(lying)]


def _tally(kind: RemedyKind, inspected: Sequence[Inspected]) -> TrialTally:
    done = [trial for one in inspected for trial in one.trials if trial.kind is kind]
    possible = [trial for trial in done if not trial.refusal]
    refusals = Counter(trial.refusal for trial in done if trial.refusal)
    reasons = dict(refusals.most_common(_MOST_WORDS))
    return TrialTally(len(done), len(possible), possible[0] if possible else None, reasons)
