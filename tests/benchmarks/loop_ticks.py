"""A callback of the event loop that is due every few milliseconds: what it takes, and how late it comes."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

EVERY_S: Final = 0.005
#: What a callback works at: as much as a small answer over HTTP takes to write.
_WORK: Final = {f"field {number}": ["some", "words", number / 7] for number in range(40)}


class Ticks(NamedTuple):
    """What each callback took of its thread, and how late it came, in ms."""

    cpu: list[float]
    late: list[float]


async def ticked(ticks: Ticks, for_s: float) -> None:
    """Call back every EVERY_S for so long, and note each."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    ends = loop.time() + for_s

    def tick(due: float) -> None:
        late_s = loop.time() - due
        begun = time.thread_time()
        json.dumps(_WORK)
        ticks.cpu.append((time.thread_time() - begun) * 1000)
        ticks.late.append(late_s * 1000)
        due = max(due + EVERY_S, loop.time())
        if due < ends:
            loop.call_at(due, tick, due)
        else:
            done.set_result(None)

    loop.call_at(loop.time() + EVERY_S, tick, loop.time() + EVERY_S)
    await done


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that such a share lies below."""
    return sorted(values)[int(len(values) * share)]
