"""Which films people like: ours against popularity and the best of implicit's models, on MovieLens.

Which people, which of their ratings are put aside and how settings are chosen, says film_people. Films rated before are
never recommended again, by anybody, so recall is without repeats.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from tests.benchmarks.__main__ import versions
from tests.benchmarks.film_models import SETTINGS, Kind, of_implicit, ours, popular
from tests.benchmarks.film_people import SEED, TOP, Figures, Split, World, bounds, loaded, measured, split

AREA: Final = "chat"
#: What "not worse" allows for, at the lower bound of the interval.
MARGIN: Final = 0.01


class Result(NamedTuple):
    """Figures of one kind of model on each half by the setting chosen on the other, and that setting's NDCG there."""

    figures: Figures
    chosen: tuple[Any, Any]
    tuned: float


def rows() -> Iterator[dict[str, Any]]:
    """Measure."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # implicit warns of more
    world, histories = loaded()
    parts = split(histories, world.library)
    results = {kind.name: crossed(kind, parts, world) for kind in (ours(world), popular(world), *of_implicit(world))}
    peer = max((name for name in results if name not in {"ours", "popularity"}), key=lambda name: results[name].tuned)
    for against in results:
        for metric in Figures._fields if against != "ours" else ():
            yield _row(metric, results, against, best=against == peer)


def crossed(kind: Kind, parts: Split, world: World) -> Result:
    """Choose the setting by the NDCG of one half of the people and measure it on the other, both ways."""
    assert len(kind.settings) == SETTINGS
    found = [measured(kind.fitted(setting, parts.histories), parts, world.library) for setting in kind.settings]
    recall: dict[str, float] = {}
    ndcg: dict[str, float] = {}
    chosen, tuned = [], []
    for half, other in (parts.halves, parts.halves[::-1]):
        means = [float(np.mean([one.ndcg[person] for person in half])) for one in found]
        best = int(np.argmax(means))
        chosen.append(kind.settings[best])
        tuned.append(means[best])
        recall |= {person: found[best].recall[person] for person in other}
        ndcg |= {person: found[best].ndcg[person] for person in other}
    return Result(Figures(recall, ndcg), (chosen[0], chosen[1]), float(np.mean(tuned)))


def _row(metric: str, results: Mapping[str, Result], against: str, *, best: bool) -> dict[str, Any]:
    values = [getattr(results[name].figures, metric) for name in ("ours", against)]
    mine, theirs = (np.array([one[person] for person in sorted(values[0])]) for one in values)
    low, high = bounds(mine - theirs)
    named = against if against == "popularity" else f"implicit's {against}{', its best' if best else ''}"
    goal = "better" if against == "popularity" else f"not worse by {MARGIN}"
    told = f"{mine.size} people, settings {results['ours'].chosen} and {results[against].chosen}"
    return {
        "name": f"{metric}@{TOP} without repeats, MovieLens, {told}; peer: {named}",
        "ours": float(mine.mean()), "peer": float(theirs.mean()), "ratio": float(mine.mean() / theirs.mean()),
        "unit": metric, "seed": SEED, "versions": versions("implicit", "numpy", "scipy"),
        "goal": f"{goal} (paired bootstrap, 95 %: {low:+.4f} to {high:+.4f})",
        "met": low > (0 if against == "popularity" else -MARGIN),
    }  # fmt: skip
