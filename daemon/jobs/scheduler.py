"""Runs jobs at intervals and on events, for as long as the daemon lives. Knows no products.

Rules: a job never overlaps itself; runs missed meanwhile become one; every run has a deadline; a run that fails or
times out is logged and counted, and ends nothing else; intervals are of the monotonic clock; stopping lets current
runs finish within a grace and then cancels them, those that the next daemon goes on with at once. The vocabulary
(coalesce, jitter) is APScheduler's.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars

from daemon.ports import Clock

log = structlog.get_logger()
_CANCEL_S: Final = 5.0  # seconds that a cancelled run has to clean up while the scheduler itself is cancelled

#: Told of each run: job, outcome ("finished", "failed", "timed_out", "cancelled"), seconds; and of runs that were
#: missed because the one before was not done: job, "missed", by how many seconds the next one is late.
Observer = Callable[[str, str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something done again and again.

    every_s, deadline_s: seconds, asked anew for each run, so that a reload takes hold. every_s None: only when woken.
    jitter: share of the interval by which each run is moved at random, so that many daemons part.
    first_s: seconds before the first run; None: one interval.
    wake: set by anybody to have the job run now; what is set during a run causes one more.
    resumed: a run that is broken off keeps what it has done, and the next one does the rest; so nobody waits for it.
    """

    name: str
    run: Callable[[], Awaitable[object]]
    deadline_s: Callable[[], float]
    every_s: Callable[[], float] | None = None
    jitter: float = 0.0
    first_s: float | None = None
    wake: asyncio.Event | None = None
    resumed: bool = False

    def __post_init__(self) -> None:
        if self.every_s is None and self.wake is None:
            raise ValueError(f"job {self.name}: needs an interval or an event")


class Scheduler:
    """Keeps a list of jobs going. One `run` per scheduler."""

    def __init__(
        self,
        jobs: Sequence[Job],
        clock: Clock,
        *,
        observe: Observer = lambda _job, _outcome, _seconds: None,
        rng: random.Random | None = None,
    ) -> None:
        self._jobs = _by_name(jobs)
        self._clock = clock
        self._observe = observe
        self._rng = rng or random.Random()  # noqa: S311 spreads load, guards nothing
        self._stopping = asyncio.Event()
        self._retimed = asyncio.Event()
        self._running: dict[str, asyncio.Task[object]] = {}
        self._kept: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    @property
    def running(self) -> tuple[str, ...]:
        """Names of jobs that are in a run just now."""
        return tuple(self._running)

    async def run(self) -> None:
        """Keep all jobs going until `stop`; returns when their current runs have ended."""
        try:
            async with asyncio.TaskGroup() as self._group:
                self._start_new()
                await self._stopping.wait()
        finally:
            self._group = None

    def assign(self, jobs: Sequence[Job]) -> None:
        """Change the list: new jobs begin, those left out end after their current run, intervals take hold at once."""
        self._jobs = _by_name(jobs)
        self._start_new()
        self._retimed.set()
        self._retimed = asyncio.Event()

    def stop(self) -> None:
        """Begin no more runs, and break off those that another time goes on with."""
        self._stopping.set()
        for name, task in self._running.items():
            if name in self._jobs and self._jobs[name].resumed:
                task.cancel()

    def abort(self) -> None:
        """Cancel the current runs; `run` returns once they have ended."""
        self.stop()
        for task in self._running.values():
            task.cancel()

    def _start_new(self) -> None:
        if self._group is None or self._stopping.is_set():
            return
        for name in self._jobs:
            if name not in self._kept:
                self._kept[name] = self._group.create_task(self._keep(name), name=f"job {name}")

    async def _keep(self, name: str) -> None:
        job = self._jobs[name]
        began = self._clock.monotonic()
        wait_s = self._interval(job) if job.first_s is None else job.first_s
        while await self._due(name, began, wait_s):
            job = self._jobs[name]
            if job.wake:
                job.wake.clear()
            began = self._next_start(job, began, wait_s)
            await self._run_once(job)
            wait_s = self._interval(job)
        self._kept.pop(name, None)

    def _interval(self, job: Job) -> float | None:
        if job.every_s is None:
            return None
        every_s = job.every_s()
        return every_s * (1 + self._rng.uniform(-job.jitter, job.jitter) / 2)

    def _next_start(self, job: Job, began: float, wait_s: float | None) -> float:
        """Return the time that the next interval counts from: the due one, unless runs were missed or it was woken."""
        now = self._clock.monotonic()
        if wait_s is None or now < began + wait_s:
            return now
        due = began + wait_s
        every_s = job.every_s() if job.every_s else 0.0
        if every_s and now - due >= every_s:
            log.info("job.coalesced", job=job.name, missed=int((now - due) / every_s))
            self._observe(job.name, "missed", now - due)
            return now
        return due

    async def _due(self, name: str, began: float, wait_s: float | None) -> bool:
        """Wait until a job shall run; False when it never shall again."""
        while not self._stopping.is_set() and (job := self._jobs.get(name)):
            if job.wake and job.wake.is_set():
                return True
            rest_s = None if wait_s is None else began + wait_s - self._clock.monotonic()
            if rest_s is not None and rest_s <= 0:
                return True
            retimed = self._retimed
            await self._wait(job, rest_s, retimed)
            if retimed.is_set() and name in self._jobs:
                wait_s = self._interval(self._jobs[name])
        return False

    async def _wait(self, job: Job, rest_s: float | None, retimed: asyncio.Event) -> None:
        waits: list[Awaitable[object]] = [self._stopping.wait(), retimed.wait()]
        if job.wake:
            waits.append(job.wake.wait())
        if rest_s is not None:
            waits.append(self._clock.sleep(rest_s))
        await _first_of(waits)

    async def _run_once(self, job: Job) -> None:
        began = self._clock.monotonic()
        task = asyncio.create_task(_in_own_context(job), name=f"run {job.name}")
        self._running[job.name] = task
        try:
            timed_out = await self._bounded(job, task)
        finally:
            self._running.pop(job.name, None)
        taken_s = self._clock.monotonic() - began
        outcome = "timed_out" if timed_out else _outcome(task)
        self._observe(job.name, outcome, taken_s)
        if outcome == "timed_out":
            log.error("job.timed_out", job=job.name, deadline_s=job.deadline_s(), duration_s=round(taken_s, 3))
        elif outcome == "failed":
            log.error("job.failed", job=job.name, duration_s=round(taken_s, 3), exc_info=task.exception())
        elif outcome == "cancelled" and not (job.resumed and self._stopping.is_set()):
            log.warning("job.cancelled", job=job.name, duration_s=round(taken_s, 3))

    async def _bounded(self, job: Job, task: asyncio.Task[object]) -> bool:
        """Wait for a run to end; cancel it at its deadline and tell whether that was so."""
        alarm = asyncio.ensure_future(self._clock.sleep(job.deadline_s()))
        try:
            await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
            timed_out = not task.done()
            if timed_out:
                task.cancel()
                # no deadline here: until it has ended, another run would overlap it
                await asyncio.wait({task})
            return timed_out
        finally:
            task.cancel()
            alarm.cancel()
            await asyncio.wait({task, alarm}, timeout=_CANCEL_S)


def _by_name(jobs: Sequence[Job]) -> dict[str, Job]:
    named = {job.name: job for job in jobs}
    if len(named) < len(jobs):
        raise ValueError("two jobs of one name")
    return named


async def _in_own_context(job: Job) -> object:
    clear_contextvars()
    bind_contextvars(job=job.name)
    return await job.run()


def _outcome(task: asyncio.Task[object]) -> str:
    if task.cancelled():
        return "cancelled"
    return "failed" if task.exception() else "finished"


async def _first_of(waits: Sequence[Awaitable[object]]) -> None:
    """Wait for the first of several, and leave none of the others behind."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
