"""The global list of open tasks: which is worth most now."""

from __future__ import annotations

import numpy as np

from daemon.inference.association.kernels import kernel
from daemon.inference.association.search.arena import (
    ALLOWED,
    FIRST_SPAN,
    ROUTES,
    SPANS,
    STAGES,
    TASKS,
    Arena,
)


@kernel
def best_task(arena: Arena, asked: np.ndarray) -> int:
    """Find the open task of the greatest probability; set asked[0] to that. -1: none is left.

    A route's number stands for its next stage, and number plus the count of all routes for letting it go on unseen.
    """
    best, found = 0.0, -1
    count = arena.counts[ROUTES]
    for number in range(count):
        route = arena.routes[number]
        state = arena.states[route.state]
        share = state.posterior / state.total
        if share <= 0.0:
            continue
        allowed = arena.allowed[route.camera] == ALLOWED
        if allowed and route.stage < STAGES and share * route.mass[route.stage] > best:
            best, found = share * route.mass[route.stage], number
        if not route.expanded and share * route.unseen > best:
            best, found = share * route.unseen, number + count
    asked[0] = best
    return found


@kernel
def ask(arena: Arena, number: int, asked: np.ndarray) -> bool:
    """Set asked[1:3] to what of a route's next stage was not yet searched, and count it as searched. False: nothing."""
    route = arena.routes[number]
    state = arena.states[route.state]
    stage = route.stage
    route.stage = stage + 1
    state.open -= route.mass[stage]
    start, end = state.time + route.bound[stage], state.time + route.bound[stage + 1]
    if not uncovered(arena, route.camera, start, end, asked):
        return False
    note(arena, number, asked)
    return True


@kernel
def uncovered(arena: Arena, camera: int, start: float, end: float, asked: np.ndarray) -> bool:
    """Set asked[1:3] to the span less what was searched of it at either end, asked[3] to 1 where some was within.

    False: nothing is left.
    """
    changed = True
    while changed and end > start:
        changed = False
        at = arena.heads[camera, FIRST_SPAN]
        while at >= 0:
            span = arena.spans[at]
            if span.start <= start < span.end:
                start, changed = span.end, True
            if span.start < end <= span.end:
                end, changed = span.start, True
            at = span.next
    asked[1], asked[2], asked[3] = start, end, 0.0
    at = arena.heads[camera, FIRST_SPAN]
    while at >= 0:
        if arena.spans[at].start < end and arena.spans[at].end > start:
            asked[3] = 1.0
        at = arena.spans[at].next
    return bool(end > start)


@kernel
def note(arena: Arena, number: int, asked: np.ndarray) -> None:
    """Count asked[1:3] as searched for a route, with the probability asked[0]."""
    route = arena.routes[number]
    start, end = asked[1], asked[2]
    span_number = arena.counts[SPANS]
    arena.counts[SPANS] = span_number + 1
    span = arena.spans[span_number]
    span.start, span.end, span.next = start, end, arena.heads[route.camera, FIRST_SPAN]
    arena.heads[route.camera, FIRST_SPAN] = span_number
    task_number = arena.counts[TASKS]
    arena.counts[TASKS] = task_number + 1
    task = arena.tasks[task_number]
    task.start, task.end, task.mass, task.camera = start, end, asked[0], route.camera
    task.state, task.route, task.compared, task.reason = route.state, number, 0, 0
