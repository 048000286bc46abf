import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from daemon.adapters.memory import FakeClock
from daemon.jobs.scheduler import Job, Scheduler


class Work:
    """A job's work that notes when it ran, and lasts or fails as told."""

    def __init__(self, clock: FakeClock, lasts_s: float = 0.0, error: Exception | None = None) -> None:
        self.clock, self.lasts_s, self.error = clock, lasts_s, error
        self.began: list[float] = []
        self.ended: list[float] = []
        self.cancelled = 0
        self.at_once = 0
        self.most_at_once = 0

    async def __call__(self) -> None:
        self.began.append(self.clock.monotonic() - 1000)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.clock.sleep(self.lasts_s)
            if self.error:
                raise self.error
            self.ended.append(self.clock.monotonic() - 1000)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.at_once -= 1


def job(run: Work, every_s: float | None = 10.0, deadline_s: float = 100.0, **more: object) -> Job:
    every: Callable[[], float] | None = None if every_s is None else lambda: every_s
    return Job(name="work", run=run, every_s=every, deadline_s=lambda: deadline_s, **more)  # type: ignore[arg-type]


@asynccontextmanager
async def running(clock: FakeClock, jobs: Sequence[Job], **more: object) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(jobs, clock, **more)  # type: ignore[arg-type]
    task = asyncio.create_task(scheduler.run())
    await clock.run(0)
    try:
        yield scheduler
        assert not task.done(), task
    finally:
        scheduler.abort()
        await task


async def test_a_job_runs_at_its_interval() -> None:
    clock = FakeClock()
    work = Work(clock)

    async with running(clock, [job(work)]):
        await clock.run(35)

    assert work.began == [10, 20, 30]


async def test_a_job_may_run_first_at_another_time() -> None:
    clock = FakeClock()
    work = Work(clock)

    async with running(clock, [job(work, first_s=0.0)]):
        await clock.run(25)

    assert work.began == [0, 10, 20]


async def test_the_time_that_a_run_takes_does_not_shift_the_next() -> None:
    clock = FakeClock()
    work = Work(clock, lasts_s=4)

    async with running(clock, [job(work)]):
        await clock.run(35)

    assert work.began == [10, 20, 30]


async def test_a_job_never_overlaps_itself_and_missed_runs_become_one() -> None:
    clock = FakeClock()
    work = Work(clock, lasts_s=35)
    seen: list[tuple[str, str, float]] = []

    with capture_logs() as logs:
        async with running(clock, [job(work)], observe=lambda *run: seen.append(run)):
            await clock.run(90)

    assert work.began == [10, 45, 80]
    assert work.most_at_once == 1
    assert [run for run in seen if run[1] == "missed"] == [("work", "missed", 25), ("work", "missed", 25)]
    assert {entry["event"] for entry in logs} == {"job.coalesced", "job.cancelled"}


async def test_jobs_do_not_wait_for_each_other() -> None:
    clock = FakeClock()
    slow, quick = Work(clock, lasts_s=1000), Work(clock)
    other = Job(name="other", run=quick, every_s=lambda: 10, deadline_s=lambda: 5)

    async with running(clock, [job(slow, deadline_s=5000), other]):
        await clock.run(45)

    assert quick.began == [10, 20, 30, 40]


async def test_a_run_is_cancelled_at_its_deadline_and_the_next_one_comes() -> None:
    clock = FakeClock()
    work = Work(clock, lasts_s=50)
    seen: list[tuple[str, str, float]] = []

    with capture_logs() as logs:
        async with running(clock, [job(work, deadline_s=5)], observe=lambda *run: seen.append(run)):
            await clock.run(29)

    assert work.began == [10, 20]
    assert work.cancelled == 2
    assert seen == [("work", "timed_out", 5), ("work", "timed_out", 5)]
    assert [entry["event"] for entry in logs] == ["job.timed_out", "job.timed_out"]
    assert logs[0]["log_level"] == "error"


async def test_a_run_that_fails_is_logged_with_its_error_and_ends_nothing() -> None:
    clock = FakeClock()
    work = Work(clock, error=ValueError("no such shop"))
    seen: list[str] = []

    with capture_logs() as logs:
        async with running(clock, [job(work)], observe=lambda _job, outcome, _s: seen.append(outcome)):
            await clock.run(25)

    assert work.began == [10, 20]
    assert seen == ["failed", "failed"]
    assert logs[0]["event"] == "job.failed"
    assert str(logs[0]["exc_info"]) == "no such shop"


async def test_a_run_that_waits_for_what_only_it_knows_outlives_the_garbage_collector() -> None:
    clock = FakeClock()
    came: list[str] = []

    async def run() -> None:
        nobody_else_knows_it: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with pytest.raises(asyncio.CancelledError):
            await nobody_else_knows_it
        came.append("to its deadline")
        raise asyncio.CancelledError

    async with running(clock, [Job(name="work", run=run, every_s=lambda: 10, deadline_s=lambda: 5)]):
        await clock.run(12)
        gc.collect()
        await clock.run(10)

    assert came[:1] == ["to its deadline"]


async def test_a_run_that_cancels_itself_ends_nothing() -> None:
    clock = FakeClock()
    runs: list[float] = []

    async def give_up() -> None:
        runs.append(clock.monotonic())
        raise asyncio.CancelledError

    async with running(clock, [Job(name="work", run=give_up, every_s=lambda: 10, deadline_s=lambda: 5)]):
        await clock.run(25)

    assert len(runs) == 2


async def test_a_woken_job_runs_at_once_and_counts_its_interval_from_then() -> None:
    clock = FakeClock()
    work, wake = Work(clock), asyncio.Event()

    async with running(clock, [job(work, wake=wake)]):
        await clock.run(13)
        wake.set()
        await clock.run(20)

    assert work.began == [10, 13, 23, 33]


async def test_waking_during_a_run_causes_exactly_one_more() -> None:
    clock = FakeClock()
    work, wake = Work(clock, lasts_s=5), asyncio.Event()

    async with running(clock, [job(work, every_s=None, wake=wake)]):
        wake.set()
        await clock.run(1)
        wake.set()
        wake.set()
        await clock.run(100)

    assert work.began == [0, 5]


async def test_jitter_moves_runs_within_its_share_of_the_interval() -> None:
    clock = FakeClock()
    work = Work(clock)

    async with running(clock, [job(work, every_s=100, jitter=0.1)]):
        await clock.run(5000)

    waits = [after - before for before, after in zip(work.began, work.began[1:], strict=False)]
    assert len(set(waits)) > 10
    assert 95 <= min(waits) <= max(waits) <= 105


async def test_the_wall_clock_may_jump_without_changing_intervals() -> None:
    clock = FakeClock()
    work = Work(clock)

    async with running(clock, [job(work)]):
        await clock.run(5)
        clock.set_wall(clock.now().replace(year=2031))
        await clock.run(30)

    assert work.began == [10, 20, 30]


async def test_stopping_lets_the_current_run_finish_and_begins_no_other() -> None:
    clock = FakeClock()
    work = Work(clock, lasts_s=5)
    scheduler = Scheduler([job(work)], clock)
    task = asyncio.create_task(scheduler.run())
    await clock.run(12)

    scheduler.stop()
    await clock.run(1)
    assert scheduler.running == ("work",)
    await clock.run(100)

    assert task.done()
    assert (work.began, work.ended) == ([10], [15])


async def test_stopping_breaks_off_what_the_next_daemon_goes_on_with() -> None:
    clock = FakeClock()
    resumed, other = Work(clock, lasts_s=50), Work(clock, lasts_s=50)
    with capture_logs() as logs:
        async with running(clock, [job(resumed, resumed=True), replace(job(other), name="other")]) as scheduler:
            await clock.run(15)
            scheduler.stop()
            await clock.run(1)
            assert (resumed.cancelled, other.cancelled) == (1, 0)
            assert scheduler.running == ("other",)
    assert [entry["job"] for entry in logs if entry["event"] == "job.cancelled"] == ["other"]


async def test_aborting_cancels_the_current_run() -> None:
    clock = FakeClock()
    work = Work(clock, lasts_s=50)
    scheduler = Scheduler([job(work)], clock)
    task = asyncio.create_task(scheduler.run())
    await clock.run(12)

    scheduler.abort()
    await task

    assert work.cancelled == 1
    assert scheduler.running == ()


async def test_cancelling_the_scheduler_waits_until_its_runs_have_ended() -> None:
    clock = FakeClock()
    work = Work(clock, lasts_s=50)
    task = asyncio.create_task(Scheduler([job(work)], clock).run())
    await clock.run(12)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert work.at_once == 0


async def test_a_changed_list_takes_hold_at_once() -> None:
    clock = FakeClock()
    old, kept, new = Work(clock), Work(clock), Work(clock)
    every = {"kept": 1000.0}

    def named(name: str, run: Work) -> Job:
        return Job(name=name, run=run, every_s=lambda: every.get(name, 10.0), deadline_s=lambda: 5)

    async with running(clock, [named("old", old), named("kept", kept)]) as scheduler:
        await clock.run(15)
        every["kept"] = 20.0
        scheduler.assign([named("kept", kept), named("new", new)])
        await clock.run(30)

    assert old.began == [10]
    assert kept.began == [20, 40]
    assert new.began == [25, 35, 45]


async def test_a_job_left_out_finishes_its_run_and_may_come_back() -> None:
    clock = FakeClock()
    work = Work(clock, lasts_s=5)

    async with running(clock, [job(work)]) as scheduler:
        await clock.run(12)
        scheduler.assign([])
        await clock.run(30)
        assert work.ended == [15]
        scheduler.assign([job(work)])
        await clock.run(12)

    assert work.began == [10, 52]


def test_two_jobs_of_one_name_are_refused() -> None:
    clock = FakeClock()
    with pytest.raises(ValueError, match="two jobs of one name"):
        Scheduler([job(Work(clock)), job(Work(clock))], clock)


def test_a_job_without_interval_and_event_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an interval or an event"):
        job(Work(FakeClock()), every_s=None)
