"""Forgetting, beside others who write."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from daemon.adapters.sql import open_stores
from daemon.adapters.sql.forget import SLICE
from daemon.adapters.sql.statements import Session, Statement
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


#: Tables that stay small: what people said by hand, and codes that live for minutes.
SMALL: Final = {"overrides", "silences", "binding_codes"}


async def test_what_is_old_is_found_without_reading_what_is_not(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: dict[str, list[str]] = {}

    def explained(session: Session, statement: Statement, values: dict[str, Any]) -> None:
        rows = session._connection.execute(f"EXPLAIN QUERY PLAN {statement.sql}", statement.bound(values))
        plans[statement.sql] = [str(row[3]) for row in rows]

    def run(session: Session, statement: Statement, **values: Any) -> int:
        explained(session, statement, values)
        return 0

    def read(session: Session, statement: Statement, **values: Any) -> list[Any]:
        explained(session, statement, values)
        return []

    async with open_stores(path) as stores:
        monkeypatch.setattr(Session, "run", run)
        monkeypatch.setattr(Session, "all", read)
        await stores.incidents.forget(NOW)
        await stores.catalogue.forget_edits(NOW)
        await stores.evidence.forget(NOW)
        await stores.bot.forget_messages(NOW)

    assert len(plans) == 11
    scanned = {step.split()[1] for steps in plans.values() for step in steps if step.startswith("SCAN")}
    assert scanned <= SMALL
    (incidents,) = [steps for sql, steps in plans.items() if sql.startswith("SELECT incidents.id")]
    assert "SEARCH incidents USING INDEX incidents_by_end (state=? AND ended_at<?)" in " ".join(incidents)
