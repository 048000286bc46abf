"""The single likeliest trajectory of a lattice (Viterbi 1967)."""

from __future__ import annotations

import math

import numpy as np

from daemon.inference.association.search import arena as memory
from daemon.inference.association.search.lattice import Lattice


def likeliest_rows(lattice: Lattice) -> list[int]:
    """Return the rows of the likeliest trajectory, from the query on, its own left out.

    It ends at a state with what makes it unseen from there on, searched or not.
    """
    arena = lattice.arena
    states = arena.states[: arena.counts[memory.STATES]]
    best: dict[int, tuple[float, int]] = {}
    for number in arena.order[: len(states)][::-1].tolist():
        state = states[number]
        ending = float(state["rest"] + state["dark"] + state["open"])
        best[number] = (math.log(max(ending, 1e-300)), -1)
        at = int(state["first_edge"])
        while at >= 0:
            edge = arena.edges[at]
            target = int(edge["target"])
            lik = float(arena.detections[states[target]["detection"]]["lik"])
            value = math.log(float(edge["ratio"]) * lik) + best[target][0]
            if value > best[number][0]:
                best[number] = (value, target)
            at = int(edge["next"])
    rows: list[int] = []
    number = best[0][1]
    while number >= 0:
        rows.append(int(np.int64(arena.detections[states[number]["detection"]]["row"])))
        number = best[number][1]
    return rows
