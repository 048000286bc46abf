"""`python -m tests.benchmarks.judge_talk`: from openings to a sheet, from verdicts on it to figures.

sheet SET [--model PATH]   let every system reply, keep the replies, print what is to be judged as JSON Lines
keep FILE                  add verdicts: lines of the sheet with "acceptable": 0 or 1
figures SET                shares of acceptable replies by language and system
fit SET... [--model PATH]  scales of choice.toml by the verdicts on each speaker's best reply
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import talk_judging as judging


def sheet(name: str, model: Path | None) -> None:
    """Let everybody reply, and print what nobody has judged yet."""
    found = asyncio.run(judging.replies(name, model))
    judging.keep_replies(name, found)
    for row in judging.sheet(found, judging.verdicts()):
        print(json.dumps(row, ensure_ascii=False))


def keep(path: Path) -> None:
    """Keep verdicts. Raises ValueError for lines without one."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if wrong := [row for row in rows if row.get("acceptable") not in {0, 1}]:
        raise ValueError(f"{len(wrong)} lines without a verdict, the first {wrong[0]}")
    judging.keep_verdicts(rows)


def figures(name: str) -> None:
    """Print shares, who spoke in the whole conversation, and how often well."""
    found, known = judging.kept_replies(name), judging.verdicts()
    for language in judging.LANGUAGES:
        for system in judging.SYSTEMS:
            try:
                told = judging.judged(found, system, language, known)
            except LookupError as exc:
                print(f"{language} {system}: {exc}")
                continue
            if told:
                print(f"{language} {system}: {sum(told)} of {len(told)} acceptable")
        spoke = [one for one in found if (one.system, one.language) == ("whole", language)]
        good = Counter(one.source for one in spoke if known.get(one.id))
        print(f"{language} spoke:", {name: f"{good[name]}/{n}" for name, n in Counter(s.source for s in spoke).items()})


def fit(names: Sequence[str], model: Path | None) -> None:
    """Print the scale of each speaker whose best replies were judged, fitted by logistic regression (Platt 1999)."""
    known = judging.verdicts()
    told: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for one in (one for name in names for one in (asyncio.run(judging.replies(name, model)))):
        if one.system != "whole" and one.reply and one.id in known:
            told[one.system].append((one.score, known[one.id]))
    for speaker, rows in told.items():
        slope, offset = platt(rows)
        print(f"[{speaker}]  # {len(rows)} judged\nslope = {slope:.2f}\noffset = {offset:.2f}\n")


def platt(rows: Sequence[tuple[float, bool]], steps: int = 50) -> tuple[float, float]:
    """Return slope and offset of the likeliest logistic curve, by Newton's method; targets as Platt 1999, section 2.2.

    A slope is drawn towards 0 by as much as one judgement weighs, so that there always is one.
    """
    good = sum(told for _, told in rows)
    high, low = (good + 1) / (good + 2), 1 / (len(rows) - good + 2)
    slope, offset = 0.0, math.log((good + 1) / (len(rows) - good + 1))
    for _ in range(steps):
        g1, g2, h11, h12, h22 = -0.01 * slope, 0.0, 0.01, 0.0, 1e-9
        for score, told in rows:
            likely = 1 / (1 + math.exp(-max(-60.0, min(60.0, slope * score + offset))))
            error, spread = (high if told else low) - likely, likely * (1 - likely)
            g1, g2 = g1 + error * score, g2 + error
            h11, h12, h22 = h11 + spread * score * score, h12 + spread * score, h22 + spread
        determinant = h11 * h22 - h12 * h12
        slope += (h22 * g1 - h12 * g2) / determinant
        offset += (h11 * g2 - h12 * g1) / determinant
    return slope, offset


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.judge_talk", description=__doc__)
    parser.add_argument("command", choices=["sheet", "keep", "figures", "fit"])
    parser.add_argument("names", nargs="+", metavar="SET or FILE")
    parser.add_argument("--model", type=Path)
    given = parser.parse_args(arguments)
    if given.command == "sheet":
        sheet(given.names[0], given.model)
    elif given.command == "keep":
        keep(Path(given.names[0]))
    elif given.command == "figures":
        figures(given.names[0])
    else:
        fit(given.names, given.model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
