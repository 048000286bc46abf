"""What the order of the global list is worth: the same search with tasks drawn at random from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from daemon.inference.association.folders.exam import Exam
from daemon.inference.association.network.site_model import SiteModel
from daemon.inference.association.search import arena as memory
from daemon.inference.association.search.best_first import BestFirst
from daemon.inference.association.search.lattice import Lattice
from daemon.inference.association.search.query import Limits, Query

#: A shuffled search is given up after so many times what the ordered one compares.
_PATIENCE: Final = 30


class ShuffledLattice(Lattice):
    """Takes any open task, each as likely, instead of the most probable."""

    draw = np.random.default_rng(0)

    def best(self, *, settled: bool = False) -> tuple[float, int]:
        """Return a task drawn from all that are open, once all is weighed."""
        super().best(settled=settled)
        arena = self.arena
        routes: Any = arena.routes[: arena.counts[memory.ROUTES]]
        states: Any = arena.states
        share = states["posterior"][routes["state"]] / states["total"][routes["state"]]
        stage = np.minimum(routes["stage"], memory.STAGES - 1)
        mass = share * routes["mass"][np.arange(len(routes)), stage]
        searchable = (arena.allowed[routes["camera"]] == memory.ALLOWED) & (routes["stage"] < memory.STAGES)
        tasks = np.flatnonzero(searchable & (mass > 0))
        if not len(tasks):
            return 0.0, -1
        chosen = int(self.draw.choice(tasks))
        self._asked[0] = mass[chosen]
        return float(mass[chosen]), chosen


def comparisons_to_recall(site: SiteModel, exam: Exam, share: float) -> tuple[float, float, float]:
    """Return the recall that is a share of what the ordered search ends with, and comparisons per query to it.

    Those of the ordered search, then of the shuffled one; infinite where it was given up before.
    """
    limits = Limits()
    true = {name: exam.true(name) for name in exam.queries}
    ordered = [_course(exam, BestFirst(site, exam.view, query, limits), query, true[name])
               for name, query in exam.queries.items()]  # fmt: skip
    most = _PATIENCE * float(np.mean([course[-1][0] for course in ordered]))
    shuffled = []
    for name, query in exam.queries.items():
        search = BestFirst(site, exam.view, query, limits)
        search.lattices = [ShuffledLattice(site, exam.view, query, limits)]
        shuffled.append(_course(exam, search, query, true[name], most))
    sightings = sum(map(len, true.values()))
    wanted = share * sum(course[-1][1] for course in ordered) / sightings
    return wanted, _reached(ordered, wanted * sightings), _reached(shuffled, wanted * sightings)


def _course(
    exam: Exam, search: BestFirst, query: Query, true: frozenset[str], most: float = np.inf
) -> list[tuple[int, int]]:
    """Search to the end; return after rounds how many were compared by then, and how many found are right."""
    course = [(0, 0)]
    while search.advance(1) and search.compared < most:
        if search.compared > course[-1][0]:
            course.append((search.compared, len(true.intersection(exam.found(query, search.found())))))
    course.append((search.compared, len(true.intersection(exam.found(query, search.found())))))
    return course


def _reached(courses: Sequence[Sequence[tuple[int, int]]], wanted: float) -> float:
    """Return the mean comparisons per query at which so many sightings are right in all, all queries cut alike."""
    for budget in sorted({compared for course in courses for compared, _ in course}):
        cut = [max((step for step in course if step[0] <= budget), key=lambda step: step[0]) for course in courses]
        if sum(right for _, right in cut) >= wanted:
            return float(np.mean([compared for compared, _ in cut]))
    return float("inf")
