"""Forgetting, beside others who write."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from daemon.adapters.sql import open_stores
from daemon.adapters.sql.forget import SLICE
from daemon.products.incidents import State
from tests.contract.makers import NOW, batch, evidence, incident, later, message


async def test_who_writes_waits_for_one_slice_and_not_for_all(path: Path) -> None:
    async with open_stores(path) as stores:
        old = [incident(f"p{n}", state=State.RECOVERED, ended_at=NOW) for n in range(4 * SLICE)]
        await stores.incidents.commit(batch(incidents=old))
        await stores.evidence.keep([evidence(f"https://a/{n}") for n in range(4 * SLICE)])

        for forgetting in (stores.incidents.forget(later(days=1)), stores.evidence.forget(later(days=1))):
            task = asyncio.ensure_future(forgetting)
            await asyncio.sleep(0)
            await stores.bot.begin(message())
            assert not task.done()
            assert await task == 4 * SLICE


async def test_what_was_forgotten_when_it_is_cancelled_stays_so_and_the_rest_is_whole(path: Path) -> None:
    async with open_stores(path) as stores:
        await stores.evidence.keep([evidence(f"https://a/{n}") for n in range(4 * SLICE)])
        task = asyncio.ensure_future(stores.evidence.forget(later(days=1)))
        await asyncio.sleep(0)
        await stores.bot.begin(message(seen_at=NOW - timedelta(days=1)))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        left = await stores.evidence.forget(later(days=1))
        assert 0 < left < 4 * SLICE
        assert left % SLICE == 0
