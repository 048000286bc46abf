"""Searches compared on data whose answers are known: what each found, and what it cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from daemon.inference.association.folders.exam import Exam, exams_of
from daemon.inference.association.folders.folder import DataFolder
from daemon.inference.association.folders.scores import Bins, Counts, calibration_error, reliability
from daemon.inference.association.network.learning import learn
from daemon.inference.association.network.site_model import SiteModel
from daemon.inference.association.search.best_first import BestFirst, warm_up
from daemon.inference.association.search.correlations import learn_correlations
from daemon.inference.association.search.found import Found, Searcher
from daemon.inference.association.search.pair_likeness import learn_likeness
from daemon.inference.association.search.query import Limits, Query
from daemon.inference.association.search.trajectory import Trajectory
from daemon.inference.association.search.tuning import examples, tuned_exhaustive, tuned_greedy

Progress = Callable[[str, int, int], None]
SEED: Final = 0
#: Posteriors from here on are nearly certain, and many: the others are judged by themselves too.
CERTAIN: Final = 0.99


class Figures(msgspec.Struct, kw_only=True):
    """Of one way to search. compared, rounds, cpu_ms: means per query; cpu_ms: of the thread, compilation left out.

    recall, precision, f1: micro-averages over all queries with an answer, the query's own detection left out; absent
    without answers. found: by query, ids in order of time.
    """

    compared: float
    rounds: float
    cpu_ms: float
    recall: float | UnsetType = UNSET
    precision: float | UnsetType = UNSET
    f1: float | UnsetType = UNSET
    found: dict[str, list[str]]


class BestFirstFigures(Figures, kw_only=True):
    """cpu_us_per_task: of searching alone. trajectory_ms: of putting the result together, per query.

    unexplored: mean stated probability that a next sighting lies where nobody looked; missed: share of the true
    detections that were not found.
    """

    tasks: float
    cpu_us_per_task: float
    trajectory_ms: float
    unexplored: float
    missed: float | UnsetType = UNSET


class Evaluation(msgspec.Struct, kw_only=True):
    """calibration_error: expected, over hops and alternatives that were reported; None without answers.

    calibration_bins: of the ten bins of equal width that are not empty, mean stated, share that was right, and count.
    """

    exhaustive: Figures
    greedy: Figures
    best_first: BestFirstFigures
    calibration_error: float | None
    calibration_error_below_99: float | None
    calibration_bins: Bins
    calibration_bins_below_99: Bins
    queries: int
    passages: int
    learn_s: float
    batch: int
    stop_mass: float
    seed: int
    version: str


@dataclass(slots=True)
class _Tally:
    """One way to search, over queries."""

    counts: Counts = field(default_factory=Counts)
    found: dict[str, list[str]] = field(default_factory=dict)
    compared: int = 0
    rounds: int = 0
    cpu_s: float = 0.0

    def add(self, exam: Exam, name: str, outcome: Found) -> None:
        self.found[name] = exam.found(exam.queries[name], outcome.rows)
        self.compared += outcome.compared
        self.rounds += outcome.rounds
        self.cpu_s += outcome.cpu_s
        if exam.answers is not None and name in exam.answers:
            self.counts.add(self.found[name], exam.true(name))

    def figures(self) -> dict[str, object]:
        many = max(len(self.found), 1)
        return {
            "compared": self.compared / many,
            "rounds": self.rounds / many,
            "cpu_ms": 1_000 * self.cpu_s / many,
            "found": self.found,
        }

    def scores(self) -> dict[str, object]:
        return {name: getattr(self.counts, name) for name in ("recall", "precision", "f1")}


@dataclass(slots=True)
class _BestFirstTally(_Tally):
    tasks: int = 0
    trajectory_s: float = 0.0
    unexplored: float = 0.0
    stated: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)

    def add_trajectory(self, exam: Exam, name: str, trajectory: Trajectory) -> None:
        self.unexplored += trajectory.unexplored
        if exam.answers is None or name not in exam.answers:
            return
        true = exam.true(name)
        for row, posterior in _weighed(trajectory).items():
            self.stated.append(posterior)
            self.right.append(not true.isdisjoint(exam.view.ids_of(row)))


def _weighed(trajectory: Trajectory) -> dict[int, float]:
    """Return the posterior of each row that was reported, as accepted where it was, else as an alternative."""
    found: dict[int, float] = {}
    for hop in (*trajectory.hops, *(hop for some in trajectory.alternatives for hop in some)):
        if hop.row >= 0:  # else a reading of what it carries
            found.setdefault(hop.row, hop.posterior)
    return found


def evaluate(
    folder: DataFolder, *, limits: Limits | None = None, most: int | None = None, progress: Progress = lambda *_: None
) -> Evaluation:
    """Learn from a folder's passages and answer its queries, at most so many. Raises as `examine`."""
    return examine(exams_of(folder, most), limits=limits, progress=progress)


def examine(exams: Sequence[Exam], *, limits: Limits | None = None, progress: Progress = lambda *_: None) -> Evaluation:
    """Answer all queries of exams in three ways. progress: told a stage, how much of it is done, of how much."""
    limits = limits or Limits()
    warm_up()
    exhaustive, greedy, best_first = _Tally(), _Tally(), _BestFirstTally()
    learn_s = 0.0
    for exam in exams:
        began = time.thread_time()
        progress("learning", 0, 1)
        site = learn(exam.cameras, exam.ways, exam.view, exam.passages)
        learn_s += time.thread_time() - began
        for stage, search, tally in zip(("exhaustive", "greedy"), baselines(exam), (exhaustive, greedy), strict=True):
            _answer(stage, search, exam, tally, progress)
        _follow(site, exam, limits, best_first, progress)
    answered = any(exam.answers is not None for exam in exams)
    return _evaluation(exhaustive, greedy, best_first, answered, limits, learn_s, sum(len(e.passages) for e in exams))


def baselines(exam: Exam) -> tuple[Searcher, Searcher]:
    """Return an exhaustive and a greedy search that have learnt from the passages of an exam."""
    view = exam.view
    passages = [[view.row_of(name) for name in passage] for passage in exam.passages]
    likeness = learn_likeness(view, passages, SEED)
    correlations = learn_correlations(view, exam.ways, passages)
    horizon_s = max((query.horizon_s for query in exam.queries.values()), default=0.0)
    given = examples(view, passages, horizon_s, SEED)
    return tuned_exhaustive(view, likeness, given), tuned_greedy(view, likeness, correlations, given)


def _answer(stage: str, search: Searcher, exam: Exam, tally: _Tally, progress: Progress) -> None:
    for query in _first(exam):
        search.find(query)  # the first time pages are read and caches filled
    for done, (name, query) in enumerate(exam.queries.items(), 1):
        tally.add(exam, name, search.find(query))
        progress(stage, done, len(exam.queries))


def _follow(site: SiteModel, exam: Exam, limits: Limits, tally: _BestFirstTally, progress: Progress) -> None:
    for query in _first(exam):
        _followed(site, exam, query, limits)
    for done, (name, query) in enumerate(exam.queries.items(), 1):
        search, outcome = _followed(site, exam, query, limits)
        tally.add(exam, name, outcome)
        tally.tasks += search.progress().tasks
        began = time.thread_time()
        trajectory = search.trajectory()
        tally.trajectory_s += time.thread_time() - began
        tally.add_trajectory(exam, name, trajectory)
        progress("best-first", done, len(exam.queries))


def _first(exam: Exam) -> Iterable[Query]:
    return list(exam.queries.values())[:1]


def _followed(site: SiteModel, exam: Exam, query: Query, limits: Limits) -> tuple[BestFirst, Found]:
    began = time.thread_time()
    search = BestFirst(site, exam.view, query, limits)
    while search.advance():
        pass
    rows = tuple(search.found())
    spent = time.thread_time() - began
    state = search.progress()
    return search, Found(rows, state.compared, state.rounds, spent)


def _evaluation(
    exhaustive: _Tally, greedy: _Tally, best_first: _BestFirstTally, answered: bool, limits: Limits, learn_s: float,
    passages: int,
) -> Evaluation:  # fmt: skip
    many = max(len(best_first.found), 1)
    scores = {id(one): one.scores() if answered else {} for one in (exhaustive, greedy, best_first)}
    return Evaluation(
        exhaustive=msgspec.convert(exhaustive.figures() | scores[id(exhaustive)], Figures),
        greedy=msgspec.convert(greedy.figures() | scores[id(greedy)], Figures),
        best_first=msgspec.convert(
            best_first.figures() | scores[id(best_first)] | {
                "tasks": best_first.tasks / many,
                "cpu_us_per_task": 1e6 * best_first.cpu_s / max(best_first.tasks, 1),
                "trajectory_ms": 1_000 * best_first.trajectory_s / many,
                "unexplored": best_first.unexplored / many,
                **({"missed": 1 - best_first.counts.recall} if answered else {}),
            },
            BestFirstFigures,
        ),
        calibration_error=calibration_error(best_first.stated, best_first.right),
        calibration_error_below_99=calibration_error(best_first.stated, best_first.right, CERTAIN),
        calibration_bins=reliability(best_first.stated, best_first.right),
        calibration_bins_below_99=reliability(best_first.stated, best_first.right, CERTAIN),
        queries=len(best_first.found), passages=passages, learn_s=learn_s, batch=limits.batch,
        stop_mass=limits.stop_mass, seed=SEED, version=metadata.version("zhiban"),
    )  # fmt: skip
