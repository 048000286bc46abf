"""Whether the event loop notices that replies are decoded without pause in a thread beside it.

A callback of the loop that is due every 5 ms and does a little work is measured while 16 requests are always under
way, and while nothing is: in thread CPU time, which tells what it is charged, and in how late it comes, which tells
what else the machine does too. Both are measured in turns of a second.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from daemon.inference.chat.serving.onnx_steps import OnnxSteps
from daemon.inference.chat.serving.worker import DecodingWorker
from daemon.inference.executor import ThreadOffload
from tests.benchmarks.__main__ import versions
from tests.benchmarks.chat_network import SEED, SHAPE, graphs, search, sources
from tests.benchmarks.loop_ticks import Ticks, quantile, ticked

AREA: Final = "chat"
ROUNDS: Final = 8
ROUND_S: Final = 1.0
REQUESTS: Final = 16


async def rows() -> AsyncIterator[dict[str, Any]]:
    """Measure."""
    idle, busy = Ticks([], []), Ticks([], [])
    steps = OnnxSteps(graphs("int8"))
    gc.collect()
    gc.freeze()
    decoded = 0
    for _ in range(ROUNDS):
        await ticked(idle, ROUND_S)
        async with _decoding(steps) as replies:
            await ticked(busy, ROUND_S)
            decoded += replies()
    common = {"seed": SEED, "versions": versions("onnxruntime")}
    what = f"({decoded} replies of {SHAPE.parameters() / 1e6:.2f} M parameters meanwhile); peer: idle"
    for share, name in ((0.5, "median"), (0.99, "99th percentile")):
        ours, peer = quantile(busy.cpu, share), quantile(idle.cpu, share)
        goal, met = ("within 0.1 ms of idle", ours <= peer + 0.1) if share == 0.99 else ("reported", None)
        yield {
            "name": f"a callback of the loop while decoding without pause, {name} {what}", "ours": ours, "peer": peer,
            "ratio": ours / peer, "goal": goal, "met": met, "unit": "ms of thread CPU", **common,
        }  # fmt: skip
    for share, name in ((0.5, "median"), (0.99, "99th percentile")):
        ours, peer = quantile(busy.late, share), quantile(idle.late, share)
        yield {
            "name": f"how late it comes by the clock, {name}; peer: idle, in turns", "ours": ours, "peer": peer,
            "ratio": ours / peer, "goal": "reported", "met": None, "unit": "ms", **common,
        }  # fmt: skip


@asynccontextmanager
async def _decoding(steps: OnnxSteps) -> AsyncIterator[Callable[[], int]]:
    """Keep REQUESTS requests under way; give how many replies came so far."""
    offload = ThreadOffload(1, 8)
    worker = DecodingWorker(offload, search(steps), queue=2 * REQUESTS, batch=REQUESTS)
    replies = 0

    async def ask(source: Sequence[int]) -> None:
        nonlocal replies
        while True:
            reply = await worker.reply(source, 60.0)
            replies += len(reply) > 0

    asked = [asyncio.create_task(ask(source)) for source in sources(REQUESTS)]
    try:
        await asyncio.sleep(0.2)  # until all are under way
        yield lambda: replies
    finally:
        for task in asked:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*asked)
        await worker.close(5.0)
        await offload.close(5.0)
