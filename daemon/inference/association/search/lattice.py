"""A search in one direction of time: the lattice of what was seen, and the tasks that are open on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from daemon.inference.association.matching.centring import centred
from daemon.inference.association.network.site_model import Course, SiteModel
from daemon.inference.association.search import arena as memory
from daemon.inference.association.search.choosing import ask, note
from daemon.inference.association.search.fill_in import best_gap
from daemon.inference.association.search.ground import SIGN, ground
from daemon.inference.association.search.growing import add_state, close_camera
from daemon.inference.association.search.query import Limits, Query
from daemon.inference.association.search.scoring import absorb, add_detection, camera_offset
from daemon.inference.association.search.weighing import proceed
from daemon.ports.sightings import SightingsView

#: A state is opened, too, that would be worth this much if nothing spoke for what came after its rivals.
_HOPEFUL = 0.02
#: Log-likelihood ratio of a thing that travels with the target having been read.
_CARRIED_LLR = 9.0


class Lattice:
    """One direction of a search. sign: 1 forwards, -1 backwards; end: of the horizon, in the arena's time."""

    def __init__(
        self, site: SiteModel, view: SightingsView, query: Query, limits: Limits, *, backwards: bool = False
    ) -> None:
        self.view, self.query, self.limits = view, query, limits
        self.course: Course = site.backwards if backwards else site.forwards
        self.ground = ground(site, backwards=backwards, whole=limits.stop_mass <= 0.0)
        self.sign = float(self.ground.numbers[SIGN])
        widths = self.ground.body_mean.shape[1], self.ground.face_mean.shape[1]
        self.arena = memory.fresh(_allowed(site, view, query), *widths)
        self.needs = np.zeros(6, dtype=np.int64)
        self._asked = np.zeros(4)
        self._hopeful = min(_HOPEFUL, 10 * limits.stop_mass)
        self._row = -1 if query.row is None else query.row
        utc = query.time_s - float(camera_offset(self.ground, query.camera, query.time_s))
        self.start = self.sign * utc
        self.end = self.start + query.horizon_s
        self._see_query()
        self._see_carried()
        self.best()

    def _see_query(self) -> None:
        query, arena = self.query, self.arena
        turned = float("nan") if query.direction_deg is None else query.direction_deg + (180.0 if self.sign < 0 else 0)
        add_detection(arena, self.ground, query.camera, self._row, self.start, turned, 1.0)
        _fill(arena.body_template, arena.pictures[:2], query.body, self.ground.body_mean[query.camera])
        _fill(arena.face_template, arena.pictures[2:], query.face, self.ground.face_mean[query.camera])
        origin, arrival = -1, -1
        if query.came_from is not None and self.sign > 0:
            origin = query.came_from
            way = int(self.course.plan.ways_of(np.array([origin], np.int32), np.array([query.camera], np.int32))[0])
            arrival = int(self.course.plan.arrival[way]) if way >= 0 else -1
        add_state(arena, 0, origin, arrival)

    def _see_carried(self) -> None:
        for number, thing in enumerate(self.query.carried):
            for camera, clock in self.view.carried(thing):
                time = self.sign * (clock - float(camera_offset(self.ground, camera, clock)))
                if not self.start < time <= self.end or self.arena.allowed[camera] != memory.ALLOWED:
                    continue
                self._room(detections=1)
                place = add_detection(self.arena, self.ground, camera, -2 - number, time, float("nan"), 1.0)
                seen = self.arena.detections[place]
                seen["thing"] = number
                seen["lik"] = np.exp(_CARRIED_LLR)
                seen["idle"] = 0

    def _room(self, detections: int = 0, states: int = 0, edges: int = 0, spans: int = 0) -> None:
        arena, used = self.arena, self.arena.counts[:6].tolist()
        if (
            used[0] + detections > len(arena.detections)
            or used[1] + states > len(arena.states)
            or used[3] + edges > len(arena.edges)
            or max(used[4], used[5]) + spans > min(len(arena.spans), len(arena.tasks))
        ):
            self.needs[:] = detections, states, 0, edges, spans, spans
            self.arena = memory.grown(arena, self.needs)

    def best(self, *, settled: bool = False) -> tuple[float, int]:
        """Return the probability and the route of the best open task; 0 and -1 where none is worth its search.

        All is weighed anew before, but where it is settled already.
        """
        limits = self.limits
        adapts, worth, depth = not limits.frozen_template, limits.stop_mass, limits.skip_depth
        while True:
            route = proceed(
                self.arena, self.ground, self.end, worth, self._hopeful, depth, adapts, settled, self.needs, self._asked
            )
            if route >= -1:
                return (self._asked.item(0), route) if route >= 0 else (0.0, -1)
            self.arena = memory.grown(self.arena, self.needs)
            self.needs[:] = 0

    def search(self, route: int) -> None:
        """Search the next window of a route, of which only what was not searched before is read."""
        self._room(spans=1)
        if ask(self.arena, route, self._asked):
            self._read(route)

    def best_gap(self) -> tuple[float, int]:
        """Return the probability and the route of the gap between two sightings that is best filled in; 0 and -1."""
        route = int(best_gap(self.arena, self.ground, self._asked))
        return (float(self._asked[0]), route) if route >= 0 else (0.0, -1)

    def fill(self, route: int) -> None:
        """Search the span that `best_gap` has just found."""
        self._room(spans=1)
        note(self.arena, route, self._asked)
        before = int(self.arena.counts[memory.DETECTIONS])
        self._read(route)
        self.arena.detections["filled"][before : int(self.arena.counts[memory.DETECTIONS])] = 1

    def _read(self, route: int) -> None:
        """Compare what a route's camera saw in the span that was asked for."""
        arena = self.arena
        camera = int(arena.routes[route]["camera"])
        start, end = float(self._asked[1]), float(self._asked[2])
        first, last = (start, end) if self.sign > 0 else (-end, -start)
        ahead = float(camera_offset(self.ground, camera, first))
        window = self.view.window(camera, first + ahead, last + ahead)
        count = len(window.rows)
        if not count:
            return
        joins = count * int(arena.heads[camera, memory.ROUTES_HERE])
        self._room(count, joins, joins)
        compared = absorb(
            self.arena, self.ground, camera, self._row, bool(self._asked[3]), window.rows, window.times,
            window.body.view(np.uint16), window.face_rows, window.faces.view(np.uint16), window.quality,
            window.direction_deg,
        )  # fmt: skip
        self.arena.tasks[self.arena.counts[memory.TASKS] - 1]["compared"] = compared

    def remove(self, camera: int) -> None:
        """Search nothing more at a camera; what was seen there stays."""
        close_camera(self.arena, camera)

    def unexplored(self) -> float:
        """Return the probability that the target's last sighting here is followed by one where nobody looked."""
        states = self.arena.states[: self.arena.counts[memory.STATES]]
        left = np.where(states["opened"] == 1, states["dark"] + states["open"], 1.0)
        return float(np.sum(states["posterior"] * left / states["total"]))


def _allowed(site: SiteModel, view: SightingsView, query: Query) -> NDArray[np.uint8]:
    allowed = np.full(len(site.cameras), memory.ALLOWED, dtype=np.uint8)
    if query.cameras is not None:
        allowed[:] = memory.OUT_OF_CASE
        allowed[[camera for camera in query.cameras if camera < len(allowed)]] = memory.ALLOWED
    allowed[len(view.cameras) :] = memory.NOT_IN_VIEW
    return allowed


def _fill(
    template: NDArray[np.float32], pictures: NDArray[np.int32], given: NDArray[np.float32], mean: NDArray[np.float32]
) -> None:
    if given.ndim == 2 and len(given) and given.shape[1] == len(mean):
        units = centred(np.asarray(given, np.float32), mean)
        template[:] = units.sum(axis=0)
        pictures[:] = int(units.any(axis=1).sum())
