"""Trajectories to tell of: a small one by hand, and one over the shared data's network along a true way."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from daemon.inference.association.network.camera_files import read_cameras
from daemon.inference.association.network.camera_graph import CameraGraph
from daemon.inference.association.result.about import About
from daemon.inference.association.search.trajectory import Hop, SearchedTask, Trajectory
from daemon.ports.sightings import Camera, Way

SHARED: Final = Path(__file__).parents[6] / "shared" / "data" / "association"
NOON: Final = datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()
ABOUT: Final = About(
    search="0192-search",
    case="0192-case",
    case_title="Lost child, station",
    purpose="find the child that was reported missing at noon",
    searcher="u-7",
    searcher_name="Li Wei",
    exported_by="u-9",
    exported_at=datetime(2026, 3, 2, 8, 30, 5, tzinfo=UTC),
    body_model="osnet-x0.25@1",
    face_model="dlib@19",
)
STEP: Final = 0.0014  # degrees: 156 m


def square(size: int = 4, name: Mapping[str, str] | None = None) -> CameraGraph:
    """A grid of cameras "0-0", "1-0" ... (east, north), 170 m apart on foot."""
    places = [(east, north) for east in range(size) for north in range(size)]
    cameras = [
        Camera(
            id=f"{east}-{north}",
            longitude=east * STEP,
            latitude=north * STEP,
            name=(name or {}).get(f"{east}-{north}", ""),
        )
        for east, north in places
    ]
    ways = [
        Way(origin=f"{a}-{b}", target=f"{c}-{d}", metres=170.0)
        for a, b in places
        for c, d in ((a + 1, b), (a - 1, b), (a, b + 1), (a, b - 1))
        if 0 <= c < size and 0 <= d < size
    ]
    return CameraGraph.of(cameras, ways)


def hop(camera: str, after_s: float, posterior: float = 0.97, **more: Any) -> Hop:
    values: dict[str, Any] = {
        "row": round(after_s),
        "detection": f"d{round(after_s)}",
        "camera": camera,
        "time_s": NOON + after_s,
        "posterior": posterior,
        "body": 0.81,
        "body_llr": 4.1,
        "space_time_llr": 1.2,
    }
    return Hop(**{**values, **more})


def small() -> Trajectory:
    """Five sightings over the square: on, a missed camera, a pause, a return, and the last with an alternative."""
    hops = (
        hop("1-0", 130, face=0.93, face_llr=8.0, seconds=130.0, metres=170.0, parent=-1),
        hop("1-2", 390, 0.75, seconds=260.0, metres=340.0, turn_deg=-90.0, missed=("1-1",), parent=0),
        hop("2-2", 1_000, 0.93, seconds=610.0, metres=170.0, turn_deg=88.0, parent=1),
        hop("2-2", 1_060, 0.999, seconds=60.0, metres=0.0, parent=2, filled=True),
        hop("1-2", 1_190, 0.45, seconds=130.0, metres=170.0, turn_deg=180.0, parent=3, carried="badge AB12"),
    )
    other = hop("2-1", 1_180, 0.31, body=0.74, row=77, detection="d77", seconds=120.0, metres=170.0, parent=3)
    ways = [
        ("1-0", 60.0, 300.0, -1, 0.6, 21, ""),
        ("0-1", 60.0, 300.0, -1, 0.3, 18, ""),
        ("1-1", 180.0, 420.0, 0, 0.6, 9, ""),
        ("1-2", 260.0, 700.0, 0, 0.08, 12, ""),
        ("2-2", 450.0, 1_500.0, 1, 0.5, 40, ""),
        ("2-2", 1_010.0, 1_300.0, 2, 0.2, 4, ""),
        ("1-2", 1_100.0, 1_400.0, 3, 0.2, 8, ""),
        ("2-1", 1_100.0, 1_400.0, 3, 0.25, 6, ""),
        ("3-2", 1_100.0, 1_400.0, 3, 0.002, 0, "below stop_mass"),
        ("2-3", 1_100.0, 1_400.0, 3, 0.0015, 0, "below stop_mass"),
        ("0-2", 1_250.0, 1_600.0, 4, 0.2, 0, "camera not in the case"),
    ]
    tasks = tuple(
        SearchedTask(
            camera=camera, start_s=NOON + start, end_s=NOON + end, parent=parent, mass=mass, compared=compared,
            reason=reason,
        )
        for camera, start, end, parent, mass, compared, reason in ways
    )  # fmt: skip
    return Trajectory(
        query_camera="0-0",
        query_time_s=NOON,
        hops=hops,
        alternatives=((), (), (), (), (other,)),
        tree=(*hops, other),
        tasks=tasks,
        unexplored=0.021,
        rounds=9,
        compared=118,
        cpu_s=0.0011,
        ended="explored",
    )


def nothing() -> Trajectory:
    """A search that found nothing."""
    return replace(small(), hops=(), alternatives=(), tree=(), tasks=small().tasks[:2], ended="seconds")


@lru_cache(maxsize=1)
def shared_graph() -> CameraGraph:
    found = read_cameras(SHARED / "cameras.geojson")
    return CameraGraph.of(found.cameras, found.ways)


@lru_cache(maxsize=8)
def realistic(query: str = "q2", seed: int = 5) -> Trajectory:
    """The true way of a query of the shared data, with windows at every neighbour and made-up evidence."""
    graph, chance = shared_graph(), random.Random(seed)
    times = {}
    for line in (SHARED / "detections.jsonl").read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        times[found["id"]] = found["camera"], datetime.fromisoformat(found["time"]).timestamp()
    queries = map(json.loads, (SHARED / "queries.jsonl").read_text(encoding="utf-8").splitlines())
    truth = map(json.loads, (SHARED / "truth.jsonl").read_text(encoding="utf-8").splitlines())
    start = next(one["detection"] for one in queries if one["query"] == query)
    way = sorted(next(one["detections"] for one in truth if one["query"] == query), key=lambda one: times[one][1])
    camera, time_s = times[start]
    hops: list[Hop] = []
    tree: list[Hop] = []
    tasks: list[SearchedTask] = []
    others: list[tuple[Hop, ...]] = []
    came: str | None = None
    for number, detection in enumerate(way):
        to, at_s = times[detection]
        metres, path = graph.shortest(camera, to)
        parent = tree.index(hops[-1]) if hops else -1
        leads = path[1] if len(path) > 1 else to
        found = Hop(
            row=number, detection=detection, camera=to, time_s=at_s,
            posterior=chance.choice([0.999, 0.995, 0.97, 0.93, 0.8, 0.6]), body=round(chance.uniform(0.6, 0.9), 3),
            face=round(chance.uniform(0.7, 0.95), 3) if chance.random() < 0.3 else None, body_llr=chance.uniform(0, 6),
            face_llr=chance.uniform(0, 6), space_time_llr=chance.uniform(-1, 3), seconds=at_s - time_s, metres=metres,
            turn_deg=graph.turn_deg(came, camera, leads) if came and to != camera else None, missed=path[1:-1],
            parent=parent,
        )  # fmt: skip
        for other in graph.neighbours(camera):
            length = graph.metres(camera, other) or 0.0
            reason = "below stop_mass" if other != leads and chance.random() < 0.5 else ""
            tasks.append(
                SearchedTask(
                    camera=other, start_s=time_s + length / 2, end_s=time_s + length * 1.2 + 30, parent=parent,
                    mass=chance.uniform(0, 0.4), compared=0 if reason else chance.randrange(1, 20), reason=reason,
                )
            )  # fmt: skip
        wide = SearchedTask(camera=to, start_s=at_s - 60, end_s=at_s + 90, parent=parent, mass=0.5, compared=12)
        tasks.append(wide)
        weighed = [
            replace(
                found,
                row=10_000 + number * 10 + n,
                detection=f"x{number}{n}",
                posterior=chance.uniform(0, 0.2),
                time_s=at_s + chance.uniform(-60, 60),
            )
            for n in range(chance.randrange(4))
        ]
        hops.append(found)
        others.append(tuple(weighed))
        tree += [found, *weighed]
        came, camera, time_s = path[-2] if len(path) > 1 else camera, to, at_s
    return Trajectory(
        query_camera=times[start][0], query_time_s=times[start][1], hops=tuple(hops), alternatives=tuple(others),
        tree=tuple(tree), tasks=tuple(tasks), unexplored=0.034, rounds=41, compared=313, cpu_s=0.0043, ended="explored",
    )  # fmt: skip


def town(cameras: int) -> tuple[CameraGraph, Trajectory]:
    """A town of so many cameras, and a way along its diagonal."""
    size = math.isqrt(cameras)
    graph = square(size)
    steps = [(n // 2 + n % 2, n // 2) for n in range(min(2 * size - 1, 17))]
    hops = tuple(
        hop(f"{east}-{north}", 130 * n, 0.95, seconds=130.0, metres=170.0, parent=n - 2)
        for n, (east, north) in enumerate(steps)
        if n
    )
    return graph, replace(small(), hops=hops, alternatives=tuple(() for _ in hops), tree=hops, tasks=())
