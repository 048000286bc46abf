"""Weighing the lattice: what each state's future says of it (upwards), and how likely each is (downwards).

Pearl's belief propagation on a graph ordered by time. What goes upwards counts each sighting by the lesser of what the
template and the query alone say: a wrong turn, once in the template, would otherwise prove itself by its own sequel.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from daemon.inference.association.search.arena import DETECTIONS, STATES, Arena
from daemon.inference.association.search.ground import Ground
from daemon.inference.association.search.growing import open_state, room_to_grow

_LARGEST = 1e200


@njit(cache=True, nogil=True)
def weigh(arena: Arena) -> None:
    """Recompute message, total, posterior and hope of every state, and the marginal of every detection."""
    count = arena.counts[STATES]
    states, edges, detections = arena.states, arena.edges, arena.detections
    for place in range(count - 1, -1, -1):
        state = states[arena.order[place]]
        state.posterior = state.hope = state.flow = 0.0
        if not state.opened:
            continue
        total = state.rest + state.dark + state.open
        message = free = total
        at = state.first_edge
        while at >= 0:
            edge = edges[at]
            seen = detections[states[edge.target].detection]
            weight = edge.ratio * states[edge.target].message
            total += weight * seen.lik
            message += weight * seen.anchored
            free += edge.ratio * seen.lik
            at = edge.next
        state.total, state.message, state.free = min(total, _LARGEST), min(message, _LARGEST), free
    states[0].posterior = states[0].hope = 1.0
    for place in range(count):
        state = states[arena.order[place]]
        at = state.first_edge
        if not state.opened or at < 0:
            continue
        share, hope = state.posterior / state.total, state.hope / state.free
        while at >= 0:
            edge = edges[at]
            target = states[edge.target]
            weight = edge.ratio * detections[target.detection].lik
            flow = share * weight * target.message
            target.posterior += flow
            target.hope += hope * weight
            if flow >= target.flow:
                target.flow, target.best_in = flow, at
            at = edge.next
    for number in range(arena.counts[DETECTIONS]):
        total = 0.0
        at = detections[number].first_state
        while at >= 0:
            total += states[at].posterior
            at = states[at].next
        detections[number].marginal = total


@njit(cache=True, nogil=True)
def settle(
    arena: Arena, ground: Ground, end: float, worth: float, hopeful: float, skip_depth: int, adapts: bool,
    needs: np.ndarray,
) -> bool:  # fmt: skip
    """Weigh, and open the states that are worth it, until none is left. False: `needs` says what has to grow first."""
    while True:
        weigh(arena)
        again = False
        for place in range(arena.counts[STATES]):
            number = arena.order[place]
            state = arena.states[number]
            if state.opened or not (state.posterior > worth or state.hope > hopeful):
                continue
            if not room_to_grow(arena, ground, state.camera, needs):
                return False
            open_state(arena, ground, number, end, skip_depth, adapts)
            again = True
            break_early = arena.order[place] != number
            if break_early:
                break
        if not again:
            return True
