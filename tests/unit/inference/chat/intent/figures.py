"""How many utterances are told right, round by round, by the rules and by plain words.

`python -m tests.unit.inference.chat.intent.figures [FILE ...]` prints a table; a file holds a JSON object a line, with
"text" and "label". Without files the rounds of utterances/ are measured.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from daemon.inference.chat.intent.detector import detect
from tests.benchmarks.peers.keyword_intent import keyword_label

Row = dict[str, Any]
HERE: Final = Path(__file__).parent / "utterances"
LANGUAGES: Final = ("en", "zh")


class Figures(NamedTuple):
    """right, precise, found: shares from 0 to 1, of all rows, of those told "recommend", of those that are so."""

    rows: int
    right: float
    precise: float
    found: float
    wrong: tuple[str, ...]


def rows(language: str) -> list[Row]:
    return read(HERE / f"{language}.jsonl")


def read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def held_out(row: Row) -> bool:
    """Tell whether a row is of the two fifths of the first round that were held out, by a hash of the text."""
    return row["round"] == "first" and hashlib.sha256(row["text"].encode()).digest()[0] % 5 < 2


def by_rules(text: str) -> str:
    return detect(text).label


def measured(given: Sequence[Row], told: Callable[[str], str] = by_rules) -> Figures:
    labels = [told(row["text"]) for row in given]
    right = [label == row["label"] for label, row in zip(labels, given, strict=True)]
    said, wanted = labels.count("recommend"), sum(row["label"] == "recommend" for row in given)
    hits = sum(label == row["label"] == "recommend" for label, row in zip(labels, given, strict=True))
    wrong = tuple(
        f"{row['label']} -> {label}: {row['text']}"
        for label, row in zip(labels, given, strict=True)
        if label != row["label"]
    )
    return Figures(len(given), sum(right) / len(given), hits / max(said, 1), hits / max(wanted, 1), wrong)


def table(parts: Iterable[tuple[str, Sequence[Row]]]) -> Iterable[str]:
    """Yield the lines of a Markdown table."""
    yield "| utterances | rows | right | precise | found | by plain words: right | precise |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, given in parts:
        ours, plain = measured(given), measured(given, keyword_label)
        shares = (ours.right, ours.precise, ours.found, plain.right, plain.precise)
        yield f"| {name} | {len(given)} | " + " | ".join(f"{share:.1%}" for share in shares) + " |"


def rounds(language: str) -> Iterable[tuple[str, Sequence[Row]]]:
    """Yield the rounds of a language, the first without and with what was held out of it, and all."""
    found = rows(language)
    yield f"{language} first, development", [row for row in found if row["round"] == "first" and not held_out(row)]
    yield f"{language} first, held out", [row for row in found if held_out(row)]
    for name in dict.fromkeys(row["round"] for row in found if row["round"] != "first"):
        yield f"{language} {name}", [row for row in found if row["round"] == name]
    yield f"{language} all", found


if __name__ == "__main__":
    files = [(path, read(Path(path))) for path in sys.argv[1:]]
    for line in table(files or [part for language in LANGUAGES for part in rounds(language)]):
        sys.stdout.write(line + "\n")
