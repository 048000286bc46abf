import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar

import pytest
from structlog.testing import capture_logs

from daemon.errors import Unavailable
from daemon.inference.executor import ThreadOffload

REQUEST: ContextVar[str] = ContextVar("REQUEST", default="none")


class Gate:
    """Work that holds its thread until it is opened, and counts how many do so at once."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.lock = threading.Lock()
        self.inside = 0
        self.most = 0
        self.ran = 0

    def __call__(self) -> str:
        with self.lock:
            self.inside += 1
            self.ran += 1
            self.most = max(self.most, self.inside)
        assert self.opened.wait(10)
        with self.lock:
            self.inside -= 1
        return threading.current_thread().name


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 a thread makes it true
            await asyncio.sleep(0.001)


async def test_work_runs_in_a_thread_of_the_pool_and_its_result_comes_back(gate: Gate) -> None:
    offload = ThreadOffload(1, 1)
    gate.opened.set()

    assert (await offload.run(gate, what="gate")).startswith("offload")

    assert await offload.close(5) == ()


async def test_an_error_of_the_work_is_raised_where_it_was_asked_for() -> None:
    offload = ThreadOffload(1, 1)

    with pytest.raises(ZeroDivisionError):
        await offload.run(lambda: 1 // 0, what="division")

    assert offload.held == 0
    await offload.close(5)


async def test_what_is_over_the_limit_is_refused_at_once_and_told(gate: Gate) -> None:
    offload = ThreadOffload(1, 1)
    held = [asyncio.create_task(offload.run(gate, what="gate")) for _ in range(2)]
    await until(lambda: offload.held == 2)

    with capture_logs() as logs, pytest.raises(Unavailable, match="decode: too much work"):
        await offload.run(gate, what="decode")

    assert [(entry["event"], entry["what"]) for entry in logs] == [("offload.rejected", "decode")]
    gate.opened.set()
    await asyncio.gather(*held)
    await until(lambda: offload.held == 0)
    assert gate.ran == 2
    await offload.close(5)


async def test_giving_up_does_not_free_the_slot_before_the_thread_is_done(gate: Gate) -> None:
    offload = ThreadOffload(1, 0)

    for _ in range(4):
        task = asyncio.create_task(offload.run(gate, what="gate"))
        await asyncio.sleep(0.002)
        task.cancel()
        with pytest.raises((asyncio.CancelledError, Unavailable)):
            await task

    assert offload.held == 1
    gate.opened.set()
    await until(lambda: offload.held == 0)
    assert (gate.ran, gate.most) == (1, 1)
    await offload.close(5)


async def test_giving_up_on_waiting_work_frees_its_slot_and_it_never_runs(gate: Gate) -> None:
    offload = ThreadOffload(1, 1)
    first = asyncio.create_task(offload.run(gate, what="first"))
    await until(lambda: gate.ran == 1)
    second = asyncio.create_task(offload.run(gate, what="second"))
    await until(lambda: offload.held == 2)

    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    await until(lambda: offload.held == 1)

    gate.opened.set()
    await first
    await offload.close(5)
    assert gate.ran == 1


async def test_the_context_of_the_caller_goes_along() -> None:
    offload = ThreadOffload(1, 1)
    REQUEST.set("request 7")

    assert await offload.run(REQUEST.get, what="context") == "request 7"

    await offload.close(5)


async def test_closing_drops_what_waits_and_names_what_still_runs(gate: Gate) -> None:
    offload = ThreadOffload(1, 1)
    running = asyncio.create_task(offload.run(gate, what="decode"))
    await until(lambda: gate.ran == 1)
    waiting = asyncio.create_task(offload.run(gate, what="hash"))
    await until(lambda: offload.held == 2)

    with capture_logs() as logs:
        left = await offload.close(0.01)

    assert left == ("decode",)
    assert logs == [{"event": "offload.abandoned", "log_level": "warning", "what": ("decode",)}]
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(Unavailable, match="stopping"):
        await offload.run(gate, what="late")
    gate.opened.set()
    await running


async def test_closing_waits_for_what_runs(gate: Gate) -> None:
    offload = ThreadOffload(1, 1)
    running = asyncio.create_task(offload.run(gate, what="decode"))
    await until(lambda: gate.ran == 1)

    asyncio.get_running_loop().call_later(0.005, gate.opened.set)

    assert await offload.close(5) == ()
    await running
