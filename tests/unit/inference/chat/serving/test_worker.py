from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

pytest.importorskip("onnx")
pytest.importorskip("torch")

from daemon.errors import InvalidInput, Unavailable
from daemon.inference.chat.beam_search import BeamSearch
from daemon.inference.chat.serving.worker import LONGEST, DecodingWorker
from daemon.inference.executor import ThreadOffload
from tests.unit.inference.chat.serving.models import Failing, Gated, search, sources, steps

LONG = 60.0


@pytest.fixture(scope="module")
def first() -> BeamSearch:
    return search(steps(seed=1))


@pytest.fixture(scope="module")
def second() -> BeamSearch:
    return search(steps(seed=2))


@pytest.fixture
async def offload() -> AsyncIterator[ThreadOffload]:
    offload = ThreadOffload(threads=1, queue=2)
    yield offload
    await offload.close(10)


@pytest.fixture
async def gated(first: BeamSearch) -> AsyncIterator[Gated]:
    gated = Gated(first.steps)  # type: ignore[arg-type] # of this file's own making
    yield gated
    gated.opened.set()


async def entered(gated: Gated) -> None:
    await asyncio.get_running_loop().run_in_executor(None, gated.entered.wait, 20)


async def test_fifty_callers_at_once_each_get_their_own(offload: ThreadOffload, first: BeamSearch) -> None:
    worker = DecodingWorker(offload, first)
    said = sources(50)
    found = await asyncio.gather(*(worker.reply(source, LONG) for source in said))
    assert found == [first.run([source])[0] for source in said]
    assert worker.held == 0


async def test_who_comes_while_it_decodes_is_joined(offload: ThreadOffload, first: BeamSearch, gated: Gated) -> None:
    worker = DecodingWorker(offload, search(gated, min_length=4))
    said, alone = sources(9), search(first.steps, min_length=4)
    replies = [asyncio.ensure_future(worker.reply(said[0], LONG))]
    await entered(gated)
    replies += [asyncio.ensure_future(worker.reply(source, LONG)) for source in said[1:]]
    await asyncio.sleep(0)
    gated.opened.set()
    assert await asyncio.gather(*replies) == [alone.run([source])[0] for source in said]
    assert gated.rows[0] == 1
    assert gated.rows[1] == 3 + 8


async def test_no_more_than_a_batch_is_under_way(offload: ThreadOffload, gated: Gated) -> None:
    worker = DecodingWorker(offload, search(gated), batch=4)
    gated.opened.set()
    await asyncio.gather(*(worker.reply(source, LONG) for source in sources(20)))
    assert max(gated.rows) <= 4 * 3


async def test_a_full_queue_says_busy_and_goes_on(offload: ThreadOffload, gated: Gated) -> None:
    worker = DecodingWorker(offload, search(gated), queue=3)
    said = sources(5)
    under_way = asyncio.ensure_future(worker.reply(said[0], LONG))
    await entered(gated)
    waiting = [asyncio.ensure_future(worker.reply(source, LONG)) for source in said[1:4]]
    await asyncio.sleep(0)
    assert worker.held == 4
    with capture_logs() as logs, pytest.raises(Unavailable, match="busy"):
        await worker.reply(said[4], LONG)
    assert logs == [{"event": "decoding.rejected", "log_level": "warning", "waiting": 3}]
    gated.opened.set()
    assert all(await asyncio.gather(under_way, *waiting))
    assert await worker.reply(said[4], LONG)


async def test_a_thread_that_cannot_be_had_is_busy_too(first: BeamSearch) -> None:
    offload = ThreadOffload(threads=1, queue=1)
    await offload.close(1)
    with pytest.raises(Unavailable, match="stopping"):
        await DecodingWorker(offload, first).reply([5], LONG)


async def test_at_the_deadline_the_best_so_far_is_taken(offload: ThreadOffload, gated: Gated) -> None:
    now = [0.0]
    worker = DecodingWorker(offload, search(gated, min_length=11), clock=lambda: now[0])
    reply = asyncio.ensure_future(worker.reply([5, 6], LONG))
    await entered(gated)
    now[0] = LONG + 1
    gated.opened.set()
    found = await reply
    assert [(one.ended, len(one.tokens)) for one in found] == [("stopped", 1)]


async def test_a_reply_that_never_begins_in_time_is_none(offload: ThreadOffload, gated: Gated) -> None:
    worker = DecodingWorker(offload, search(gated))
    asking = asyncio.ensure_future(worker.reply([5], LONG))
    await entered(gated)
    assert await worker.reply([6], 0.01) == []
    assert worker.held == 1
    gated.opened.set()
    assert await asking


async def test_a_caller_that_gives_up_leaves_room_and_harms_nobody(
    offload: ThreadOffload, first: BeamSearch, gated: Gated
) -> None:
    worker = DecodingWorker(offload, search(gated, min_length=4), queue=1)
    gone = asyncio.ensure_future(worker.reply([5, 6, 7], LONG))
    await entered(gated)
    waits = asyncio.ensure_future(worker.reply([8], LONG))
    await asyncio.sleep(0)
    for task in (waits, gone):
        task.cancel()
    await asyncio.wait([waits, gone])
    stays = asyncio.ensure_future(worker.reply([9, 10], LONG))
    await asyncio.sleep(0)
    gated.opened.set()
    assert await stays == search(first.steps, min_length=4).run([[9, 10]])[0]
    # after its first step nothing is asked for whoever is gone
    assert max(gated.rows) <= 3
    assert worker.held == 0


async def test_a_swap_under_load_drops_no_reply(
    offload: ThreadOffload, first: BeamSearch, second: BeamSearch, gated: Gated
) -> None:
    worker = DecodingWorker(offload, search(gated))
    said = sources(12)
    before = [asyncio.ensure_future(worker.reply(source, LONG)) for source in said]
    await entered(gated)
    worker.swap(second)
    after = [asyncio.ensure_future(worker.reply(source, LONG)) for source in said]
    old = asyncio.ensure_future(worker.reply([5], LONG, search=first))
    await asyncio.sleep(0)
    gated.opened.set()
    assert await asyncio.gather(*before) == [first.run([source])[0] for source in said]
    assert await asyncio.gather(*after) == [second.run([source])[0] for source in said]
    assert await old == first.run([[5]])[0]


async def test_closing_in_the_middle_of_a_decode_ends_it(offload: ThreadOffload, gated: Gated) -> None:
    worker = DecodingWorker(offload, search(gated, min_length=11))
    replies = [asyncio.ensure_future(worker.reply(source, LONG)) for source in sources(20)]
    await entered(gated)
    assert await worker.close(0.01) is False
    outcomes = await asyncio.gather(*replies, return_exceptions=True)
    assert all(isinstance(outcome, Unavailable) and "stopping" in str(outcome) for outcome in outcomes)
    with pytest.raises(Unavailable, match="stopping"):
        await worker.reply([5], LONG)
    gated.opened.set()
    assert await worker.close(20) is True
    assert len(gated.rows) == 1
    assert worker.held == 0


async def test_closing_what_never_began_is_done_at_once(offload: ThreadOffload, first: BeamSearch) -> None:
    assert await DecodingWorker(offload, first).close(0) is True


async def test_an_executor_that_shuts_tells_who_waits_for_it(first: BeamSearch, gated: Gated) -> None:
    offload = ThreadOffload(threads=1, queue=2)
    holds = asyncio.ensure_future(offload.run(lambda: gated.opened.wait(20), what="other"))
    await asyncio.sleep(0)
    waits = asyncio.ensure_future(DecodingWorker(offload, first).reply([5], LONG))
    for _ in range(3):
        await asyncio.sleep(0)
    await offload.close(0.01)
    with pytest.raises(Unavailable, match="stopping"):
        await waits
    gated.opened.set()
    await holds


async def test_a_model_that_fails_fails_its_requests_and_nothing_else(
    offload: ThreadOffload, first: BeamSearch
) -> None:
    worker = DecodingWorker(offload, search(Failing(first.steps)))  # type: ignore[arg-type] # of this file's own making
    with capture_logs() as logs:
        outcomes = await asyncio.gather(*(worker.reply(source, LONG) for source in sources(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    assert {log["event"] for log in logs} == {"decoding.failed"}
    worker.swap(first)
    assert await worker.reply([5], LONG) == first.run([[5]])[0]


@pytest.mark.parametrize("tokens", [[], [-1], [90], [5] * (LONGEST + 1), [2**70]])
async def test_a_source_that_cannot_be_read_is_refused_alone(
    offload: ThreadOffload, first: BeamSearch, tokens: list[int]
) -> None:
    worker = DecodingWorker(offload, first)
    good = asyncio.ensure_future(worker.reply([5], LONG))
    with pytest.raises(InvalidInput, match="token"):
        await worker.reply(tokens, LONG)
    assert await good == first.run([[5]])[0]


async def test_the_loop_goes_on_while_it_decodes(offload: ThreadOffload, gated: Gated) -> None:
    reply = asyncio.ensure_future(DecodingWorker(offload, search(gated)).reply([5], LONG))
    await entered(gated)
    turns = 0
    for _ in range(1000):
        await asyncio.sleep(0)
        turns += not reply.done()
    assert turns == 1000
    gated.opened.set()
    assert await reply
