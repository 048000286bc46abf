"""Searches of simulated worlds for benchmarks: each world examined once, figures as means over the seeds."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any, Final, NamedTuple

from rich.console import Console

from daemon.inference.association.folders.evaluation import Evaluation, examine
from daemon.inference.association.folders.exam import Exam
from daemon.inference.association.folders.scores import error_of
from daemon.inference.association.folders.view import FolderView
from daemon.inference.association.search.query import Limits
from tests.benchmarks.__main__ import versions
from tests.benchmarks.association_worlds import SeenWorld, seen_world

SEEDS: Final = (11, 12, 13)
QUERIES: Final = 200
PACKAGES: Final = ("numpy", "numba")
#: More passages than this teach nothing that can be measured.
PASSAGES: Final = 60_000


class Measured(NamedTuple):
    """One world examined. told: its density in words; hops: true later detections per query."""

    told: str
    seed: int
    result: Evaluation
    hops: float


def exam_of(seen: SeenWorld, queries: int = QUERIES) -> Exam:
    """Arrange a world for searches; the ids of its detections are the numbers of its rows."""
    world = seen.world
    view = FolderView.of_arrays(
        [camera.id for camera in world.cameras], world.camera_of, world.times, seen.body, faces=seen.faces,
        face_rows=world.face_rows, quality=world.quality, direction_deg=world.direction_deg,
    )  # fmt: skip
    asked = world.questions[:queries]
    passages = [
        list(map(str, rows.tolist())) for rows, _ in zip(world.confirmed_passages(), range(PASSAGES), strict=False)
    ]
    return Exam(
        world.cameras, world.ways, view, passages,
        {one.id: view.query(one.row, one.horizon_s, one.came_from) for one in asked},
        {one.id: [str(row) for row in one.answers.tolist()] for one in asked},
    )  # fmt: skip


def told_of(seen: SeenWorld) -> str:
    """Say how dense a world is: how many cameras and detections, and how long one camera waits for the next."""
    count, cameras = len(seen.world.times), len(seen.world.cameras)
    gap = 3_600 * seen.world.settings.hours * cameras / count
    return f"{cameras:,} cameras, {count / 1e6:.2f} M detections, one every {gap:.0f} s at each"


def measured(density: str, seed: int, limits: Limits | None = None, queries: int = QUERIES) -> Measured:
    """Make a world and examine all three searches on it."""
    seen = seen_world(density, seed, queries=queries)
    exam = exam_of(seen, queries)
    result = examine([exam], limits=limits)
    best = result.best_first
    Console(stderr=True).print(
        f"{density}, seed {seed}: {best.compared:,.0f} of {result.exhaustive.compared:,.0f} compared, recall "
        f"{best.recall:.3f}, precision {best.precision:.3f}, F1 {best.f1:.3f}, {best.cpu_ms:.2f} ms", highlight=False,
    )  # fmt: skip
    hops = fmean(len(exam.true(name)) for name in exam.queries)
    told = told_of(seen)
    del seen, exam
    gc.collect()
    return Measured(told, seed, result, hops)


def mean(worlds: Sequence[Measured], way: str, figure: str) -> float:
    """Return the mean of a figure of one way to search."""
    return fmean(getattr(getattr(one.result, way), figure) for one in worlds)


def spread(worlds: Sequence[Measured], figure: str) -> str:
    """Say the mean of a figure of best-first with its deviation over the seeds."""
    found = [getattr(one.result.best_first, figure) for one in worlds]
    deviation = stdev(found) if len(found) > 1 else 0.0
    return f"{fmean(found):.3f} ± {deviation:.3f}"


def row(name: str, unit: str, ours: float, peer: float | None, goal: str, met: bool | None) -> dict[str, Any]:
    """Make a row."""
    ratio = ours / peer if peer else None
    return {
        "name": name, "unit": unit, "ours": ours, "peer": peer, "ratio": ratio, "goal": goal, "met": met,
        "seed": list(SEEDS), "versions": versions(*PACKAGES),
    }  # fmt: skip


def comparisons(worlds: Sequence[Measured], faster: float, recall: float | None, f1: float) -> dict[str, Any]:
    """Return the row on how many detections are compared, at what recall and F1."""
    ours, peer = mean(worlds, "best_first", "compared"), mean(worlds, "exhaustive", "compared")
    found, harmonic = mean(worlds, "best_first", "recall"), mean(worlds, "best_first", "f1")
    wanted = f"recall {recall} and F1 {f1}" if recall else f"F1 {f1}"
    return row(
        f"best-first; peer: exhaustive; {worlds[0].told}", "compared/query", ours, peer,
        f"{faster:g}x fewer at {wanted}: {peer / ours:.0f}x at R {spread(worlds, 'recall')}, "
        f"P {spread(worlds, 'precision')}, F1 {spread(worlds, 'f1')}",
        peer >= faster * ours and harmonic >= f1 and found >= (recall or 0.0),
    )  # fmt: skip


def quality(worlds: Sequence[Measured], peer: str) -> dict[str, Any]:
    """Return the row on F1 against another way to search."""
    times = mean(worlds, peer, "compared") / mean(worlds, "best_first", "compared")
    return row(
        f"F1 of best-first; peer: {peer}, which compares {times:,.1f}x as many; {worlds[0].told}", "F1",
        mean(worlds, "best_first", "f1"), mean(worlds, peer, "f1"), "above",
        mean(worlds, "best_first", "f1") > mean(worlds, peer, "f1"),
    )  # fmt: skip


def calibration(worlds: Sequence[Measured]) -> list[dict[str, Any]]:
    """Return the rows on whether what is stated comes true."""
    whole = error_of(*(one.result.calibration_bins for one in worlds)) or 0.0
    few = [one.result.calibration_bins_below_99 for one in worlds]
    below, count = error_of(*few) or 0.0, sum(bin_[2] for bins in few for bin_ in bins)
    stated, missed = mean(worlds, "best_first", "unexplored"), mean(worlds, "best_first", "missed")
    told = worlds[0].told
    return [
        row(f"expected calibration error of all hops that were reported, ten bins; {told}", "", whole, None,
            "under 0.03", whole < 0.03),
        row(f"the same of the {count} below .99; {told}", "", below, None, "under 0.06", below < 0.06),
        row(f"probability stated to be unexplored; peer: share missed; {told}", "", stated, missed,
            "within a factor of 2", missed / 2 <= stated <= 2 * missed),
    ]  # fmt: skip


def speed(worlds: Sequence[Measured], *, goal: bool = True) -> list[dict[str, Any]]:
    """Return the rows on time. goal: whether it has one, which is for the density at which others were measured."""
    task, query = mean(worlds, "best_first", "cpu_us_per_task"), mean(worlds, "best_first", "cpu_ms")
    tasks, told = mean(worlds, "best_first", "tasks"), worlds[0].told
    return [
        row(f"a task of best-first, {tasks:.0f} a query; {told}", "CPU-us", task, None,
            "65 at most" if goal else "reported", task <= 65 if goal else None),
        row(f"a query of best-first; peer: greedy; {told}", "CPU-ms", query, mean(worlds, "greedy", "cpu_ms"),
            "4 at most" if goal else "reported", query <= 4 if goal else None),
    ]  # fmt: skip
