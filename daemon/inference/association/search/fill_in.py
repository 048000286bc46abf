"""Two-sided search: what may lie unseen between two sightings that are linked, known from both of its ends.

A link over a camera that missed the target, or one that took long, may hide a sighting where nobody looked. What that
is worth follows from the link itself: the ways over another camera are weighed with the same densities.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from daemon.inference.association.kernels import kernel
from daemon.inference.association.search.arena import ALLOWED, STATES, Arena
from daemon.inference.association.search.choosing import uncovered
from daemon.inference.association.search.densities import density
from daemon.inference.association.search.ground import PAUSE_S, Ground

#: Links that are less sure are not looked into.
_SURE = 0.4
#: Spread of a time between the two ends, in standard deviations of its logarithm.
_REACH = 2.5
#: A way over one camera more, which would have to be found or to have missed as well, counts this much.
_FURTHER = 0.5
#: Chance a second that somebody who has walked about for some time comes by one certain camera nearby.
_WANDERING = 1.0 / 3_000.0


@kernel
def best_gap(arena: Arena, ground: Ground, asked: np.ndarray) -> int:
    """Return the route whose camera is most likely to have seen the target between two sightings; -1 for none.

    Sets asked[0] to that probability and asked[1:3] to the span to search.
    """
    best, found = 0.0, -1
    start = end = overlaps = 0.0
    span = np.empty(4)
    for number in range(1, arena.counts[STATES]):
        state = arena.states[number]
        if state.best_in < 0 or state.flow < _SURE:
            continue
        edge = arena.edges[state.best_in]
        at = arena.states[edge.source].first_route
        while at >= 0:
            route = arena.routes[at]
            if route.origin != route.camera and arena.allowed[route.camera] == ALLOWED:
                ratio = _between(arena, ground, route, state, span)
                if ratio > 0.0:
                    worth = state.flow * ratio / (edge.ratio + ratio)
                    if worth > best:
                        best, found, start, end, overlaps = worth, at, span[1], span[2], span[3]
            at = route.next
    asked[0], asked[1], asked[2], asked[3] = best, start, end, overlaps
    return found


@kernel
def _between(arena: Arena, ground: Ground, route: Any, state: Any, span: np.ndarray) -> float:
    """Return the ratio of going over a route's camera, as far as it was not searched, to strangers."""
    before = arena.states[route.state]
    seconds = state.time - before.time
    if seconds < 1.2 * route.median:
        return 0.0
    here = ground.cameras[route.camera]
    degree = here.end - here.first
    first = here.turns + route.arrival * degree
    scale = math.exp(before.slowness)
    total = likeliest = rest = 0.0
    for k in range(degree):
        way = ground.ways[here.first + k]
        turn = (1.0 - here.leaving) * ground.turn[first + k]
        if way.target == state.camera:
            median = route.median + scale * way.median
            part = turn * density(seconds, median, route.log_sd, 2.0 * route.pause, ground.numbers[PAUSE_S])
            total += part
            if part > likeliest:
                likeliest, rest = part, scale * way.median
            continue
        there = ground.cameras[way.target]
        size = there.end - there.first
        place = there.turns + way.arrival * size
        for j in range(size):
            if ground.ways[there.first + j].target == state.camera:
                leg = scale * (way.median + ground.ways[there.first + j].median)
                part = density(seconds, route.median + leg, route.log_sd, 2.0 * route.pause, ground.numbers[PAUSE_S])
                part *= turn * _FURTHER * ground.turn[place + j]
                total += part
                if part > likeliest:
                    likeliest, rest = part, leg
    if seconds > 3.0 * route.median:
        total += _WANDERING
        if likeliest < _WANDERING:
            rest = min(route.median, 0.5 * (seconds - route.median))
    if total <= 0.0 or not _lay(before.time, state.time, route.median, rest, route.log_sd, span):
        return 0.0
    whole = span[2] - span[1]
    if not uncovered(arena, route.camera, span[1], span[2], span):
        return 0.0
    seen = 1.0 - ground.cameras[state.camera].missing
    rate = arena.detections[state.detection].rate
    return float(route.chance * route.seen * seen * total / rate * (span[2] - span[1]) / whole)


@kernel
def _lay(start: float, end: float, ahead: float, behind: float, log_sd: float, span: np.ndarray) -> bool:
    """Set span[1:3] to when a target may be between, seen from both ends; a pause may be on either side."""
    quick, slow = math.exp(-_REACH * log_sd), math.exp(_REACH * log_sd)
    late = max(end - start - (ahead + behind) * slow, 0.0)
    span[1] = max(start + ahead * quick, end - behind * slow - late)
    span[2] = min(end - behind * quick, start + ahead * slow + late)
    return bool(span[2] > span[1])
