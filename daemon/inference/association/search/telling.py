"""What a search found, out of its arrays: hops with their terms, alternatives, tasks that were not searched and why."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.inference.association.search import arena as memory
from daemon.inference.association.search.lattice import Lattice
from daemon.inference.association.search.trajectory import Hop, SearchedTask, Trajectory

if TYPE_CHECKING:
    from daemon.inference.association.search.best_first import BestFirst

_ACCEPTED = 0.5
#: A task that is less probable is not told of among those left.
_SLIGHT = 1e-4
#: The same for the tree and the alternatives.
_FAINT = 1e-6
_ALTERNATIVES, _TASKS_LEFT = 5, 300
#: Alternatives to a sighting lie within so many seconds of it.
_MOMENT_S = 90.0
_REASONS = {memory.OUT_OF_CASE: "camera not in the case", memory.REMOVED: "camera removed"}


def trajectory_of(search: BestFirst) -> Trajectory:
    """Return the result of a search as it stands."""
    tree: list[Hop] = []
    tasks: list[SearchedTask] = []
    for lattice in search.lattices:
        teller = _Teller(search, lattice, len(tree))
        tree += teller.tree
        tasks += teller.tasks()
    hops, places = _accepted(tree)
    return Trajectory(
        query_camera=search.view.cameras[search.query.camera],
        query_time_s=search.lattices[0].start * search.lattices[0].sign,
        hops=hops,
        alternatives=tuple(_alternatives(tree, place) for place in places),
        tree=tuple(tree),
        tasks=tuple(tasks),
        unexplored=search.unexplored(),
        rounds=search.progress().rounds,
        compared=search.compared,
        cpu_s=search.progress().cpu_s,
        ended=search.progress().ended,
    )


def _accepted(tree: list[Hop]) -> tuple[tuple[Hop, ...], list[int]]:
    """The accepted hops in order of time, each with the accepted one that it follows, and their places in the tree."""
    places = sorted((k for k, hop in enumerate(tree) if hop.posterior >= _ACCEPTED), key=lambda k: tree[k].time_s)
    index = {place: k for k, place in enumerate(places)}
    hops: list[Hop] = []
    for place in places:
        parent = tree[place].parent
        while parent >= 0 and parent not in index:
            parent = tree[parent].parent
        hops.append(_with_parent(tree[place], index.get(parent, -1)))
    return tuple(hops), places


def _with_parent(hop: Hop, parent: int) -> Hop:
    return replace(hop, parent=parent)


def _alternatives(tree: list[Hop], place: int) -> tuple[Hop, ...]:
    """Other sightings that cannot be the target's beside this one, or are of about the same moment."""
    taken = tree[place]
    others = [
        hop
        for k, hop in enumerate(tree)
        if k != place and hop.posterior < _ACCEPTED and abs(hop.time_s - taken.time_s) <= _MOMENT_S
    ]
    return tuple(sorted(others, key=lambda hop: -hop.posterior)[:_ALTERNATIVES])


class _Teller:
    """One lattice. tree: detections that stand in a state, from the query on; first: place of the first of them."""

    def __init__(self, search: BestFirst, lattice: Lattice, first: int) -> None:
        self.search, self.lattice, self.first = search, lattice, first
        counts, arena = lattice.arena.counts, lattice.arena
        self.states: Any = arena.states[: counts[memory.STATES]]
        self.detections: Any = arena.detections[: counts[memory.DETECTIONS]]
        self.routes: Any = arena.routes[: counts[memory.ROUTES]]
        self.edges: Any = arena.edges[: counts[memory.EDGES]]
        self.place: dict[int, int] = {}
        self.tree: list[Hop] = []
        posterior = search.posterior(self.detections["marginal"])
        for number in np.argsort(self.detections["time"], kind="stable").tolist():
            if number == 0 or self.detections[number]["marginal"] < _FAINT:
                continue
            self.place[number] = first + len(self.tree)
            self.tree.append(self._hop(number, float(posterior[number])))

    def _best_state(self, detection: int) -> int:
        best, at = -1, int(self.detections[detection]["first_state"])
        while at >= 0:
            if best < 0 or self.states[at]["posterior"] > self.states[best]["posterior"]:
                best = at
            at = int(self.states[at]["next"])
        return best

    def _hop(self, number: int, posterior: float) -> Hop:
        seen = self.detections[number]
        state = self.states[self._best_state(int(seen["passage"]))]
        edge = self.edges[state["best_in"]]
        route, before = self.routes[edge["route"]], self.states[edge["source"]]
        thing = self.search.query.carried[seen["thing"]] if seen["thing"] >= 0 else None
        return Hop(
            row=int(seen["row"]),
            detection=self.search.view.id_of(int(seen["row"])) if thing is None else "",
            camera=self.search.site.cameras[seen["camera"]],
            time_s=float(seen["time"]) * self.lattice.sign,
            posterior=posterior,
            body=_known(seen["body_cos"]),
            face=_known(seen["face_cos"]),
            body_llr=float(seen["body_llr"]),
            face_llr=float(seen["face_llr"]),
            space_time_llr=math.log(max(float(edge["ratio"]), 1e-30)),
            carried="" if thing is None else f"{thing.kind} {thing.value}",
            seconds=max(0.0, float(seen["time"] - before["time"])),
            metres=float(route["metres"]),
            turn_deg=self._turn(route, before),
            missed=self._missed(route),
            filled=bool(seen["filled"]),
            parent=self.place.get(int(before["detection"]), -1),
        )

    def _missed(self, route: Any) -> tuple[str, ...]:
        names: list[str] = []
        while route["via"] >= 0:
            route = self.routes[route["via"]]
            names.append(self.search.site.cameras[route["camera"]])
        return tuple(reversed(names))

    def _turn(self, route: Any, before: Any) -> float | None:
        """The angle between the way into the state before and the first way out of it."""
        if before["origin"] < 0:
            return None
        plan = self.lattice.course.plan
        while route["via"] >= 0:
            route = self.routes[route["via"]]
        ends = np.array([[before["origin"], before["camera"]], [before["camera"], route["camera"]]], dtype=np.int32)
        ways = plan.ways_of(ends[:, 0], ends[:, 1])
        if (ways < 0).any():
            return None
        return float((plan.bearing_deg[ways[1]] - plan.bearing_deg[ways[0]] + 180.0) % 360.0 - 180.0)

    def tasks(self) -> list[SearchedTask]:
        """Tasks that were searched, then those that were left, the most probable first."""
        arena = self.lattice.arena
        done = [
            self._task(task["camera"], task["start"], task["end"], task["state"], task["mass"], task["compared"], "")
            for task in arena.tasks[: arena.counts[memory.TASKS]]
        ]
        return done + self._left()

    def _task(
        self, camera: int, start: float, end: float, state: int, mass: float, compared: int, reason: str
    ) -> SearchedTask:
        if self.lattice.sign < 0:
            start, end = -end, -start
        return SearchedTask(
            camera=self.search.site.cameras[camera],
            start_s=float(start),
            end_s=float(end),
            parent=self.place.get(int(self.states[state]["detection"]), -1),
            mass=float(mass),
            compared=int(compared),
            reason=reason,
        )

    def _left(self) -> list[SearchedTask]:
        ended = self.search.progress().ended
        why = {"explored": "below stop_mass", "": "below stop_mass"}.get(ended, ended)
        left: list[tuple[float, SearchedTask]] = []
        share = self.states["posterior"] / self.states["total"]
        for route in self.routes[share[self.routes["state"]] * self.routes["chance"] > _SLIGHT]:
            allowed = int(self.lattice.arena.allowed[route["camera"]])
            part = float(share[route["state"]])
            born = float(self.states[route["state"]]["time"])
            reason = _REASONS.get(allowed, why)
            masses, first = route["mass"].tolist(), int(route["stage"])
            if allowed in _REASONS and not route["seen"]:
                masses, first = [float(route["chance"])], 0
            for stage in range(first, len(masses)):
                if part * masses[stage] > _SLIGHT:
                    ends = born + float(route["bound"][stage]), born + float(route["bound"][stage + 1])
                    task = self._task(route["camera"], *ends, route["state"], part * masses[stage], 0, reason)
                    left.append((task.mass, task))
        return [task for _, task in sorted(left, key=lambda pair: -pair[0])[:_TASKS_LEFT]]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
