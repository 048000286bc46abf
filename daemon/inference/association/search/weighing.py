"""Weighing the lattice: what each state's future says of it (upwards), and how likely each is (downwards).

Pearl's belief propagation (1988, chapter 4) on a graph that is ordered by time.
"""

from __future__ import annotations

import numpy as np

from daemon.inference.association.kernels import kernel
from daemon.inference.association.search.arena import DETECTIONS, ECHOES, ROUTES, STATES, Arena
from daemon.inference.association.search.choosing import best_task
from daemon.inference.association.search.ground import Ground
from daemon.inference.association.search.growing import expand, open_state, room_to_grow
from daemon.inference.association.search.scoring import renew_template, wake

_LARGEST = 1e250
#: A sighting joins the template above the first, and leaves it below the second.
_SURE, _UNSURE = 0.97, 0.6
#: Sightings in the template beside the query's own pictures.
_PICTURES = 7


@kernel
def weigh(arena: Arena) -> None:
    """Recompute total, posterior and hope of every state, and the marginal of every detection.

    hope: what a state would be worth if none of its rivals had been seen; one of them may as well come after it.
    """
    states, detections = arena.states, arena.detections
    _upwards(arena)
    states[0].posterior = states[0].hope = 1.0
    for place in range(arena.counts[STATES]):
        state = states[arena.order[place]]
        detections[state.detection].marginal += state.posterior
        at = state.first_edge
        if not state.opened or at < 0:
            continue
        share = state.posterior / state.total
        while at >= 0:
            edge = arena.edges[at]
            target = states[edge.target]
            weight = edge.ratio * detections[target.detection].lik
            flow = share * weight * target.total
            target.posterior += flow
            target.hope = max(target.hope, state.hope * weight / (weight + state.free))
            if flow >= target.flow:
                target.flow, target.best_in = flow, at
            at = edge.next
    if arena.counts[ECHOES] > 0:
        for number in range(1, arena.counts[DETECTIONS]):
            if detections[number].idle == 2:
                detections[number].marginal = detections[detections[number].passage].marginal


@kernel
def _upwards(arena: Arena) -> None:
    states = arena.states
    for place in range(arena.counts[STATES] - 1, -1, -1):
        state = states[arena.order[place]]
        state.posterior = state.hope = state.flow = arena.detections[state.detection].marginal = 0.0
        if not state.opened:
            continue
        total = state.rest + state.dark + state.open
        state.free = total
        at = state.first_edge
        while at >= 0:
            edge = arena.edges[at]
            target = states[edge.target]
            total += edge.ratio * target.total * arena.detections[target.detection].lik
            at = edge.next
        state.total = min(total, _LARGEST)


@kernel
def _settle(
    arena: Arena, ground: Ground, end: float, worth: float, hopeful: float, skip_depth: int, adapts: bool,
    needs: np.ndarray,
) -> bool:  # fmt: skip
    """Weigh, and open the states that are worth it, until none is left. False: `needs` says what has to grow first."""
    while True:
        weigh(arena)
        opened = False
        place = arena.counts[STATES] - 1
        while place >= 0:  # from the last on, as what is opened may add states behind itself alone
            number = arena.order[place]
            state = arena.states[number]
            if not state.opened and (state.posterior > worth or state.hope > hopeful):
                if not room_to_grow(arena, ground, state.camera, needs):
                    return False
                open_state(arena, ground, number, end, skip_depth, adapts)
                opened = True
            place -= 1
        if not opened:
            return True


@kernel
def proceed(
    arena: Arena, ground: Ground, end: float, worth: float, hopeful: float, skip_depth: int, adapts: bool,
    settled: bool, needs: np.ndarray, asked: np.ndarray,
) -> int:  # fmt: skip
    """Settle all, and return the route of the best task, -1 where none is worth more than `worth`; asked[0] is that.

    settled: weigh only what routes that go on unseen have changed. -2: `needs` says what has to grow first; call again.
    """
    while True:
        while not settled:
            if not _settle(arena, ground, end, worth, hopeful, skip_depth, adapts, needs):
                return -2
            settled = not (adapts and renew_template(arena, ground, _SURE, _UNSURE, _PICTURES))
            if not wake(arena, ground, needs):
                return -2
        chosen = best_task(arena, asked)
        if chosen < 0 or asked[0] <= worth:
            return -1
        route = chosen - arena.counts[ROUTES]
        if route < 0:
            return chosen
        if not room_to_grow(arena, ground, arena.routes[route].camera, needs):
            return -2
        expand(arena, ground, route, end, skip_depth)
        settled = False
