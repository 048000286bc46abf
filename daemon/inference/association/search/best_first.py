"""Best-first search for one target: all open tasks in one list, the most probable next, all weighed anew after each."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from daemon.inference.association.network.site_model import SiteModel
from daemon.inference.association.search import arena as memory
from daemon.inference.association.search.lattice import Lattice
from daemon.inference.association.search.likeliest import likeliest_rows
from daemon.inference.association.search.query import Limits, Progress, Query
from daemon.inference.association.search.telling import trajectory_of
from daemon.inference.association.search.trajectory import Trajectory
from daemon.inference.association.search.validation import checked
from daemon.ports.sightings import SightingsView

#: A sighting is taken to be the target's from this marginal posterior on.
ACCEPTED = 0.5
#: A gap between two sightings is filled in that is worth so many times what a task has to be.
_GAP = 5.0


class BestFirst:
    """A search that goes on as long as it is asked to; what it found can be read at any time between.

    Not for two threads at once, but for `cancel` and `remove_camera`, which take effect before the next round. Raises
    InvalidInput for a query that does not fit the site.
    """

    def __init__(self, site: SiteModel, view: SightingsView, query: Query, limits: Limits = Limits()) -> None:  # noqa: B008
        started = time.thread_time()
        checked(site, view, query)
        self.site, self.view, self.query, self.limits = site, view, query, limits
        ways = [backwards for backwards, asked in ((False, query.forwards), (True, query.backwards)) if asked]
        self.lattices = [Lattice(site, view, query, limits, backwards=backwards) for backwards in ways]
        self._removed: list[int] = []
        self._cancelled = False
        self._rounds = self._tasks = 0
        self._ended = ""
        self._cpu_s = time.thread_time() - started

    def advance(self, rounds: int = 50) -> bool:
        """Search so many rounds more, each of Limits.batch tasks; False when the search has ended."""
        started, before = time.thread_time(), self._cpu_s
        for _ in range(rounds):
            if self._ended or self._must_end():
                break
            if not self._round():
                self._ended = "explored"
            self._cpu_s = before + time.thread_time() - started
        self._cpu_s = before + time.thread_time() - started
        return not self._ended

    def _must_end(self) -> bool:
        while self._removed:
            camera = self._removed.pop()
            for lattice in self.lattices:
                lattice.remove(camera)
        limits = self.limits
        for why, reached in (
            ("cancelled", self._cancelled),
            ("tasks", self._tasks >= limits.tasks),
            ("compared", self.compared >= limits.compared),
            ("seconds", self._cpu_s >= limits.seconds),
        ):
            if reached:
                self._ended = why
        return bool(self._ended)

    def _round(self) -> bool:
        searched = 0
        while searched < self.limits.batch and self._tasks < self.limits.tasks:
            if not self._search_best(settled=searched > 0):
                break
            searched += 1
            self._tasks += 1
        self._rounds += bool(searched)
        return bool(searched)

    def _search_best(self, *, settled: bool) -> bool:
        """Search the best task of all, or where none is worth it the best gap; False: there is neither."""
        worth, route, lattice = self._best_of([lattice.best(settled=settled) for lattice in self.lattices])
        if route >= 0:
            lattice.search(route)
            return True
        if self.limits.stop_mass <= 0.0:
            return False
        worth, route, lattice = self._best_of([lattice.best_gap() for lattice in self.lattices])
        if route < 0 or worth <= _GAP * self.limits.stop_mass:
            return False
        lattice.fill(route)
        return True

    def _best_of(self, offers: list[tuple[float, int]]) -> tuple[float, int, Lattice]:
        place = max(range(len(offers)), key=lambda k: offers[k][0])
        return (*offers[place], self.lattices[place])

    @property
    def compared(self) -> int:
        """How many detections were compared with the target so far."""
        return sum(int(lattice.arena.counts[memory.COMPARED]) for lattice in self.lattices)

    def progress(self) -> Progress:
        """Return where the search stands."""
        return Progress(
            rounds=self._rounds,
            tasks=self._tasks,
            compared=self.compared,
            found=len(self.found()),
            unexplored=self.unexplored(),
            cpu_s=self._cpu_s,
            ended=self._ended,
        )

    def unexplored(self) -> float:
        """Return the probability that a next sighting lies where nobody looked."""
        mean = sum(lattice.unexplored() for lattice in self.lattices) / max(len(self.lattices), 1)
        known = 1.0 - min(1.0, mean)
        stated = mean * self.site.calibration.unexplored  # a factor on the odds: what is surely unexplored stays so
        return float(stated / (known + stated)) if mean > 0.0 else 0.0

    def found(self) -> list[int]:
        """Return the rows that are taken to be the target's, oldest first."""
        rows: list[tuple[float, int]] = []
        for lattice in self.lattices:
            seen = lattice.arena.detections[1 : int(lattice.arena.counts[memory.DETECTIONS])]
            taken = seen[(self.posterior(seen["marginal"]) >= ACCEPTED) & (seen["row"] >= 0)]
            rows += zip((taken["time"] * lattice.sign).tolist(), taken["row"].tolist(), strict=True)
        return [row for _, row in sorted(rows)]

    def likeliest(self) -> list[int]:
        """Return the rows of the single likeliest trajectory, oldest first; `found` weighs all of them instead."""
        return [row for lattice in self.lattices[::-1] for row in likeliest_rows(lattice)[:: int(lattice.sign)]]

    def posterior(self, stated: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what posteriors of the search are worth, by what came true at this site."""
        return np.interp(stated, *self.site.calibration.hops.T)

    def trajectory(self) -> Trajectory:
        """Return what was found up to now."""
        return trajectory_of(self)

    def cancel(self) -> None:
        """End before the next round."""
        self._cancelled = True

    def remove_camera(self, camera: int) -> None:
        """Search nothing more at a camera, by number, from the next round on. What was seen there stays."""
        self._removed.append(camera)


def warm_up() -> None:
    """Compile the kernels, or load them from numba's cache, before the first search has to wait for them."""
    from daemon.inference.association.search import warming  # noqa: PLC0415  it searches, and so imports this file

    warming.warm_up()
