"""Shares of acceptable replies, from verdicts that are kept (docs/talk-rubric.md).

Everybody replies anew, and each reply is looked up among the verdicts; where one has changed since it was judged there
is no figure until `python -m tests.benchmarks.judge_talk sheet` is judged again. The unseen openings were written after
the words and patterns were, and nothing was changed for them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from tests.benchmarks import talk_judging as judging

AREA: Final = "chat"
GOAL: Final = 0.6


async def rows() -> AsyncIterator[dict[str, Any]]:
    """Let everybody reply, and count. Raises OSError where no model ships."""
    if not judging.model_there():
        raise FileNotFoundError("no model ships: nobody replies")
    known = judging.verdicts()
    for name in ("openings", "unseen"):
        found = await judging.replies(name)
        for language in judging.LANGUAGES:
            count = len(judging.openings(name, language))
            title = f"acceptable replies to {count} {name} in {language}, the whole dialogue; peer: retrieval alone"
            try:
                whole, alone, made = (
                    judging.judged(found, system, language, known) for system in ("whole", "retrieval", "generator")
                )
            except LookupError as exc:
                yield {"name": title, "skipped": f"stale: {exc}"}
                continue
            low, high = judging.bounds(whole, alone)
            share, peer = sum(whole) / count, sum(alone) / count
            yield {
                "name": title, "ours": share, "peer": peer, "ratio": share / peer if peer else None, "unit": "share",
                "goal": f"at least {GOAL}, no worse than retrieval (paired bootstrap, 95 %: {low:+.2f} to {high:+.2f})",
                "met": share >= GOAL and high >= 0, "seed": judging.SEED,
            }  # fmt: skip
            yield {
                "name": f"acceptable replies to {count} {name} in {language}, the generator alone",
                "ours": sum(made) / count, "unit": "share", "goal": "told", "seed": judging.SEED,
            }  # fmt: skip
