"""Growing the lattice of a search: opening states into routes, joining routes with what was seen at their ends."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from daemon.inference.association.kernels import kernel
from daemon.inference.association.search.arena import (
    ALLOWED,
    DETECTIONS_HERE,
    EDGES,
    FIRST_DETECTION,
    FIRST_ROUTE,
    REMOVED,
    ROUTES,
    ROUTES_HERE,
    STAGES,
    STATES,
    Arena,
)
from daemon.inference.association.search.densities import cumulative, density
from daemon.inference.association.search.ground import (
    COMING,
    HOP_SD,
    LEAST_LIK,
    LEAST_WEIGHT,
    PAUSE,
    PAUSE_S,
    PERSON_SD,
    POINTING,
    Ground,
)

#: The core of a transit time in standard deviations of its logarithm, and how far the stages of the tail reach beyond.
_CORE = (-2.5, 2.1)
_TAIL_1, _TAIL_2, _TAIL_3 = 150.0, 450.0, 1200.0
#: Spread of the logarithm of the time until somebody who stays is seen again.
_STAYING_SD = 1.2
#: Share of directions that are believed at all.
_SURELY = 0.9


@kernel
def add_state(arena: Arena, detection: int, origin: int, arrival: int) -> int:
    """Return the state of a detection that was come to from a camera; made where there is none yet."""
    seen = arena.detections[detection]
    at = seen.first_state
    while at >= 0:
        if arena.states[at].origin == origin:
            return int(at)
        at = arena.states[at].next
    number = arena.counts[STATES]
    arena.counts[STATES] = number + 1
    state = arena.states[number]
    state.time, state.detection, state.camera = seen.time, detection, seen.camera
    state.origin, state.arrival, state.next = origin, arrival, seen.first_state
    state.first_route = state.first_edge = state.best_in = -1
    state.opened = 0
    state.slowness = state.slowness_var = 0.0
    state.rest = 1.0
    state.dark = state.open = 0.0
    state.total = state.free = 1.0
    state.posterior = state.hope = state.flow = 0.0
    seen.first_state = number
    place = number
    while place > 0 and arena.states[arena.order[place - 1]].time > seen.time:
        arena.order[place] = arena.order[place - 1]
        place -= 1
    arena.order[place] = number
    return int(number)


@kernel
def join(arena: Arena, ground: Ground, route_number: int, detection: int) -> None:
    """Let a route's state be followed by a detection at its end, where the time allows."""
    route = arena.routes[route_number]
    seen = arena.detections[detection]
    seconds = seen.time - arena.states[route.state].time
    if seconds <= 0.0 or seconds > route.bound[STAGES]:
        return
    likely = density(seconds, route.median, route.log_sd, route.pause, ground.numbers[PAUSE_S])
    ratio = route.chance * route.seen * likely / seen.rate
    if ground.numbers[COMING] > 0.0 and not math.isnan(seen.direction):
        ratio *= _coming(ground, seen.direction, route.way)
    if ratio * seen.lik < ground.numbers[LEAST_WEIGHT]:
        return
    target = add_state(arena, detection, route.origin, route.arrival)
    number = arena.counts[EDGES]
    arena.counts[EDGES] = number + 1
    edge = arena.edges[number]
    edge.source, edge.target, edge.route, edge.ratio = route.state, target, route_number, ratio
    edge.next = arena.states[route.state].first_edge
    arena.states[route.state].first_edge = number


@kernel
def _coming(ground: Ground, direction: float, way: int) -> float:
    """How much likelier a direction of movement is of who came by a way than of anybody who passes."""
    kappa = ground.numbers[COMING]
    here = ground.cameras[ground.ways[way].target]
    if here.end == here.first:
        return 1.0
    mean = 0.0
    for k in range(here.first, here.end):
        mean += math.exp(-kappa * math.cos(math.radians(direction - ground.ways[k].bearing)))
    along = math.exp(kappa * math.cos(math.radians(direction - ground.ways[way].bearing)))
    return float(_SURELY * along * (here.end - here.first) / mean + 1.0 - _SURELY)


@kernel
def _add_route(
    arena: Arena,
    ground: Ground,
    state_number: int,
    way_number: int,
    origin: int,
    via: int,
    depth: int,
    chance: float,
    median: float,
    square: float,
    metres: float,
    end: float,
    skip_depth: int,
) -> None:
    state = arena.states[state_number]
    way = ground.ways[way_number]
    camera = way.target
    number = arena.counts[ROUTES]
    arena.counts[ROUTES] = number + 1
    route = arena.routes[number]
    route.state, route.camera, route.origin, route.arrival = state_number, camera, origin, way.arrival
    route.way = way_number
    route.via, route.depth, route.stage, route.expanded = via, depth, 0, 0
    scaled = way.median * math.exp(state.slowness)
    route.median, route.square, route.metres = median + scaled, square + scaled * scaled, metres + way.metres
    clock = ground.cameras[camera].clock_sd ** 2 + ground.cameras[state.camera].clock_sd ** 2
    variance = ground.numbers[HOP_SD] ** 2 * route.square + clock
    route.log_sd = math.sqrt(state.slowness_var + variance / route.median**2)
    stays = origin == camera
    if stays:
        route.log_sd = _STAYING_SD
    route.pause = 1.0 - (1.0 - ground.numbers[PAUSE]) ** (depth + 1)
    route.chance = chance
    route.seen = 1.0 - ground.cameras[camera].missing if arena.allowed[camera] == ALLOWED else 0.0
    if stays:
        route.seen = 1.0 if arena.allowed[camera] == ALLOWED else 0.0
    _lay_stages(route, end - state.time, ground.numbers[PAUSE_S], state, ground.numbers[LEAST_LIK] <= 0.0)
    going_on = chance * (1.0 - route.seen)
    within = cumulative(end - state.time, route.median, route.log_sd, route.pause, ground.numbers[PAUSE_S])
    state.rest += going_on * (1.0 - within)
    route.unseen = going_on * within
    if stays or depth >= skip_depth or route.unseen < 1e-9:
        state.dark += route.unseen
        route.unseen, route.expanded = 0.0, 1
    state.open += route.unseen
    route.next, state.first_route = state.first_route, number
    route.next_here = arena.heads[camera, FIRST_ROUTE]
    arena.heads[camera, FIRST_ROUTE] = number
    arena.heads[camera, ROUTES_HERE] += 1
    at = arena.heads[camera, FIRST_DETECTION]
    while at >= 0:
        if not arena.detections[at].idle:
            join(arena, ground, number, at)
        at = arena.detections[at].next


@kernel
def _lay_stages(route: Any, left: float, pause_s: float, state: Any, whole: bool) -> None:
    """Cut what may come into stages, and tell what lies beyond them and beyond the horizon.

    whole: leave nothing before the first and after the last.
    """
    sd = route.log_sd
    route.bound[0] = min(route.median * math.exp(_CORE[0] * sd), left)
    core = route.median * math.exp(_CORE[1] * sd)
    route.bound[1] = min(core, left)
    route.bound[2] = min(core + _TAIL_1, left)
    route.bound[3] = min(core + _TAIL_2, left)
    route.bound[4] = min(core + _TAIL_3, left)
    if whole:
        route.bound[0], route.bound[STAGES] = 0.0, left
    seen = route.chance * route.seen
    before = cumulative(route.bound[0], route.median, sd, route.pause, pause_s)
    state.dark += seen * before
    for stage in range(STAGES):
        after = cumulative(route.bound[stage + 1], route.median, sd, route.pause, pause_s)
        route.mass[stage] = seen * max(after - before, 0.0)
        state.open += route.mass[stage]
        before = after
    within = cumulative(left, route.median, sd, route.pause, pause_s)
    state.dark += seen * max(within - before, 0.0)
    state.rest += seen * (1.0 - max(within, before))


@kernel
def open_state(arena: Arena, ground: Ground, number: int, end: float, skip_depth: int, adapts: bool) -> None:
    """Lay the routes from a state to its neighbours. The speed of the target is that of the likeliest way to here."""
    state = arena.states[number]
    state.opened = 1
    state.slowness, state.slowness_var = 0.0, ground.numbers[PERSON_SD] ** 2
    if adapts and state.best_in >= 0:
        _learn_speed(arena, ground, state)
    here = ground.cameras[state.camera]
    degree = here.end - here.first
    state.rest = here.leaving
    if degree == 0:
        state.dark = 1.0 - here.leaving  # nobody knows where from here, which is not nowhere
    place = state.arrival if state.arrival >= 0 else here.arriving
    first = here.turns + place * degree
    direction = arena.detections[state.detection].direction
    total = 0.0
    for k in range(degree):
        total += ground.turn[first + k] * _along(ground, direction, here.first + k)
    for k in range(degree):
        along = _along(ground, direction, here.first + k)
        chance = (1.0 - here.leaving) * ground.turn[first + k] * along / total
        _add_route(arena, ground, number, here.first + k, state.camera, -1, 0, chance, 0.0, 0.0, 0.0, end, skip_depth)


@kernel
def _along(ground: Ground, direction: float, way: int) -> float:
    if math.isnan(direction):
        return 1.0
    return math.exp(ground.numbers[POINTING] * math.cos(math.radians(direction - ground.ways[way].bearing)))


@kernel
def _learn_speed(arena: Arena, ground: Ground, state: Any) -> None:
    """Take the speed of the state before, and what the hop from there tells, as far as it was no pause."""
    edge = arena.edges[state.best_in]
    before = arena.states[edge.source]
    route = arena.routes[edge.route]
    seconds = state.time - before.time
    noise = max(route.log_sd**2 - before.slowness_var, 1e-6)
    whole = density(seconds, route.median, route.log_sd, route.pause, ground.numbers[PAUSE_S])
    straight = density(seconds, route.median, route.log_sd, 0.0, ground.numbers[PAUSE_S])
    walking = (1.0 - route.pause) * straight / max(whole, 1e-30)
    gain = before.slowness_var / (before.slowness_var + noise) * walking
    state.slowness = before.slowness + gain * math.log(seconds / route.median)
    state.slowness_var = before.slowness_var * (1.0 - gain)


@kernel
def expand(arena: Arena, ground: Ground, number: int, end: float, skip_depth: int) -> None:
    """Let a route go on from its camera, which did not see the target."""
    route = arena.routes[number]
    state = arena.states[route.state]
    route.expanded = 1
    state.open -= route.unseen
    here = ground.cameras[route.camera]
    degree = here.end - here.first
    state.rest += route.unseen * here.leaving
    if degree == 0:
        state.dark += route.unseen * (1.0 - here.leaving)
    first = here.turns + route.arrival * degree
    for k in range(degree):
        chance = route.unseen * (1.0 - here.leaving) * ground.turn[first + k]
        _add_route(
            arena, ground, route.state, here.first + k, route.camera, number, route.depth + 1, chance, route.median,
            route.square, route.metres, end, skip_depth,
        )  # fmt: skip
    route.unseen = 0.0


@kernel
def room_to_grow(arena: Arena, ground: Ground, camera: int, needs: np.ndarray) -> bool:
    """Tell whether the ways on from a camera surely fit; sets what is needed where they may not."""
    here = ground.cameras[camera]
    most = 0
    for k in range(here.first, here.end):
        most += arena.heads[ground.ways[k].target, DETECTIONS_HERE]
    needs[1], needs[2], needs[3] = most, here.end - here.first, most
    return bool(
        arena.counts[1] + most <= len(arena.states)
        and arena.counts[2] + needs[2] <= len(arena.routes)
        and arena.counts[3] + most <= len(arena.edges)
    )


@kernel
def close_camera(arena: Arena, camera: int) -> None:
    """Take a camera out: what was still to be searched at it is dark from now on."""
    arena.allowed[camera] = REMOVED
    at = arena.heads[camera, FIRST_ROUTE]
    while at >= 0:
        route = arena.routes[at]
        state = arena.states[route.state]
        for stage in range(route.stage, STAGES):
            state.open -= route.mass[stage]
            state.dark += route.mass[stage]
        at = route.next_here
