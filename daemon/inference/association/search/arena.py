"""What a search has in memory: detections that were scored, states they may stand in, routes between, all in arrays.

The kernels are compiled and see arrays alone, so that a search is a handful of record arrays that grow by doubling.
Times in here run forwards whatever the direction of the search: seconds since 1970 by UTC, negative for one backwards.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Windows of a route: the core of the transit time, then three stages along its tail.
STAGES = 4

#: A detection that was compared. body_llr, face_llr: of the template; query_llr: of the query alone; lik: what is used
#: of them, as a ratio. marginal: that it is the target. Linked by camera, and to its states. idle: 1 while it is in no
#: state, 2 for good, as another picture of the passage that `passage` stands for; that is its own number else.
#: filled: 1 of what was compared to fill a gap.
DETECTION = np.dtype(
    [
        ("row", "i8"), ("time", "f8"), ("rate", "f8"), ("camera", "i4"), ("next", "i4"), ("first_state", "i4"),
        ("direction", "f4"), ("quality", "f4"), ("body_cos", "f4"), ("face_cos", "f4"), ("body_llr", "f4"),
        ("face_llr", "f4"), ("query_llr", "f4"), ("lik", "f8"), ("marginal", "f8"),
        ("has_body", "u1"), ("has_face", "u1"), ("member", "u1"), ("idle", "u1"), ("thing", "i4"),
        ("passage", "i4"), ("filled", "u1"),
    ],
    align=True,
)  # fmt: skip

#: A detection as the target's, come from one camera. rest: probability that it is not seen again within the horizon;
#: dark: that it is, where no task looks; open: in tasks not yet searched; total: of all, with what was found.
STATE = np.dtype(
    [
        ("time", "f8"), ("detection", "i4"), ("camera", "i4"), ("origin", "i4"), ("arrival", "i4"), ("next", "i4"),
        ("first_route", "i4"), ("first_edge", "i4"), ("best_in", "i4"), ("opened", "u1"), ("slowness", "f8"),
        ("slowness_var", "f8"), ("rest", "f8"), ("dark", "f8"), ("open", "f8"), ("total", "f8"),
        ("free", "f8"), ("posterior", "f8"), ("hope", "f8"), ("flow", "f8"),
    ],
    align=True,
)  # fmt: skip

#: A way on from a state over `depth` cameras that do not see the target. mass: of each stage; unseen: of going on.
ROUTE = np.dtype(
    [
        ("state", "i4"), ("camera", "i4"), ("origin", "i4"), ("arrival", "i4"), ("way", "i4"),
        ("via", "i4"), ("depth", "i4"),
        ("next", "i4"), ("next_here", "i4"), ("stage", "i4"), ("expanded", "u1"), ("chance", "f8"), ("seen", "f8"),
        ("median", "f8"), ("square", "f8"), ("log_sd", "f8"), ("pause", "f8"), ("metres", "f8"), ("unseen", "f8"),
        ("bound", "f8", (STAGES + 1,)), ("mass", "f8", (STAGES,)),
    ],
    align=True,
)  # fmt: skip

#: One state following another. ratio: of the density of space and time to that of strangers, chance included.
EDGE = np.dtype(
    [("source", "i4"), ("target", "i4"), ("route", "i4"), ("next", "i4"), ("ratio", "f8")], align=True
)  # fmt: skip

#: A span of one camera's time that was searched.
SPAN = np.dtype([("start", "f8"), ("end", "f8"), ("next", "i4")], align=True)

#: A task, as it is told of afterwards. reason: 0 where it was searched.
TASK = np.dtype(
    [("start", "f8"), ("end", "f8"), ("mass", "f8"), ("camera", "i4"), ("state", "i4"), ("compared", "i4"),
     ("route", "i4"), ("reason", "i4")],
    align=True,
)  # fmt: skip

#: Places in `Arena.counts`.
DETECTIONS, STATES, ROUTES, EDGES, SPANS, TASKS, COMPARED, RESCORED, MEMBERS, CHANGED, ECHOES = range(11)
#: Columns of `Arena.heads`: the first detection, route and span of each camera, and how many of the first two.
FIRST_DETECTION, FIRST_ROUTE, FIRST_SPAN, DETECTIONS_HERE, ROUTES_HERE = range(5)
#: Values of `Arena.allowed`.
OUT_OF_CASE, ALLOWED, REMOVED, NOT_IN_VIEW = range(4)


class Arena(NamedTuple):
    """One search. order: states by time. body, face: vectors of the detections, unit, centred, float32.

    heads: int32 (cameras, 5). allowed: uint8 (cameras,). template: float32 (4, width): sums of the query's body and
    face vectors, then of the whole template's. pictures: int32 (4,), how many those are.
    """

    counts: NDArray[np.int64]
    detections: NDArray[Any]
    states: NDArray[Any]
    routes: NDArray[Any]
    edges: NDArray[Any]
    spans: NDArray[Any]
    tasks: NDArray[Any]
    order: NDArray[np.int32]
    heads: NDArray[np.int32]
    allowed: NDArray[np.uint8]
    body: NDArray[np.float32]
    face: NDArray[np.float32]
    body_template: NDArray[np.float32]
    face_template: NDArray[np.float32]
    pictures: NDArray[np.int32]


def fresh(allowed: NDArray[np.uint8], body_width: int, face_width: int) -> Arena:
    """Return an empty arena."""
    heads = np.full((len(allowed), 5), -1, dtype=np.int32)
    heads[:, DETECTIONS_HERE:] = 0
    return Arena(
        counts=np.zeros(16, dtype=np.int64),
        detections=np.empty(256, dtype=DETECTION),
        states=np.empty(256, dtype=STATE),
        routes=np.empty(512, dtype=ROUTE),
        edges=np.empty(1024, dtype=EDGE),
        spans=np.empty(256, dtype=SPAN),
        tasks=np.empty(256, dtype=TASK),
        order=np.empty(256, dtype=np.int32),
        heads=heads,
        allowed=allowed,
        body=np.empty((256, body_width), dtype=np.float32),
        face=np.empty((256, face_width), dtype=np.float32),
        body_template=np.zeros((2, body_width), dtype=np.float32),
        face_template=np.zeros((2, face_width), dtype=np.float32),
        pictures=np.zeros(4, dtype=np.int32),
    )


def grown(arena: Arena, needs: NDArray[np.int64]) -> Arena:
    """Return the arena with room for at least so many more detections, states, routes, edges, spans and tasks."""
    kept = arena._asdict()
    names = (("detections", "body", "face"), ("states", "order"), ("routes",), ("edges",), ("spans",), ("tasks",))
    for place, group in enumerate(names):
        wanted = int(arena.counts[place] + needs[place])
        for name in group:
            array = kept[name]
            if wanted > len(array):
                larger = np.empty((max(wanted, 2 * len(array)), *array.shape[1:]), dtype=array.dtype)
                larger[: len(array)] = array
                kept[name] = larger
    return Arena(**kept)
