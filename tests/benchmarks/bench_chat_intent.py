"""Whether somebody wants a film recommended: our rules and a plain keyword rule, on the same utterances.

The utterances are those of tests/unit/inference/chat/intent/utterances, which the rules were bettered by; how unseen
ones were told is in docs/intent.md.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from daemon.inference.chat.intent.detector import detect
from tests.benchmarks.__main__ import versions
from tests.benchmarks.peers.keyword_intent import keyword_label

AREA: Final = "chat"
ROUNDS: Final = 3
_UTTERANCES: Final = Path(__file__).parents[1] / "unit" / "inference" / "chat" / "intent" / "utterances"
LANGUAGES: Final = {"en": "English", "zh": "Chinese"}
Label = Callable[[str], str]


class Figures(NamedTuple):
    """Shares: of what was told right, and of what was taken for a wish that was one."""

    right: float
    precision: float


def rows() -> Iterator[dict[str, Any]]:
    """Measure."""
    for language, name in LANGUAGES.items():
        found = _utterances(language)
        ours, peer = _figures(_ours, found), _figures(keyword_label, found)
        what = f"{name}, {len(found)} utterances; peer: keywords"
        yield _row(f"told right: {what}", ours.right, peer.right, 0.95)
        yield _row(f'precision of "recommend": {what}', ours.precision, peer.precision, 0.97)
    for language, name in LANGUAGES.items():
        texts = [row["text"] for row in _utterances(language)]
        quick, quicker = _speeds(texts)
        yield {
            "name": f"utterances told, {name}; peer: keywords", "ours": quick, "peer": quicker,
            "ratio": quick / quicker, "goal": "reported", "met": None, "unit": "utterances per CPU-second",
            "versions": versions(),
        }  # fmt: skip


def _utterances(language: str) -> list[dict[str, str]]:
    lines = (_UTTERANCES / f"{language}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


def _ours(text: str) -> str:
    return detect(text).label


def _figures(label: Label, found: Sequence[dict[str, str]]) -> Figures:
    pairs = [(label(row["text"]), row["label"]) for row in found]
    taken = [right for said, right in pairs if said == "recommend"]
    return Figures(sum(said == right for said, right in pairs) / len(pairs), taken.count("recommend") / len(taken))


def _speeds(texts: Sequence[str]) -> tuple[float, float]:
    """Return utterances per CPU-second of both, who take turns."""
    spent: dict[Label, list[float]] = {_ours: [], keyword_label: []}
    for _ in range(ROUNDS):
        for label, times in spent.items():
            begun = time.process_time()
            for text in texts:
                label(text)
            times.append(time.process_time() - begun)
    ours, peer = (len(texts) / statistics.median(times) for times in spent.values())
    return ours, peer


def _row(name: str, ours: float, peer: float, goal: float) -> dict[str, Any]:
    return {
        "name": name, "ours": ours, "peer": peer, "ratio": ours / peer, "goal": f"{goal:.0%} at least",
        "met": ours >= goal, "unit": "share", "versions": versions(),
    }  # fmt: skip
